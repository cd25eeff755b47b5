// SPDX-License-Identifier: BSL-1.0
//
// The core in programs that run their own io_context: plain co_spawn, any completion token,
// executors and allocators of the program's own.
#include <support/failure_of.hpp>
#include <support/loop.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/cleanup.hpp>
#include <rill/detail/wait/wait_operation.hpp>
#include <rill/event.hpp>
#include <rill/introspect.hpp>
#include <rill/loop.hpp>
#include <rill/queue.hpp>
#include <rill/shared_state.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <pthread.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

/// Starts `body` as existing programs do, runs the io_context until it has nothing to do, and
/// rethrows what left the coroutine.
void run_plain(asio::io_context& io, awaitable<void> body)
{
    std::exception_ptr error;
    bool ended = false;
    asio::co_spawn(io, std::move(body), [&](std::exception_ptr e) {
        error = e;
        ended = true;
    });
    io.run();
    REQUIRE(ended);
    if (error)
        std::rethrow_exception(error);
}

TEST_CASE("existing: a callback gets its event, and the io_context returns when all is done")
{
    asio::io_context io;
    rill::event event(io.get_executor());
    test::completion<> waiter;
    event.async_wait(waiter.handler());
    event.set();
    CHECK_FALSE(waiter.done());
    io.run();
    CHECK(waiter.calls() == 1);
    CHECK_FALSE(waiter.error());
}

TEST_CASE("existing: an operation that waits keeps the io_context running, as Asio's do")
{
    asio::io_context io;
    rill::event event(io.get_executor());
    test::completion<> waiter;
    event.async_wait(waiter.handler());
    io.poll();
    CHECK_FALSE(io.stopped());
    event.set();
    io.run();
    CHECK(waiter.done());
}

TEST_CASE("existing: a deadline that was cancelled does not hold the io_context up")
{
    asio::io_context io;
    run_plain(io, []() -> awaitable<void> { co_await rill::timeout(1h, rill::sleep(1ms)); }());
    rill::loop(io).call_later(1h, [] {}).cancel();
    io.restart();
    io.run(); // a hang is the failure
}

TEST_CASE("existing: every token, on a queue")
{
    asio::io_context io;
    rill::queue<int> q(io.get_executor());
    const auto put = [&](int v) { q.try_put(v); };

    SUBCASE("callback")
    {
        test::completion<int> got;
        q.async_get(got.handler());
        put(1);
        io.run();
        CHECK(got.value() == 1);
    }
    SUBCASE("use_future")
    {
        std::future<int> got = q.async_get(asio::use_future);
        put(2);
        io.run();
        CHECK(got.get() == 2);
    }
    SUBCASE("deferred, started later")
    {
        auto operation = q.async_get(asio::deferred);
        put(3);
        test::completion<int> got;
        std::move(operation)(got.handler());
        io.run();
        CHECK(got.value() == 3);
    }
    SUBCASE("awaited in a plain coroutine: deferred, use_awaitable, as_tuple")
    {
        for (const int v : {4, 5, 6})
            put(v);
        run_plain(io, [](rill::queue<int>& queue) -> awaitable<void> {
            CHECK(co_await queue.async_get(asio::deferred) == 4);
            CHECK(co_await queue.async_get(asio::use_awaitable) == 5);
            const auto [ec, v] = co_await queue.async_get(asio::as_tuple(asio::deferred));
            CHECK_FALSE(ec);
            CHECK(v == 6);
        }(q));
    }
    SUBCASE("the coroutine face in a plain coroutine")
    {
        asio::post(io, [&] { put(7); });
        run_plain(io, [](rill::queue<int>& queue) -> awaitable<void> {
            CHECK(co_await queue.get() == 7);
            co_await queue.put(8);
            CHECK(queue.size() == 1);
        }(q));
    }
    SUBCASE("a handler that ignores everything")
    {
        q.async_put(9, asio::detached);
        io.run();
        CHECK(q.size() == 1);
    }
}

