// SPDX-License-Identifier: BSL-1.0
//
// What waits for time, tasks, signals and other threads, with every completion token. An operation
// joins by an entry in the list at the end.
#include <support/every_token.hpp>

#include <rill/delay_queue.hpp>
#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/rate_limiter.hpp>
#include <rill/run_on.hpp>
#include <rill/shared_state.hpp>
#include <rill/signals.hpp>
#include <rill/sleep.hpp>
#include <rill/testing/manual_clock.hpp>

#include <signal.h>

#include <array>
#include <utility>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// An io_context whose time stands still until an hour passes at once.
class hour {
public:
    explicit hour(asio::io_context& io)
        : core_(rill::detail::loop_core::of(io))
    {
        core_.set_clock(&clock_);
    }

    ~hour() { core_.set_clock(nullptr); }

    hour(const hour&) = delete;
    hour& operator=(const hour&) = delete;

    rill::time_point end() const { return end_; }

    void pass()
    {
        clock_.move_to(end_);
        core_.fire_due();
    }

private:
    rill::testing::manual_clock clock_;
    rill::detail::loop_core& core_;
    rill::time_point end_ = clock_.now() + 1h;
};

struct sleep_for {
    static constexpr const char* name = "sleep.hpp async_sleep";
    static constexpr bool never_at_once = true;
    asio::io_context& io;
    hour time{io};

    explicit sleep_for(asio::io_context& context)
        : io(context)
    {}

    auto start(auto&& token)
    {
        return rill::async_sleep(io.get_executor(), 1h, std::forward<decltype(token)>(token));
    }

    void finish() { time.pass(); }
};

struct sleep_until {
    static constexpr const char* name = "sleep.hpp async_sleep_until";
    asio::io_context& io;
    hour time{io};

    explicit sleep_until(asio::io_context& context)
        : io(context)
    {}

    auto start(auto&& token)
    {
        return rill::async_sleep_until(
            io.get_executor(), time.end(), std::forward<decltype(token)>(token)
        );
    }

    void finish() { time.pass(); }
};

struct limited_rate {
    static constexpr const char* name = "rate_limiter.hpp async_acquire";
    hour time;
    rill::rate_limiter limiter;

    explicit limited_rate(asio::io_context& io)
        : time(io)
        , limiter(io.get_executor(), 1, 1h, 1)
    {
        limiter.try_acquire();
    }

    auto start(auto&& token)
    {
        return limiter.async_acquire(1, std::forward<decltype(token)>(token));
    }

    void finish() { time.pass(); }
};

struct delayed_get {
    static constexpr const char* name = "delay_queue.hpp async_get";
    hour time;
    rill::delay_queue<int> queue;

    explicit delayed_get(asio::io_context& io)
        : time(io)
        , queue(io.get_executor())
    {
        queue.try_put(1, 1h);
    }

    auto start(auto&& token) { return queue.async_get(std::forward<decltype(token)>(token)); }

    void finish() { time.pass(); }
};

struct full_delay_queue {
    rill::delay_queue<int> queue;

    explicit full_delay_queue(asio::io_context& io)
        : queue(io.get_executor(), 1)
    {
        queue.try_put(0, 0s);
    }

    void finish() { queue.try_get(); }
};

struct delayed_put : full_delay_queue {
    static constexpr const char* name = "delay_queue.hpp async_put";
    using full_delay_queue::full_delay_queue;

    auto start(auto&& token)
    {
        return queue.async_put(1, 1h, std::forward<decltype(token)>(token));
    }
};

struct delayed_put_at : full_delay_queue {
    static constexpr const char* name = "delay_queue.hpp async_put_at";
    using full_delay_queue::full_delay_queue;

    auto start(auto&& token)
    {
        return queue.async_put_at(1, rill::never, std::forward<decltype(token)>(token));
    }
};

struct future_wait {
    static constexpr const char* name = "outcome_handle.hpp async_wait";
    rill::future<int> future;

    explicit future_wait(asio::io_context& io)
        : future(io.get_executor())
    {}

    auto start(auto&& token) { return future.async_wait(std::forward<decltype(token)>(token)); }

    void finish() { future.set_result(1); }
};

struct task_wait {
    static constexpr const char* name = "outcome_handle.hpp async_wait";
    static constexpr bool never_at_once = true; // the task's end takes turns of its own
    rill::event end;
    rill::task<void> task;

    explicit task_wait(asio::io_context& io)
        : end(io.get_executor())
        , task(rill::create_task(io.get_executor(), end.wait()))
    {}

    auto start(auto&& token) { return task.async_wait(std::forward<decltype(token)>(token)); }

    void finish() { end.set(); }
};

struct next_signal {
    static constexpr const char* name = "signals.hpp async_next";
    static constexpr bool never_at_once = true;
    static constexpr std::array numbers{SIGUSR2};
    rill::signals signals;

    explicit next_signal(asio::io_context& io)
        : signals(io.get_executor(), numbers)
    {}

    auto start(auto&& token) { return signals.async_next(std::forward<decltype(token)>(token)); }

    void finish() { ::raise(SIGUSR2); }
};

struct visit_shared_state {
    static constexpr const char* name = "shared_state.hpp async_with";
    static constexpr bool never_at_once = true; // the value lives on a strand elsewhere
    asio::io_context elsewhere;
    rill::shared_state<int> value{elsewhere.get_executor(), 1};

    explicit visit_shared_state(asio::io_context&) {}

    auto start(auto&& token)
    {
        return value.async_with([](int& v) { return v; }, std::forward<decltype(token)>(token));
    }

    void finish() {}

    void turn()
    {
        elsewhere.restart();
        elsewhere.poll();
    }
};

struct run_elsewhere {
    static constexpr const char* name = "run_on.hpp async_run_on";
    static constexpr bool never_at_once = true; // another loop has to run
    asio::io_context elsewhere;
    rill::event go{elsewhere.get_executor()};

    explicit run_elsewhere(asio::io_context&) {}

    auto start(auto&& token)
    {
        const auto body = [this]() -> rill::awaitable<int> {
            co_await go.wait();
            co_return 1;
        };
        return rill::async_run_on(elsewhere, body, std::forward<decltype(token)>(token));
    }

    void finish() { go.set(); }

    void turn()
    {
        elsewhere.restart();
        elsewhere.poll();
    }
};

TEST_CASE_TEMPLATE(
    "every token: time, tasks, signals and other threads",
    Op,
    sleep_for,
    sleep_until,
    limited_rate,
    delayed_get,
    delayed_put,
    delayed_put_at,
    future_wait,
    task_wait,
    next_signal,
    visit_shared_state,
    run_elsewhere
)
{
    test::every_token<Op>();
}

} // namespace
