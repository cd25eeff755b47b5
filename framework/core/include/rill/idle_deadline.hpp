// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/loop.hpp>
#include <rill/timeout.hpp>

namespace rill::RILL_FORM {

/// The deadline of a conversation, which ends after so much silence: a timeout that begins again with
/// each message. Mirrors a conn.SetDeadline per read of Go's; asyncio has none.
///
///     awaitable<void> talk(stream& peer, idle_deadline idle);
///
///     co_await timeout(forever, [&](timeout_scope& scope) {
///         return talk(peer, idle_deadline(scope, 60s));
///     });
///
/// One timeout around the whole conversation is moved on, and only when a part of the time has gone
/// by, which costs next to nothing: it ends after that silence, or up to 1/32 of it later. Copies move the same deadline; the scope must outlive them.
/// Thread safety: distinct objects safe, shared objects unsafe.
class idle_deadline {
public:
    /// The silence begins now, and may last `forever`.
    idle_deadline(timeout_scope& scope, duration silence);

    /// Something has happened: the silence begins again. If it was too long already, the next wait
    /// ends.
    void begin_again();

private:
    timeout_scope* scope_;
    duration silence_;
};

// Implementation

inline idle_deadline::idle_deadline(timeout_scope& scope, duration silence)
    : scope_(&scope)
    , silence_(silence)
{
    if (!scope_->expired())
        scope_->reschedule(detail::deadline_after(this_loop().time(), silence_));
}

inline void idle_deadline::begin_again()
{
    if (silence_ == forever || scope_->expired())
        return;
    const time_point earliest = this_loop().time() + silence_;
    if (scope_->when() < earliest)
        scope_->reschedule(earliest + silence_ / 32);
}

} // namespace rill::RILL_FORM
