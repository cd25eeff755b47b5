// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/fail_wait.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
#include <rill/instrument.hpp>
#include <rill/loop.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace rill::RILL_FORM::testing {

/// While it lives, the n-th wait of a loop's tasks from there on fails: it ends with
/// operation_aborted, though nobody has cancelled the task. What waits for a socket can meet such
/// an error at any time; what waits for a lock or queue meets it when that is destroyed.
///
///     for (std::size_t n = 1;; ++n) {
///         testing::fail_nth_wait failing(n);
///         ...
///         if (!failing.happened())
///             break;
///     }
///
/// Counted are waits for operations of Rill's that are not over when their task suspends: yields,
/// locks that are free and operations of Asio's are none. A wait that no cancellation would reach,
/// a task group's for its children say, is not counted either.
class fail_nth_wait {
public:
    /// Counted from 1.
    fail_nth_wait(const asio::any_io_executor& ex, std::size_t n);

    explicit fail_nth_wait(std::size_t n) ///< On the loop that this thread runs.
        : fail_nth_wait(this_loop().get_executor(), n)
    {}

    /// Whether that wait has come.
    bool happened() const noexcept;

private:
    class counter;

    std::shared_ptr<counter> counter_;
    instrumented attached_;
};

// Implementation

/// A step of a task that ends in a wait has begun that wait: the one before is what it came from.
class fail_nth_wait::counter final : public instrument {
public:
    explicit counter(std::size_t n)
        : left_(n)
    {
        running_.emplace_back(extend::current.task); // the step that this is made in
    }

    bool happened() const noexcept { return left_ == 0; }

    void before_step(const task_ref* t) override
    {
        running_.emplace_back(t ? &extend::task_access::data(*t) : nullptr);
    }

    void after_step() override
    {
        if (running_.empty()) // of a step around the one that this was made in
            return;
        const extend::task_mark last = running_.back();
        running_.pop_back();
        const extend::task_state* const task = last.task();
        if (left_ == 0 || !task || !simulation::can_fail(*task))
            return;
        if (--left_ == 0)
            simulation::fail_wait(*task);
    }

private:
    std::size_t left_;
    std::vector<extend::task_mark> running_; // steps within steps: the innermost is last
};

inline fail_nth_wait::fail_nth_wait(const asio::any_io_executor& ex, std::size_t n)
    : counter_(std::make_shared<counter>(n))
    , attached_(ex, counter_)
{}

inline bool fail_nth_wait::happened() const noexcept
{
    return counter_->happened();
}

} // namespace rill::RILL_FORM::testing
