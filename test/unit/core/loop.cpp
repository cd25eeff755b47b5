// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/context_var.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/gather.hpp>
#include <rill/loop.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/manual_clock.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

TEST_CASE("LOOP-01, LOOP-02: run_until_complete gives the outcome, and goes on after a stop")
{
    rill::loop loop;
    CHECK(loop.run_until_complete([]() -> awaitable<int> { co_return 3; }()) == 3);

    const auto t = rill::create_task(loop.get_executor(), []() -> awaitable<int> {
        co_await rill::sleep(1ms);
        co_return 4;
    });
    loop.call_soon([&] { loop.stop(); });
    CHECK_THROWS_AS(loop.run_until_complete(t), std::logic_error);
    CHECK_FALSE(t.done());
    CHECK(loop.run_until_complete(t) == 4);
}

TEST_CASE("LOOP-03: a second loop on a thread that runs one is refused")
{
    rill::loop outer;
    outer.run_until_complete([]() -> awaitable<void> {
        rill::loop inner;
        bool started = false;
        CHECK_THROWS_AS(
            inner.run_until_complete([&]() -> awaitable<void> {
                started = true;
                co_return;
            }()),
            std::logic_error
        );
        CHECK_FALSE(started);
        co_await rill::yield();
    }());
}

TEST_CASE("LOOP-12: the running loop is found from callbacks and coroutines, and nowhere else")
{
    rill::loop loop;
    CHECK_THROWS_AS(rill::this_loop(), std::logic_error);
    bool found = false;
    loop.call_soon([&] { found = &rill::this_loop().context() == &loop.context(); });
    loop.run_until_complete([](rill::loop& l) -> awaitable<void> {
        CHECK(&rill::this_loop().context() == &l.context());
        co_await rill::yield();
    }(loop));
    CHECK(found);
}

TEST_CASE("loop: several views of one io_context are one loop")
{
    boost::asio::io_context io;
    rill::loop a(io);
    rill::loop b(io);
    std::string order;
    a.call_soon([&] { order += 'a'; });
    b.call_soon([&] { order += 'b'; });
    io.run();
    CHECK(order == "ab");
}

TEST_CASE("CB-01: call_soon calls once, in order, and never inline")
{
    test::loop loop;
    std::vector<int> order;
    for (int i = 0; i < 4; ++i)
        loop.get().call_soon([&order, i] { order.push_back(i); });
    CHECK(order.empty());
    loop.settle();
    CHECK(order == std::vector{0, 1, 2, 3});
}

TEST_CASE("CB-02: a callback that requeues itself starves neither timers nor others")
{
    rill::loop loop;
    bool stop = false;
    struct again {
        rill::loop& loop;
        bool& stop;

        void operator()() const
        {
            if (!stop)
                loop.call_soon(*this);
        }
    };
    loop.call_soon(again{loop, stop});
    loop.run_until_complete([](bool& s) -> awaitable<void> {
        co_await rill::sleep(1ms);
        s = true;
    }(stop));
}

TEST_CASE("CB-04, CB-05: overdue timers fire by deadline, equal ones in the order they were set")
{
    test::loop loop;
    std::string order;
    const auto say = [&](char c) { return [&order, c] { order += c; }; };
    loop.get().call_later(1s, say('b'));
    loop.get().call_later(1s, say('c'));
    loop.get().call_later(0s, say('a'));
    loop.get().call_later(-5s, say('A'));
    loop.get().call_later(1s, say('d'));
    loop.advance(1s);
    CHECK(order == "Aabcd");
}

TEST_CASE("CB-06, CB-07: a cancelled callback is never called, and what it holds goes at once")
{
    test::loop loop;
    const auto held = std::make_shared<int>();
    auto soon = loop.get().call_soon([held] { FAIL("called"); });
    auto later = loop.get().call_later(1s, [held] { FAIL("called"); });
    CHECK(held.use_count() == 3);
    soon.cancel();
    later.cancel();
    later.cancel();
    CHECK(held.use_count() == 1);
    CHECK(later.cancelled());
    loop.advance(2s);

    bool called = false;
    auto ran = loop.get().call_soon([&] { called = true; });
    loop.settle();
    ran.cancel();
    CHECK(called);
    CHECK_FALSE(ran.cancelled());
}

