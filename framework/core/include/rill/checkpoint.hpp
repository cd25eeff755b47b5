// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cancel_scope.hpp> // throw_if_cancelled, the other half of a checkpoint
#include <rill/detail/form.hpp>
#include <rill/shield.hpp>
#include <rill/sleep.hpp>

#include <optional>

namespace rill::RILL_FORM {

// A checkpoint is a point where the others get their turn, and where a cancellation shows: every
// wait of Rill's, and yield(). For code that wants one half of it, there are throw_if_cancelled(),
// which never waits, and shielded_yield().

namespace detail {

/// What shielded_yield() gives: a shield from its making to the end of the wait, since a coroutine
/// that is cancelled can await nothing without one.
class [[nodiscard]] shielded_yield_operation : public yield_operation {
public:
    explicit shielded_yield_operation(const thread_position& here)
        : yield_operation(here.loop)
    {
        if (here.task)
            shield_.emplace();
    }

private:
    std::optional<shield_scope> shield_;
};

} // namespace detail

/// Lets every other task that is ready run first, and is no point of cancellation: one that is due,
/// or comes meanwhile, shows at the next wait. Mirrors trio.lowlevel.cancel_shielded_checkpoint.
///
/// It is to be awaited at once: `co_await rill::shielded_yield()`. In a coroutine that is no task
/// it is a yield.
inline detail::shielded_yield_operation shielded_yield()
{
    return detail::shielded_yield_operation(detail::current);
}

} // namespace rill::RILL_FORM