TEST_CASE("existing: a cancellation slot ends a wait, and may die before or after it")
{
    asio::io_context io;
    rill::event event(io.get_executor());
    test::completion<> cancelled;
    test::completion<> set;
    asio::cancellation_signal signal;
    event.async_wait(asio::bind_cancellation_slot(signal.slot(), cancelled.handler()));
    {
        asio::cancellation_signal short_lived;
        event.async_wait(asio::bind_cancellation_slot(short_lived.slot(), set.handler()));
    }
    signal.emit(asio::cancellation_type::total);
    io.poll();
    CHECK(cancelled.error() == rill::condition::cancelled);
    CHECK_FALSE(set.done());
    event.set();
    io.run();
    CHECK_FALSE(set.error());
    signal.emit(asio::cancellation_type::total); // long over: nothing happens
}

TEST_CASE("existing: a handler with an executor of its own is called there")
{
    asio::io_context io;
    asio::thread_pool pool(1);
    rill::event event(io.get_executor());
    std::promise<std::thread::id> where;
    event.async_wait(asio::bind_executor(pool, [&](rill::error_code) {
        where.set_value(std::this_thread::get_id());
    }));
    event.set();
    io.run();
    CHECK(where.get_future().get() != std::this_thread::get_id());
    pool.join();
}

TEST_CASE("existing: a handler on a strand is called there")
{
    asio::io_context io;
    auto strand = asio::make_strand(io);
    rill::event event(io.get_executor());
    bool inside = false;
    event.async_wait(asio::bind_executor(strand, [&](rill::error_code) {
        inside = strand.running_in_this_thread();
    }));
    event.set();
    io.run();
    CHECK(inside);
}

template <class T>
struct counting_allocator {
    using value_type = T;

    explicit counting_allocator(int& n)
        : live(&n)
    {}

    template <class U>
    counting_allocator(const counting_allocator<U>& other)
        : live(other.live)
    {}

    T* allocate(std::size_t n)
    {
        ++*live;
        return std::allocator<T>().allocate(n);
    }

    void deallocate(T* p, std::size_t n)
    {
        --*live;
        std::allocator<T>().deallocate(p, n);
    }

    friend bool operator==(const counting_allocator&, const counting_allocator&) = default;

    int* live;
};

TEST_CASE("existing: the handler's allocator is used, and its memory is free when it is called")
{
    asio::io_context io;
    rill::event event(io.get_executor());
    int live = 0;
    int live_in_handler = -1;
    event.async_wait(asio::bind_allocator(counting_allocator<void>(live), [&](rill::error_code) {
        live_in_handler = live;
    }));
    CHECK(live == 1);
    event.set();
    io.run();
    CHECK(live_in_handler == 0);
}

TEST_CASE("existing: helpers work in a coroutine that is no task")
{
    asio::io_context io;
    std::string log;
    run_plain(io, [](std::string& l) -> awaitable<void> {
        CHECK_FALSE(rill::current_task());
        co_await rill::yield();
        co_await rill::sleep(1ms);
        try {
            co_await rill::timeout(1ms, rill::sleep(1h));
        } catch (const rill::timeout_error&) {
            l += "timeout ";
        }
        if (!co_await rill::move_on_after(1ms, rill::sleep(1h)))
            l += "moved on ";
        const int sum = co_await rill::with_task_group([](rill::task_group& g) -> awaitable<int> {
            auto a = g.create_task([]() -> awaitable<int> {
                co_await rill::yield();
                co_return 40;
            });
            co_return 2 + co_await a;
        });
        l += std::to_string(sum);
    }(log));
    CHECK(log == "timeout moved on 42");
}