TEST_CASE("CB-09: cancelled timers do not accumulate")
{
    test::loop loop;
    for (int i = 0; i < 10'000; ++i)
        loop.get().call_later(1h, [] {}).cancel();
    CHECK(loop.leftovers().empty());
}

TEST_CASE("CB-10: a delay beyond the clock's range neither overflows nor fires")
{
    test::loop loop;
    auto h = loop.get().call_later(rill::forever, [] { FAIL("called"); });
    auto far = loop.get().call_later(24h * 365 * 200, [] { FAIL("called"); });
    loop.advance(24h * 365);
    CHECK(h.when() == rill::never);
    h.cancel();
    far.cancel();
}

TEST_CASE("CB-12: call_soon_threadsafe wakes a loop that waits")
{
    rill::loop loop;
    std::thread other([&] { loop.call_soon_threadsafe([&] { loop.stop(); }); });
    loop.run_forever();
    other.join();
}

TEST_CASE("CB-16, EH-01: an exception in a callback goes to the handler, and the next one runs")
{
    test::loop loop;
    bool next = false;
    const std::string line = std::to_string(__LINE__ + 1);
    loop.get().call_soon([] { throw std::runtime_error("oops"); });
    loop.get().call_soon([&] { next = true; });
    loop.settle();
    REQUIRE(loop.reported().size() == 1);
    CHECK(
        loop.reported()[0] == "exception in a callback (registered at loop.cpp:" + line + "): oops"
    );
    CHECK(next);
    loop.forget_reported();
}

TEST_CASE("LOOP-06: stopped before it runs, run_forever makes one pass, sockets among it")
{
    rill::loop loop;
    std::vector<int> ran;
    loop.call_soon([&] { ran.push_back(1); });
    rill::asio::post(loop.context(), [&] { ran.push_back(2); });
    for (int i = 0; i < 1000; ++i)
        loop.call_soon([] {});
    loop.call_soon([&] { ran.push_back(3); });
    loop.call_later(1h, [&] { ran.push_back(4); });
    loop.stop();
    loop.run_forever();
    CHECK(ran == std::vector<int>{1, 2, 3});
    CHECK_THROWS_AS((loop.stop(), loop.run_until_complete(rill::sleep(1h))), std::logic_error);
    loop.stop();
    CHECK(loop.run_until_complete([]() -> awaitable<int> { co_return 1; }) == 1);
    bool later = false; // nothing is left of the stops before
    loop.call_later(500us, [&] { later = true; });
    loop.call_later(1ms, [&] { loop.stop(); }); // the later one, however long it takes to get here
    loop.run_forever();
    CHECK(later);
}

TEST_CASE("EH-05: the handler has the variables of what failed, a callback or a task")
{
    static const rill::context_var<std::string> request("request", "none");
    rill::loop loop;
    std::vector<std::string> seen;
    loop.set_exception_handler([&](const rill::exception_context&) {
        seen.push_back(request.get());
    });
    loop.call_soon([] {
        request.set("callback");
        throw std::runtime_error("failed");
    });
    const auto fail = []() -> awaitable<void> {
        request.set("task");
        co_await rill::yield();
        throw std::runtime_error("failed");
    };
    std::optional kept = rill::create_task(loop.get_executor(), fail);
    rill::create_task(loop.get_executor(), fail);
    loop.poll();
    CHECK(seen == std::vector<std::string>{"callback", "task"});
    rill::create_task(loop.get_executor(), [&]() -> awaitable<void> {
        request.set("another");
        kept.reset();
        CHECK(request.get() == "another");
        co_return;
    });
    loop.poll();
    CHECK(seen == std::vector<std::string>{"callback", "task", "task"});
}

TEST_CASE("EH-02: an exception handler that throws does not stop the loop")
{
    rill::loop loop;
    loop.set_exception_handler([](const rill::exception_context&) {
        throw std::runtime_error("no");
    });
    loop.call_soon([] { throw std::runtime_error("oops"); });
    CHECK(loop.run_until_complete([]() -> awaitable<int> {
        co_await rill::yield();
        co_return 1;
    }()) == 1);
}

TEST_CASE("LOOP-01: run_until_complete takes futures and callables, and what is done already")
{
    rill::loop loop;
    rill::future<std::string> future(loop.get_executor());
    loop.call_soon([&] { future.set_result("set"); });
    CHECK(loop.run_until_complete(future) == "set");
    CHECK(loop.run_until_complete(future) == "set");

    rill::future<std::unique_ptr<int>> moved(loop.get_executor());
    moved.set_result(std::make_unique<int>(2));
    CHECK(*loop.run_until_complete(moved) == 2);

    CHECK(loop.run_until_complete([]() -> awaitable<int> { co_return 3; }) == 3);
    CHECK_THROWS_AS(loop.run_until_complete(rill::task<int>()), rill::invalid_state);
}

TEST_CASE("LOOP-02: stop ends run_forever, and may be called again and again")
{
    rill::loop loop;
    for (int i = 0; i < 3; ++i) {
        loop.call_soon([&] { loop.stop(); });
        loop.run_forever();
    }
    CHECK_FALSE(loop.is_running());
}

TEST_CASE("LOOP-04: a task or future of another loop is refused")
{
    rill::loop mine;
    rill::loop other;
    rill::future<int> future(other.get_executor());
    const auto task =
        rill::create_task(other.get_executor(), []() -> awaitable<int> { co_return 1; });
    CHECK_THROWS_WITH_AS(
        mine.run_until_complete(future),
        "rill::loop: a future belongs to another loop",
        std::logic_error
    );
    CHECK_THROWS_AS(mine.run_until_complete(task), std::logic_error);
    future.set_result(2);
    CHECK_THROWS_AS(mine.run_until_complete(future), std::logic_error);
    CHECK(other.run_until_complete(task) == 1);
}

TEST_CASE("LOOP-05: after a fatal error left a run, the end of its task does not stop the next run")
{
    rill::loop loop;
    rill::future<> main(loop.get_executor());
    loop.call_soon([] { throw rill::fatal_error("fatal"); });
    CHECK_THROWS_AS(loop.run_until_complete(main), rill::fatal_error);
    main.set_result();

    bool reached = false;
    loop.run_until_complete([&]() -> awaitable<void> {
        for (int i = 0; i < 1000; ++i)
            co_await rill::yield();
        reached = true;
    });
    CHECK(reached);
}

TEST_CASE("LOOP-05: a child of a group may be run to its end, and its group still learns of it")
{
    rill::loop loop;
    std::optional<rill::task<int>> child;
    const auto whole = rill::create_task(loop.get_executor(), [&]() -> awaitable<int> {
        co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
            child = g.create_task([]() -> awaitable<int> {
                for (int i = 0; i < 3; ++i)
                    co_await rill::yield();
                co_return 4;
            });
            co_return;
        });
        co_return 5;
    });
    while (!child)
        loop.run_once();
    CHECK(loop.run_until_complete(*child) == 4);
    CHECK(loop.run_until_complete(whole) == 5);
}

