// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
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

namespace rill::RILL_FORM {

namespace testing::simulation {

/// What a sequencer shares with its turns and those who wait for one.
class sequence {
public:
    explicit sequence(const asio::any_io_executor& ex)
        : executor_(ex)
    {}

    /// False if it was used before.
    bool use(std::size_t n) { return used_.insert(n).second; }

    bool broken() const noexcept { return broken_; }

    bool has_begun(std::size_t n) const noexcept { return n == next_; }

    event& beginning_of(std::size_t n)
    {
        return beginnings_.try_emplace(n, executor_).first->second;
    }

    void break_all() noexcept
    {
        broken_ = true;
        for (auto& [n, beginning] : beginnings_)
            beginning.set();
    }

    void begin_next() noexcept
    {
        ++next_;
        const auto waiting = beginnings_.find(next_);
        if (waiting != beginnings_.end())
            waiting->second.set();
    }

    /// The sequencer is gone: waits end with operation_aborted.
    void let_go() noexcept
    {
        broken_ = true;
        beginnings_.clear();
    }

private:
    asio::any_io_executor executor_;
    std::size_t next_ = 0; // the turn that has begun, or may begin
    bool broken_ = false;
    std::set<std::size_t> used_;
    std::map<std::size_t, event> beginnings_; // of turns that are waited for
};

} // namespace testing::simulation

namespace testing {

class sequencer;

/// The turn of a sequencer, until its end.
class [[nodiscard]] sequence_turn {
public:
    sequence_turn() = default; ///< No turn.

    void end() noexcept { sequence_.reset(); } ///< Now; nothing if it has ended.

private:
    friend sequencer;

    struct pass_on {
        void operator()(simulation::sequence* s) const noexcept { s->begin_next(); }

        std::shared_ptr<simulation::sequence> keep;
    };

    explicit sequence_turn(std::shared_ptr<simulation::sequence> s) noexcept
        : sequence_(s.get(), pass_on{s})
    {}

    std::unique_ptr<simulation::sequence, pass_on> sequence_;
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
        : sequence_(std::make_shared<simulation::sequence>(ex))
    {}

    sequencer() ///< On the loop that this thread runs.
        : sequencer(this_loop().get_executor())
    {}

    sequencer(const sequencer&) = delete;
    sequencer& operator=(const sequencer&) = delete;

    /// Waits that are left end with operation_aborted.
    ~sequencer() { sequence_->let_go(); }

    /// Returns once turn `n` begins; at once, without suspending, if it is its time.
    ///
    /// Errors: errc::broken. invalid_state, from the call itself, if the number was used before.
    /// Cancellation: terminal; it breaks the sequence. So does an awaitable that is dropped.
    awaitable<sequence_turn>
    turn(std::size_t n, std::source_location where = std::source_location::current());

    bool broken() const noexcept { return sequence_->broken(); }

private:
    using shared = std::shared_ptr<simulation::sequence>;

    /// A number that was used and has not had its turn.
    class claim {
    public:
        explicit claim(shared s) noexcept
            : sequence_(std::move(s))
        {}

        claim(claim&&) noexcept = default;

        ~claim()
        {
            if (sequence_)
                sequence_->break_all();
        }

        simulation::sequence* operator->() const noexcept { return sequence_.get(); }

        sequence_turn take() && noexcept { return sequence_turn(std::move(sequence_)); }

    private:
        shared sequence_;
    };

    static awaitable<sequence_turn> wait(claim mine, std::size_t n, std::source_location where);

    shared sequence_;
};

// Implementation

inline awaitable<sequence_turn> sequencer::turn(std::size_t n, std::source_location where)
{
    if (!sequence_->use(n))
        throw invalid_state(
            "rill::testing::sequencer: turn " + std::to_string(n) + " was taken before"
        );
    return wait(claim(sequence_), n, where);
}

inline awaitable<sequence_turn>
sequencer::wait(claim mine, std::size_t n, std::source_location where)
{
    if (!mine->broken() && !mine->has_begun(n))
        co_await mine->beginning_of(n).wait(where);
    if (mine->broken())
        throw system_error(errc::broken);
    co_return std::move(mine).take();
}

} // namespace testing

} // namespace rill::RILL_FORM