/// Waits of several kinds, each of which has to come back to the strand.
awaitable<void> stay_on(asio::strand<asio::io_context::executor_type> strand, int& waits)
{
    const auto here = [&] {
        CHECK(strand.running_in_this_thread());
        CHECK(rill::current_task().has_value());
        ++waits;
    };
    here();
    co_await rill::sleep(1ms);
    here();
    co_await rill::yield();
    here();
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::deferred);
    here();
    rill::event event;
    asio::post(strand, [&] { event.set(); });
    co_await event.wait();
    here();
    CHECK_THROWS_AS(co_await rill::timeout(1ms, rill::sleep(1h)), rill::timeout_error);
    here();
}

TEST_CASE("existing: the body of a timeout and its like stays on the strand of its coroutine")
{
    asio::io_context io;
    const auto strand = asio::make_strand(io);
    int waits = 0;
    const auto body = [&] { return stay_on(strand, waits); };
    const auto in_group = [&](rill::task_group&) { return stay_on(strand, waits); };
    const auto main = [&]() -> awaitable<void> {
        co_await rill::timeout(1h, body);
        CHECK(strand.running_in_this_thread());
        co_await rill::move_on_after(1h, body);
        co_await rill::with_task_group(in_group);
        co_await rill::with_cleanup(body, body);
        CHECK(strand.running_in_this_thread());
    };
    auto end = asio::co_spawn(strand, main, asio::use_future);
    io.run();
    end.get();
    CHECK(waits == 5 * 6);
}

TEST_CASE("existing: on a strand, a timeout still expires and a cancellation still goes in")
{
    asio::io_context io;
    const auto strand = asio::make_strand(io);
    std::string log;
    const auto main = [&]() -> awaitable<void> {
        try {
            co_await rill::timeout(1ms, rill::sleep(1h));
        } catch (const rill::timeout_error&) {
            log += "expired ";
        }
        co_await rill::timeout(1h, rill::sleep(1h));
    };
    asio::cancellation_signal stop;
    asio::steady_timer later(io, 10ms);
    later.async_wait([&](rill::error_code) {
        asio::post(strand, [&] { stop.emit(asio::cancellation_type::terminal); });
    });
    asio::co_spawn(
        strand,
        main,
        asio::bind_cancellation_slot(
            stop.slot(),
            [&](std::exception_ptr e) { log += rill::is_cancellation(e) ? "cancelled" : "BAD"; }
        )
    );
    io.run();
    CHECK(log == "expired cancelled");
}

TEST_CASE("existing: a loop ends while such a body waits, or has not begun")
{
    for (const int turns : {0, 1, 2, 3, 4, 100}) {
        asio::io_context io;
        const auto strand = asio::make_strand(io);
        const auto main = [&]() -> awaitable<void> { co_await rill::timeout(1h, rill::sleep(1h)); };
        asio::co_spawn(strand, main, asio::detached);
        for (int i = 0; i < turns; ++i)
            io.poll_one();
    }
}

TEST_CASE("existing: a cancellation of a plain coroutine goes into the helpers that it awaits")
{
    asio::io_context io;
    asio::cancellation_signal signal;
    std::string inside;
    std::exception_ptr error;
    asio::co_spawn(
        io,
        [](std::string& log) -> awaitable<void> {
            co_await rill::timeout(1h, [&]() -> awaitable<void> {
                try {
                    co_await rill::sleep(2h);
                } catch (const rill::system_error&) {
                    log = "cancelled";
                    throw;
                }
            });
        }(inside),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { error = e; })
    );
    io.poll();
    signal.emit(asio::cancellation_type::terminal);
    io.run();
    CHECK(inside == "cancelled");
    CHECK(rill::is_cancellation(error));
}

TEST_CASE("existing: a plain coroutine inside a task's step is not taken for the task")
{
    test::loop loop;
    rill::event event(loop.executor());
    bool plain_ended = false;
    auto t = loop.spawn([&]() -> awaitable<void> {
        asio::co_spawn(
            co_await asio::this_coro::executor,
            [&]() -> awaitable<void> {
                co_await event.wait();
                plain_ended = true;
            },
            asio::detached
        );
        co_await rill::sleep(1h);
    });
    loop.settle();
    t.cancel(); // ends the task's wait, not the other coroutine's
    loop.settle();
    CHECK(t.cancelled());
    CHECK_FALSE(plain_ended);
    event.set();
    loop.settle();
    CHECK(plain_ended);
}