TEST_CASE("LOOP-07: nothing that is queued is lost when a loop is stopped and run again")
{
    rill::loop loop;
    constexpr int count = 1000;
    std::vector<int> order;
    int stops = 0;
    for (int i = 0; i < count; ++i)
        loop.call_soon([&, i] {
            order.push_back(i);
            loop.call_soon([&, i] { order.push_back(count + i); });
            if (i % 100 == 0) {
                loop.stop();
                ++stops;
            }
        });
    loop.call_later(1us, [&] { order.push_back(-1); });
    int runs = 0;
    while (order.size() < 2 * count + 1) {
        loop.call_later(1ms, [&] { loop.stop(); });
        loop.run_forever();
        ++runs;
    }
    CHECK(stops == 10);
    CHECK(runs > 1);
    std::erase(order, -1);
    for (int i = 0; i < 2 * count; ++i)
        REQUIRE(order[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("LOOP-13: the loop's time goes forwards, and is the only one that timers know")
{
    rill::loop real;
    auto last = real.time();
    for (int i = 0; i < 100; ++i)
        CHECK(std::exchange(last, real.time()) <= last);

    test::loop loop;
    const auto start = loop.get().time();
    rill::time_point called;
    loop.get().call_at(start + 2h, [&] { called = loop.get().time(); });
    loop.advance(2h - 1ns);
    CHECK(called == rill::time_point());
    loop.advance(1ns);
    CHECK(called == start + 2h);
}

TEST_CASE("LOOP-14: a task factory sees each task, implicit ones too, and can be read and reset")
{
    test::loop loop;
    CHECK_FALSE(loop.get().get_task_factory());
    int seen = 0;
    loop.get().set_task_factory([&](rill::task_ref t) {
        ++seen;
        t.set_name("job " + std::to_string(seen));
    });
    std::vector<std::string> names;
    const auto say = [&]() -> awaitable<void> {
        names.push_back(rill::current_task()->name());
        co_return;
    };
    loop.spawn([&]() -> awaitable<void> {
        co_await rill::gather(say(), say());
        co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
            g.create_task(say());
            co_return;
        });
    });
    loop.settle();
    CHECK(names == std::vector<std::string>{"job 2", "job 3", "job 4"});

    CHECK(loop.get().get_task_factory());
    loop.get().set_task_factory(nullptr);
    CHECK_FALSE(loop.get().get_task_factory());
    loop.spawn(say());
    loop.settle();
    CHECK(seen == 4);
}

TEST_CASE("TASK-13, LOOP-14: a task factory that throws refuses the task, and nothing of it is left"
)
{
    boost::asio::io_context io;
    rill::loop loop(io);
    const auto held = std::make_shared<int>();
    loop.set_task_factory([](rill::task_ref) { throw std::runtime_error("no more tasks"); });
    const auto body = [held]() -> awaitable<void> {
        FAIL("it runs");
        co_return;
    };
    CHECK_THROWS_WITH_AS(
        rill::create_task(loop.get_executor(), body), "no more tasks", std::runtime_error
    );
    CHECK(held.use_count() == 2); // the lambda above, and not its copy
    CHECK(rill::all_tasks(loop.get_executor()).empty());
    io.run(); // returns, for nothing is pending
}

TEST_CASE("LOOP-15, EH-06: a fatal error passes the handler, leaves the run, and the loop goes on")
{
    rill::loop loop;
    int reported = 0;
    loop.set_exception_handler([&](const rill::exception_context&) { ++reported; });

    loop.call_soon([] { throw rill::fatal_error("from a callback"); });
    CHECK_THROWS_WITH_AS(loop.run_forever(), "from a callback", rill::fatal_error);

    const auto t = rill::create_task(loop.get_executor(), []() -> awaitable<void> {
        co_await rill::yield();
        throw rill::fatal_error("from a task");
    });
    CHECK_THROWS_WITH_AS(loop.run_forever(), "from a task", rill::fatal_error);
    CHECK(t.done());
    CHECK(t.exception());

    loop.call_later(1us, [] { throw rill::fatal_error("from a timer"); });
    CHECK_THROWS_WITH_AS(loop.run_forever(), "from a timer", rill::fatal_error);

    CHECK(reported == 0);
    CHECK_THROWS_AS(rill::this_loop(), std::logic_error);
    CHECK(loop.run_until_complete([]() -> awaitable<int> {
        co_await rill::sleep(1us);
        co_return 1;
    }) == 1);
}

TEST_CASE("LOOP-16: a loop is driven by hand, turn by turn, and knows that it runs meanwhile")
{
    rill::loop loop;
    CHECK_FALSE(loop.poll_one());
    CHECK_FALSE(loop.run_once());

    std::string order;
    loop.call_soon([&] {
        order += 'a';
        CHECK(loop.is_running());
        CHECK(&rill::this_loop().context() == &loop.context());
        CHECK_THROWS_AS(loop.poll_one(), std::logic_error);
        CHECK_THROWS_AS(loop.run_once(), std::logic_error);
        CHECK_THROWS_AS(loop.poll(), std::logic_error);
        CHECK_THROWS_AS(loop.run_forever(), std::logic_error);
    });
    CHECK_FALSE(loop.is_running());
    CHECK(loop.poll_one());
    CHECK_THROWS_AS(rill::this_loop(), std::logic_error);
    CHECK(order == "a");

    loop.call_later(1us, [&] { order += 'b'; });
    while (order != "ab")
        loop.run_once();

    loop.call_soon([&] { loop.call_soon([&] { order += 'c'; }); });
    loop.poll();
    CHECK(order == "abc");
}

TEST_CASE("BY-68: a loop gets a share of each frame of a foreign loop, and none can take it over")
{
    rill::loop loop;
    bool stop = false;
    struct endless {
        rill::loop& loop;
        bool& stop;

        void operator()() const
        {
            if (!stop)
                loop.call_soon(*this);
        }
    };
    loop.call_soon(endless{loop, stop});
    const auto t = rill::create_task(loop.get_executor(), []() -> awaitable<int> {
        for (int i = 0; i < 100; ++i)
            co_await rill::yield();
        co_await rill::sleep(1us);
        co_return 7;
    });
    int frames = 0;
    while (!t.done()) {
        ++frames; // a frame is drawn, and then three turns are left for the loop
        for (int turn = 0; turn < 3 && loop.poll_one(); ++turn)
            continue;
    }
    CHECK(frames > 0);
    CHECK(t.result() == 7);
    stop = true;
    loop.poll();
}

TEST_CASE("CB-11: delays far below the clock's resolution make no busy loop")
{
    rill::loop loop;
    int calls = 0;
    int turns = 0;
    for (int i = 0; i < 100; ++i)
        loop.call_later(std::chrono::nanoseconds(i), [&] { ++calls; });
    while (calls < 100) {
        loop.run_once();
        ++turns;
    }
    CHECK(turns <= 10);
}

TEST_CASE("CB-12: used on the loop's thread, call_soon_threadsafe keeps the order with call_soon")
{
    rill::loop loop;
    std::string order;
    loop.call_soon([&] {
        loop.call_soon([&] { order += 'a'; });
        loop.call_soon_threadsafe([&] { order += 'b'; });
        loop.call_soon([&] { order += 'c'; });
        loop.call_soon_threadsafe([&] {
            order += 'd';
            loop.stop();
        });
    });
    loop.run_forever();
    CHECK(order == "abcd");

    boost::asio::io_context io; // one that runs without rill::loop
    rill::loop view(io);
    order.clear();
    boost::asio::post(io, [&] {
        view.call_soon([&] { order += 'a'; });
        view.call_soon_threadsafe([&] { order += 'b'; });
        view.call_soon([&] { order += 'c'; });
    });
    io.run();
    CHECK(order == "abc");
}

TEST_CASE("CB-13, CB-14: a threadsafe handle on its own thread: before, in and after the call")
{
    test::loop loop;
    const auto held = std::make_shared<int>();
    auto early = loop.get().call_soon_threadsafe([held] { FAIL("called"); });
    CHECK_FALSE(early.cancelled());
    CHECK(early.cancel());
    CHECK(early.cancel());
    CHECK(early.cancelled());
    CHECK(held.use_count() == 1);

    rill::threadsafe_handle self;
    bool called = false;
    self = loop.get().call_soon_threadsafe([&] {
        called = true;
        CHECK_FALSE(self.cancel()); // it runs: too late, and no deadlock
    });
    loop.settle();
    CHECK(called);
    CHECK_FALSE(self.cancel());
    CHECK_FALSE(self.cancelled());
    CHECK_FALSE(rill::threadsafe_handle().cancel());
}

TEST_CASE("CB-16, EH-04: an exception in a threadsafe callback is reported with its place")
{
    test::loop loop;
    const std::string line = std::to_string(__LINE__ + 1);
    loop.get().call_soon_threadsafe([] { throw std::runtime_error("oops"); });
    loop.settle();
    REQUIRE(loop.reported().size() == 1);
    CHECK(
        loop.reported()[0] == "exception in a callback (registered at loop.cpp:" + line + "): oops"
    );
    loop.forget_reported();
}

const rill::context_var<int> number("number", 0);

TEST_CASE("CV-03: a callback runs in the context of its registration, and changes only a copy")
{
    test::loop loop;
    std::vector<int> seen;
    const auto note = [&] {
        seen.push_back(number.get());
        number.set(99);
    };
    {
        const auto one = number.scoped(1);
        loop.get().call_soon(note);
        loop.get().call_later(1s, note);
        const auto two = number.scoped(2);
        loop.get().call_soon_threadsafe(note);
    }
    loop.advance(1s);
    CHECK(seen == std::vector{1, 2, 1});
    CHECK(number.get() == 0);
}

TEST_CASE("CV-03: a threadsafe callback runs in the context of the thread that asked for it")
{
    rill::loop loop;
    int seen = 0;
    std::thread other([&] {
        number.set(5);
        loop.call_soon_threadsafe([&] {
            seen = number.get();
            loop.stop();
        });
    });
    loop.run_forever();
    other.join();
    CHECK(seen == 5);
    CHECK(number.get() == 0);
}

TEST_CASE("EH-01: the handler can be read back, and reset to the default")
{
    rill::loop loop;
    CHECK_FALSE(loop.get_exception_handler());
    std::string seen;
    loop.set_exception_handler([&](const rill::exception_context& c) { seen = to_string(c); });
    CHECK(loop.get_exception_handler());
    loop.call_exception_handler({"a message of the program's own", nullptr});
    CHECK(seen == "a message of the program's own");
    loop.set_exception_handler({});
    CHECK_FALSE(loop.get_exception_handler());
}

/// Standard error goes to a full device as long as it lives.
class no_standard_error {
public:
    no_standard_error()
        : before_(::dup(STDERR_FILENO))
    {
        const int full = ::open("/dev/full", O_WRONLY);
        ::dup2(full, STDERR_FILENO);
        ::close(full);
    }

    ~no_standard_error()
    {
        ::dup2(before_, STDERR_FILENO);
        ::close(before_);
    }

private:
    int before_;
};

TEST_CASE("EH-03: a default handler that fails does not take the loop down")
{
    struct broken : std::exception {
        const char* what() const noexcept override { return nullptr; }
    };

    rill::loop loop;
    const no_standard_error scope;
    loop.call_soon([] { throw broken(); });
    loop.call_soon([] { throw 1; });
    CHECK(loop.run_until_complete([]() -> awaitable<int> {
        co_await rill::yield();
        co_return 1;
    }) == 1);
}

TEST_CASE("EH-04: the record names what is known, in one line")
{
    rill::exception_context context{"it failed", nullptr};
    CHECK(to_string(context) == "it failed");
    context.exception = std::make_exception_ptr(std::runtime_error("reason"));
    context.task = "reader";
    context.place = "a.cpp:1";
    context.registered = "b.cpp:2";
    context.connection = "127.0.0.1:80";
    CHECK(
        to_string(context) ==
        "it failed (task 'reader', created at a.cpp:1, registered at b.cpp:2, "
        "connection 127.0.0.1:80): reason"
    );
    context.task.clear();
    context.exception = std::make_exception_ptr(1);
    CHECK(
        to_string(context) == "it failed (created at a.cpp:1, registered at b.cpp:2, connection "
                              "127.0.0.1:80): an exception that is no std::exception"
    );
}

TEST_CASE("loop: eager tasks and debug mode are settings of the loop")
{
    rill::loop loop;
    CHECK_FALSE(loop.get_eager_tasks());
    CHECK_FALSE(loop.get_debug());
    loop.set_eager_tasks(true);
    loop.set_debug(true);
    CHECK(loop.get_debug());
    loop.run_until_complete([]() -> awaitable<void> {
        bool started = false;
        const auto t = rill::create_task([&]() -> awaitable<void> {
            started = true;
            co_return;
        });
        CHECK(started);
        co_await t;
    });
}

} // namespace
