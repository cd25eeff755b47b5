// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/error.hpp>
#include <rill/event.hpp>
#include <rill/loop.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <source_location>
#include <string>
#include <utility>

namespace rill::RILL_FORM::testing {

class sequencer;

/// The turn of a sequencer, until its end.
class [[nodiscard]] sequence_turn {
public:
    sequence_turn() = default; ///< No turn.

    void end() noexcept { sequencer_.reset(); } ///< Now; nothing if it has ended.

private:
    friend sequencer;

    struct pass_on {
        void operator()(sequencer* s) const noexcept;
    };

    explicit sequence_turn(sequencer& s) noexcept
        : sequencer_(&s)
    {}

    std::unique_ptr<sequencer, pass_on> sequencer_;
};

/// Runs blocks of several tasks in the order of their numbers, from 0. Mirrors trio's Sequencer.
///
///     {
///         const auto turn = co_await sequence.turn(3); // once the block of turn 2 has ended
///         ...
///     } // turn 4 begins
///
/// A number is used once. A turn that is cancelled before it begins breaks the sequence: what waits
/// for later ones, and all who come, end with errc::broken, so that no test hangs on it.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class sequencer {
public:
    explicit sequencer(const asio::any_io_executor& ex)
        : executor_(ex)
    {}

    sequencer() ///< On the loop that this thread runs.
        : sequencer(this_loop().get_executor())
    {}

    sequencer(const sequencer&) = delete;
    sequencer& operator=(const sequencer&) = delete;

    /// Returns once turn `n` begins; at once, without suspending, if it is its time. The sequencer
    /// must outlive the turn and the wait for it.
    ///
    /// Errors: errc::broken. invalid_state, from the call itself, if the number was used before.
    /// Cancellation: terminal; it breaks the sequence. So does an awaitable that is dropped.
    awaitable<sequence_turn>
    turn(std::size_t n, std::source_location where = std::source_location::current());

    bool broken() const noexcept { return broken_; }

private:
    friend sequence_turn;

    struct break_off {
        void operator()(sequencer* s) const noexcept { s->break_all(); }
    };

    /// A number that was used and has not had its turn.
    using claim = std::unique_ptr<sequencer, break_off>;

    static awaitable<sequence_turn> wait(claim mine, std::size_t n, std::source_location where);

    event& beginning_of(std::size_t n)
    {
        return beginnings_.try_emplace(n, executor_).first->second;
    }

    void break_all() noexcept;
    void begin_next() noexcept;

    asio::any_io_executor executor_;
    std::size_t next_ = 0; // the turn that has begun, or may begin
    bool broken_ = false;
    std::set<std::size_t> used_;
    std::map<std::size_t, event> beginnings_; // of turns that are waited for
};

// Implementation

inline awaitable<sequence_turn> sequencer::turn(std::size_t n, std::source_location where)
{
    if (!used_.insert(n).second)
        throw invalid_state(
            "rill::testing::sequencer: turn " + std::to_string(n) + " was taken before"
        );
    return wait(claim(this), n, where);
}

inline awaitable<sequence_turn>
sequencer::wait(claim mine, std::size_t n, std::source_location where)
{
    if (!mine->broken_ && n != mine->next_)
        co_await mine->beginning_of(n).wait(where);
    if (mine->broken_)
        throw system_error(errc::broken);
    co_return sequence_turn(*mine.release());
}

inline void sequencer::break_all() noexcept
{
    broken_ = true;
    for (auto& [n, beginning] : beginnings_)
        beginning.set();
}

inline void sequencer::begin_next() noexcept
{
    ++next_;
    const auto waiting = beginnings_.find(next_);
    if (waiting != beginnings_.end())
        waiting->second.set();
}

inline void sequence_turn::pass_on::operator()(sequencer* s) const noexcept
{
    s->begin_next();
}

} // namespace rill::RILL_FORM::testing