TEST_CASE("existing: executors that count as work, and strands of strands, are those of their loop")
{
    const auto tracked = [](const auto& ex) {
        return asio::prefer(ex, asio::execution::outstanding_work.tracked);
    };
    asio::io_context io;
    const asio::any_io_executor any = io.get_executor();
    const auto strand = asio::make_strand(io);
    const std::vector<asio::any_io_executor> executors{
        tracked(io.get_executor()),
        tracked(any),
        strand,
        tracked(strand),
        asio::make_strand(any),
        asio::make_strand(tracked(any)),
        asio::make_strand(strand),
        asio::make_strand(asio::make_strand(any)),
    };
    int done = 0;
    const auto work = [&]() -> awaitable<void> {
        const asio::any_io_executor here = co_await asio::this_coro::executor;
        rill::event event(here);
        const auto set = [&]() -> awaitable<void> {
            co_await rill::yield();
            event.set();
        };
        co_await rill::with_task_group([&](rill::task_group& group) -> awaitable<void> {
            group.create_task(set);
            co_await rill::timeout(1min, event.wait());
        });
        ++done;
    };
    for (const asio::any_io_executor& ex : executors)
        asio::co_spawn(ex, work(), asio::detached);
    io.poll();
    CHECK(done == static_cast<int>(executors.size()));
}

TEST_CASE("existing: handlers on strands of strands, and of a coroutine's executor")
{
    asio::io_context io;
    const asio::any_io_executor any = io.get_executor();
    rill::event event(io.get_executor());
    rill::shared_state<int> state(io.get_executor(), 7);
    int called = 0;
    const auto wait_on = [&](const auto& strand) {
        event.async_wait(asio::bind_executor(strand, [&called, strand](rill::error_code) {
            called += strand.running_in_this_thread();
        }));
        const auto get = [](int& n) { return n; };
        state.async_with(get, asio::bind_executor(strand, [&, strand](std::exception_ptr, int n) {
                             called += n == 7 && strand.running_in_this_thread();
                         }));
    };
    wait_on(asio::make_strand(any));
    wait_on(asio::make_strand(asio::make_strand(any)));
    wait_on(asio::make_strand(asio::make_strand(io)));
    event.set();
    io.run();
    CHECK(called == 6);
}

TEST_CASE("existing: an executor that belongs to no io_context is refused with the reason")
{
    asio::thread_pool pool(1);
    CHECK_THROWS_AS(rill::event(pool.get_executor()), std::invalid_argument);
}

TEST_CASE("TASK-10: the current task is right after every kind of wait")
{
    test::loop loop;
    rill::event event(loop.executor());
    rill::queue<int> queue(loop.executor());
    const auto other = loop.spawn(rill::sleep(3s), "other");
    const auto here = [] { return rill::current_task()->name() == "me"; };
    loop.spawn(
        [&]() -> awaitable<void> {
            CHECK(here());
            co_await rill::yield();
            CHECK(here());
            co_await rill::sleep(1s);
            CHECK(here());
            co_await event.wait();
            CHECK(here());
            co_await event.async_wait(asio::deferred);
            CHECK(here());
            co_await event.async_wait(asio::use_awaitable);
            CHECK(here());
            co_await queue.get();
            CHECK(here());
            co_await other;
            CHECK(here());
            co_await other.async_wait(asio::deferred);
            CHECK(here());
            co_await asio::post(co_await asio::this_coro::executor, asio::deferred);
            CHECK(here());
            co_await rill::timeout(1s, rill::sleep(0s));
            CHECK(here());
            co_await asio::co_spawn(
                co_await asio::this_coro::executor, rill::sleep(1s), asio::deferred
            );
            CHECK(here());
            auto failing = rill::create_task([]() -> awaitable<void> {
                co_await rill::yield();
                throw 1;
            });
            try {
                co_await failing;
            } catch (int) {
            }
            CHECK(here());
        },
        "me"
    );
    loop.advance(2s);
    event.set();
    queue.try_put(1);
    loop.advance(1h);
    CHECK_FALSE(rill::current_task());
}

