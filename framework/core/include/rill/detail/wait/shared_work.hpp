// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/task.hpp>

#include <cstddef>
#include <source_location>
#include <string>
#include <utility>

namespace rill::RILL_FORM::detail {

/// A task that several wait for, and that ends when the last of them has left.
template <class T>
class shared_work {
public:
    shared_work() = default;
    shared_work(const shared_work&) = delete;
    shared_work& operator=(const shared_work&) = delete;

    template <class F>
    void start(
        const asio::any_io_executor& ex, F fn, const std::string& name, std::source_location where
    )
    {
        task_options options(name);
        options.eager(false); // whoever starts it joins it first
        task_ = create_task(ex, std::move(fn), std::move(options), where);
    }

    /// Nobody waits for it any more: it is being cancelled.
    bool abandoned() const noexcept { return abandoned_; }

    bool ended() const noexcept { return task_.done(); }

    std::size_t callers() const noexcept { return callers_; }

    /// Returns once it has ended. A caller that is cancelled leaves, the last one cancels the work.
    awaitable<void> join()
    {
        const caller me(*this);
        co_await end();
    }

    /// The same without being a caller.
    awaitable<void> end()
    {
        if (task_.done())
            co_return;
        auto wait = handle_access::wait_for_end(task_);
        co_await std::move(wait);
    }

    /// To each who asks, its copy of the result, or the error.
    T result() const { return take_result(task_, false); }

    void cancel()
    {
        abandoned_ = true;
        task_.cancel();
    }

private:
    class caller {
    public:
        explicit caller(shared_work& work) noexcept
            : work_(work)
        {
            ++work_.callers_;
        }

        ~caller()
        {
            if (--work_.callers_ == 0 && !work_.task_.done())
                work_.cancel();
        }

        caller(const caller&) = delete;
        caller& operator=(const caller&) = delete;

    private:
        shared_work& work_;
    };

    task<T> task_;
    std::size_t callers_ = 0;
    bool abandoned_ = false;
};

} // namespace rill::RILL_FORM::detail