// One thread at a time

/// Runs what is ready in `io`, in another thread; gives what leaves it, in words.
std::string polled_by_another(asio::io_context& io)
{
    std::string thrown;
    std::thread([&] {
        ::pthread_setname_np(::pthread_self(), "second");
        try {
            io.poll();
        } catch (const std::logic_error& e) {
            thrown = e.what();
        }
    }).join();
    return thrown;
}

TEST_CASE("existing: a second thread that comes to a task while another is in a step is refused")
{
    asio::io_context io;
    const auto wait = []() -> awaitable<void> { co_await asio::post(asio::use_awaitable); };
    const auto reader = rill::create_task(io.get_executor(), wait, "reader");
    std::string refused;
    rill::loop(io).call_soon([&] { refused = polled_by_another(io); });
    io.run();
    CHECK(refused.starts_with("rill: thread "));
    CHECK(test::contains(refused, " 'second' comes to task 'reader', while thread "));
    CHECK(test::contains(refused, "one thread at a time"));
    CHECK_FALSE(reader.done());
}

TEST_CASE("existing: so is one that comes to the loop itself, or to an object in a plain coroutine")
{
    asio::io_context io;
    rill::queue<int> queue(io.get_executor());
    queue.set_name("jobs");
    std::string refused;
    rill::loop(io).call_soon([&] { CHECK(polled_by_another(io).empty()); });
    const auto get = [&]() -> awaitable<void> {
        try {
            co_await queue.get();
        } catch (const std::logic_error& e) {
            refused = e.what();
        }
    };
    asio::co_spawn(io, get(), asio::detached);
    io.run();
    CHECK(test::contains(refused, " 'second' comes to an item of queue 'jobs', while thread "));
}

TEST_CASE("existing: threads may run the io_context one after another")
{
    asio::io_context io;
    int steps = 0;
    const auto step = [&]() -> awaitable<void> {
        for (int i = 0; i < 200; ++i) {
            co_await rill::yield();
            ++steps;
        }
    };
    const auto task = rill::create_task(io.get_executor(), step);
    while (!task.done()) {
        io.run_one();
        std::thread([&] { io.run_one(); }).join();
    }
    CHECK(steps == 200);
}

// The loop inside of what it runs

TEST_CASE("existing: a handler may run the io_context until something of Rill's is done")
{
    asio::io_context io;
    bool done = false;
    const auto work = [&]() -> awaitable<void> {
        co_await rill::sleep(1ms);
        co_await rill::yield();
        done = true;
    };
    asio::post(io, [&] {
        rill::create_task(io.get_executor(), work);
        while (!done)
            io.run_one();
    });
    io.run();
    CHECK(done);
}

TEST_CASE("existing: what a run counts are handlers, and one of them may have many steps")
{
    asio::io_context io;
    rill::detail::loop_core::of(io).set_stride(61); // however slow the machine is
    int steps = 0;
    const auto work = [&]() -> awaitable<void> {
        for (int i = 0; i < 300; ++i) {
            co_await rill::yield();
            ++steps;
        }
    };
    rill::create_task(io.get_executor(), work);
    CHECK(io.run_one() == 1);
    CHECK(steps == 60); // the first one was before the first yield
    CHECK(io.run() == 4);
    CHECK(steps == 300);
}

TEST_CASE("existing: a step that runs its own io_context is refused, and all goes on after it")
{
    asio::io_context io;
    bool done = false;
    std::string refused;
    const auto work = [&]() -> awaitable<void> {
        co_await rill::sleep(1ms);
        done = true;
    };
    const auto block = [&]() -> awaitable<void> {
        rill::create_task(io.get_executor(), work);
        try {
            while (!done)
                io.run_one();
        } catch (const std::logic_error& e) {
            refused = e.what();
        }
        co_return;
    };
    const auto before = [&]() -> awaitable<void> { co_await rill::sleep(1ms); };
    rill::create_task(io.get_executor(), before);
    rill::create_task(io.get_executor(), block, "blocker");
    io.run();
    CHECK(refused.starts_with("rill: task 'blocker' runs its own io_context"));
    CHECK(done);
}

TEST_CASE("existing: a stop in a run of the program's own is none of the loop's next run")
{
    asio::io_context io;
    rill::loop view(io);
    asio::post(io, [&] { view.stop(); });
    view.call_soon([&] { view.stop(); });
    io.run();
    io.restart();
    io.run();
    bool passed = false;
    view.call_later(1ms, [&] {
        passed = true;
        view.stop();
    });
    view.run_forever();
    CHECK(passed);
}

TEST_CASE("existing: what was to run on a strand goes with its io_context, however far it has come")
{
    for (int turns = 0; turns < 16; ++turns) {
        const auto held = std::make_shared<int>();
        {
            asio::io_context io;
            const auto strand = asio::make_strand(io);
            const auto body = [held]() -> awaitable<void> { co_await rill::sleep(1h); };
            asio::co_spawn(strand, rill::timeout(1h, body), asio::detached);
            for (int i = 0; i < turns; ++i) {
                io.poll_one();
                asio::post(strand, [] {}); // whoever comes to the strand has to wait
            }
        }
        CHECK(held.use_count() == 1);
    }
}

/// Asks Asio for another cancellation state, as existing coroutines do, with a filter that is larger
/// than the one that a task begins with.
awaitable<void> reset_cancellation(std::vector<int>& filtered)
{
    co_await asio::this_coro::reset_cancellation_state(
        [&filtered, mask = asio::cancellation_type::all](asio::cancellation_type what) {
            filtered.push_back(static_cast<int>(what));
            return what & mask;
        }
    );
}

TEST_CASE("a coroutine that resets its cancellation state is its task's as before")
{
    test::loop loop;
    std::vector<int> filtered;
    SUBCASE("cancelled, it says why, and all of its waits throw")
    {
        int cancelled = 0;
        auto t = loop.spawn([](std::vector<int>& seen, int& thrown) -> awaitable<void> {
            co_await reset_cancellation(seen);
            for (int i = 0; i < 2; ++i)
                try {
                    co_await rill::sleep(1h);
                } catch (const rill::cancelled_error& e) {
                    thrown += e.message() == "enough";
                }
            asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
            co_await timer.async_wait(asio::deferred);
        }(filtered, cancelled));
        loop.settle();
        CHECK(rill::describe(rill::task_ref(t)).waits_for == "a sleep");
        t.cancel("enough");
        loop.settle();
        CHECK(cancelled == 2);
        CHECK(t.cancelled());
        CHECK_FALSE(filtered.empty());
    }
    SUBCASE("a timeout is its own, and is over once it is left")
    {
        loop.run([&]() -> awaitable<void> {
            const rill::task_ref self = *rill::current_task();
            co_await reset_cancellation(filtered);
            const auto body = [&]() -> awaitable<void> {
                CHECK(rill::current_task() == self);
                co_await rill::sleep(1h);
            };
            CHECK_THROWS_AS(co_await rill::timeout(1s, body), rill::timeout_error);
            co_await rill::sleep(1s);
        });
    }
    SUBCASE("it resets it inside of a timeout")
    {
        loop.run([&]() -> awaitable<void> {
            const auto body = [&]() -> awaitable<void> {
                co_await reset_cancellation(filtered);
                co_await rill::sleep(1h);
            };
            CHECK_THROWS_AS(co_await rill::timeout(1s, body), rill::timeout_error);
            co_await rill::sleep(1s);
        });
    }
}

} // namespace
