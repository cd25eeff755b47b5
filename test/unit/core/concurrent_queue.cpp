// SPDX-License-Identifier: BSL-1.0
//
// One thread at a time; test/integration/threads has it with several.
#include <support/aborted.hpp>
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/concurrent_queue.hpp>
#include <rill/run.hpp>
#include <rill/task.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/bind_immediate_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

/// A queue whose own executor never runs: it must not be needed.
template <class T>
class idle_queue {
public:
    explicit idle_queue(std::size_t capacity)
        : queue_(std::make_unique<rill::concurrent_queue<T>>(io_.get_executor(), capacity))
    {}

    rill::concurrent_queue<T>& operator*() { return *queue_; }

    rill::concurrent_queue<T>* operator->() { return queue_.get(); }

    void destroy() { queue_.reset(); }

    asio::io_context& context() { return io_; }

private:
    asio::io_context io_;
    std::unique_ptr<rill::concurrent_queue<T>> queue_;
};

template <class T>
std::vector<T> drain(rill::concurrent_queue<T>& q)
{
    std::vector<T> items;
    while (auto item = q.try_get())
        items.push_back(std::move(*item));
    return items;
}

TEST_CASE("concurrent_queue: items leave in the order in which they came, and the sizes are known")
{
    idle_queue<int> q(3);
    for (int i = 0; i < 3; ++i)
        CHECK(q->try_put(i));
    CHECK(q->size() == 3);
    CHECK(q->capacity() == 3);
    CHECK(drain(*q) == std::vector{0, 1, 2});
    CHECK(q->size() == 0);
    CHECK(q->statistics().put == 3);
    CHECK(q->statistics().got == 3);
}

TEST_CASE("concurrent_queue: full or closed, try_put leaves the value untouched")
{
    idle_queue<std::unique_ptr<int>> q(1);
    CHECK(q->try_put(std::make_unique<int>(1)));
    auto value = std::make_unique<int>(2);
    CHECK_FALSE(q->try_put(value));
    CHECK(value);
    q->close();
    CHECK(**q->try_get() == 1);
    CHECK_FALSE(q->try_put(value));
    CHECK(value);
    CHECK_FALSE(q->try_get());
}

TEST_CASE("concurrent_queue: a capacity of 0 is refused; unbounded has a name")
{
    asio::io_context io;
    using queue = rill::concurrent_queue<int>;
    CHECK_THROWS_WITH_AS(
        queue(io.get_executor(), 0),
        "rill::concurrent_queue: a capacity of 0; from 1, or rill::unbounded",
        std::invalid_argument
    );
    queue q(io.get_executor(), rill::unbounded);
    for (int i = 0; i < 10'000; ++i)
        REQUIRE(q.try_put(i));
    CHECK(q.size() == 10'000);
}

TEST_CASE(
    "concurrent_queue: get waits for an item, put for room; both in order, and nobody overtakes"
)
{
    test::loop loop;
    idle_queue<int> q(1);
    const auto a = loop.spawn(q->get());
    const auto b = loop.spawn(q->get());
    loop.settle();
    CHECK(q->statistics().getters == 2);
    CHECK(q->try_put(1));
    CHECK_FALSE(q->try_get()); // it was promised
    CHECK_FALSE(a.done());     // and is on its way
    loop.settle();
    CHECK(a.result() == 1);
    CHECK_FALSE(b.done());
    const auto puts = loop.spawn([&]() -> awaitable<void> {
        for (int i = 2; i <= 5; ++i)
            co_await q->put(i);
    });
    loop.settle();
    CHECK(b.result() == 2);
    CHECK_FALSE(puts.done());
    CHECK(q->statistics().putters == 1);
    CHECK_FALSE(q->try_put(9));
    std::vector<int> rest;
    while (auto i = q->try_get()) {
        rest.push_back(*i);
        loop.settle();
    }
    CHECK(rest == std::vector{3, 4, 5});
    CHECK(puts.done());
}

TEST_CASE("concurrent_queue: without a wait there is no suspension")
{
    test::loop loop;
    idle_queue<int> q(1);
    loop.run([&]() -> awaitable<void> {
        bool turned = false;
        loop.get().call_soon([&] { turned = true; });
        co_await q->put(1);
        CHECK(co_await q->get() == 1);
        CHECK_FALSE(turned);
        co_await rill::yield();
    });
}

TEST_CASE("concurrent_queue: items need be neither copyable nor default-constructible")
{
    struct item {
        explicit item(int n)
            : number(std::make_unique<int>(n))
        {}

        std::unique_ptr<int> number;
    };
    test::loop loop;
    idle_queue<item> q(1);
    const auto producer = loop.spawn([&]() -> awaitable<void> {
        for (int i = 1; i <= 4; ++i)
            co_await q->put(item(i));
    });
    const int sum = loop.run([&]() -> awaitable<int> {
        int s = 0;
        for (int i = 0; i < 4; ++i) {
            const item got = co_await q->get();
            s += *got.number;
        }
        co_return s;
    });
    CHECK(sum == 10);
}

TEST_CASE("concurrent_queue (completion wins): an item handed over before the cancel is delivered")
{
    test::loop loop;
    idle_queue<int> q(1);
    auto getter = loop.spawn(q->get());
    loop.settle();

    SUBCASE("the item, then the cancel")
    {
        q->try_put(1);
        getter.cancel();
        loop.settle();
        CHECK(getter.result() == 1);
    }
    SUBCASE("the cancel, then the item")
    {
        getter.cancel();
        CHECK(q->statistics().getters == 0); // it has left the line there and then
        q->try_put(1);
        loop.settle();
        CHECK(getter.cancelled());
        CHECK(drain(*q) == std::vector{1});
    }
}

TEST_CASE("concurrent_queue (completion wins): a put is stored, or its value discarded, never both")
{
    test::loop loop;
    idle_queue<int> q(1);
    q->try_put(1);
    auto putter = loop.spawn(q->put(2));
    const auto next = loop.spawn(q->put(3));
    loop.settle();

    SUBCASE("the room, then the cancel")
    {
        CHECK(q->try_get() == 1);
        putter.cancel();
        loop.settle();
        CHECK_FALSE(putter.cancelled());
        CHECK(q->try_get() == 2);
    }
    SUBCASE("the cancel, then the room")
    {
        putter.cancel();
        CHECK(q->try_get() == 1);
        loop.settle();
        CHECK(putter.cancelled());
    }
    loop.settle();
    CHECK(next.done());
    CHECK(drain(*q) == std::vector{3});
}

TEST_CASE("concurrent_queue: closed, what is stored can be got still, and all who wait are told")
{
    test::loop loop;
    idle_queue<int> q(2);
    std::vector<rill::task<std::string>> waiting;

    SUBCASE("those who put")
    {
        q->try_put(1);
        q->try_put(2);
        for (int i = 3; i < 6; ++i)
            waiting.push_back(loop.spawn(test::how(q->put(i))));
        loop.settle();
        q->close();
        loop.settle();
        CHECK(loop.run(test::how(q->put(9))) == "the queue is shut down [rill:1]");
        CHECK(drain(*q) == std::vector{1, 2});
    }
    SUBCASE("those who get")
    {
        for (int i = 0; i < 3; ++i)
            waiting.push_back(loop.spawn(test::how(q->get())));
        loop.settle();
        q->close();
        loop.settle();
    }
    for (const auto& t : waiting)
        CHECK(t.result() == "the queue is shut down [rill:1]");
    CHECK(q->is_closed());
    q->close();
    CHECK(loop.run(test::how(q->get())) == "the queue is shut down [rill:1]");
    CHECK(q->statistics().getters + q->statistics().putters == 0);
}

TEST_CASE("concurrent_queue: a put that is refused by close() and cancelled as well is not stored")
{
    test::loop loop;
    idle_queue<int> q(1);
    q->try_put(1);
    auto closed_first = loop.spawn(q->put(2));
    auto cancelled_first = loop.spawn(q->put(3));
    loop.settle();
    cancelled_first.cancel();
    q->close();
    closed_first.cancel();
    loop.settle();
    CHECK(cancelled_first.cancelled());
    CHECK(closed_first.exception());
    CHECK(drain(*q) == std::vector{1});
}

TEST_CASE("concurrent_queue: values of puts that are over are not kept, however many there were")
{
    test::loop loop;
    idle_queue<std::shared_ptr<int>> q(1);
    q->try_put(nullptr);
    const auto value = std::make_shared<int>();
    for (int i = 0; i < 1000; ++i) {
        auto putter = loop.spawn(q->put(value));
        loop.settle();
        putter.cancel();
        loop.settle();
    }
    CHECK(value.use_count() == 1);
}

TEST_CASE("concurrent_queue: destroyed while tasks wait, their waits end with operation_aborted")
{
    test::loop loop;
    idle_queue<int> empty(1);
    idle_queue<int> full(1);
    full->try_put(1);
    const auto getter = loop.spawn(empty->get());
    const auto putter = loop.spawn(full->put(2));
    loop.settle();
    empty.destroy();
    full.destroy();
    loop.settle();
    CHECK(test::was_aborted(getter));
    CHECK(test::was_aborted(putter));
}

TEST_CASE("concurrent_queue: it may be destroyed while an item is on its way to somebody")
{
    test::loop loop;
    idle_queue<int> q(1);
    auto getter = loop.spawn(q->get());
    auto late = loop.spawn(q->get());
    loop.settle();
    q->try_put(1);
    q.destroy();
    getter.cancel();
    late.cancel();
    loop.settle();
    CHECK(getter.result() == 1);
    CHECK(late.cancelled());
}

TEST_CASE("concurrent_queue: a loop dies with tasks that wait, and the queue serves the others")
{
    idle_queue<int> q(1);
    int frames = 0;
    {
        test::abandoned_loop loop;
        const auto wait = [&]() -> awaitable<void> {
            const auto count = std::shared_ptr<int>(&++frames, [](int* n) { --*n; });
            co_await q->get();
        };
        const auto wait_for_own = [&]() -> awaitable<void> {
            const auto count = std::shared_ptr<int>(&++frames, [](int* n) { --*n; });
            rill::concurrent_queue<int> own(loop.executor(), 1);
            co_await own.get();
        };
        for (int i = 0; i < 3; ++i)
            loop.spawn(wait());
        loop.spawn(wait_for_own());
        loop.settle();
        CHECK(frames == 4);
        CHECK(q->statistics().getters == 3);
    }
    CHECK(frames == 0);
    CHECK(q->statistics().getters == 0);
    CHECK(q->try_put(1));
    CHECK(q->try_get() == 1);
}

TEST_CASE("concurrent_queue: whoever waits says for what")
{
    test::loop loop;
    idle_queue<int> q(1);
    q->set_name("orders");
    CHECK(q->name() == "orders");
    auto getter = loop.spawn(q->get());
    loop.settle();
    getter.cancel();
    loop.settle();
    const std::string get = test::text_of(getter.exception());
    CHECK(get.find("an item of concurrent queue 'orders' at concurrent_queue.cpp:") != get.npos);
    q->try_put(1);
    auto putter = loop.spawn(q->put(2));
    loop.settle();
    putter.cancel();
    loop.settle();
    const std::string put = test::text_of(putter.exception());
    CHECK(put.find("room in concurrent queue 'orders'") != put.npos);
}

TEST_CASE("concurrent_queue: with completion tokens, on the handler's executor and on no other")
{
    asio::io_context here;
    idle_queue<int> q(1);
    std::vector<int> got;
    const auto take = [&](rill::error_code ec, int v) { got.push_back(ec ? -1 : v); };
    q->async_get(asio::bind_executor(here, take));
    int stored = 0;
    const auto count = [&](rill::error_code ec) { stored += !ec; };
    for (int i = 1; i <= 3; ++i)
        q->async_put(i, asio::bind_executor(here, count));
    CHECK(got.empty());
    here.run_one();
    q->async_get(asio::bind_executor(here, take));
    q->async_get(asio::bind_executor(here, take));
    here.run();
    CHECK(got == std::vector{1, 2, 3});
    CHECK(stored == 3);
    CHECK(q.context().poll() == 0);
}

TEST_CASE("concurrent_queue: a handler that waits keeps its io_context running, as Asio's do")
{
    asio::io_context here;
    idle_queue<int> q(1);
    test::completion<int> got;
    q->async_get(asio::bind_executor(here, got.handler()));
    here.poll();
    CHECK_FALSE(here.stopped());
    q->try_put(4);
    here.run();
    CHECK(got.value() == 4);
}

TEST_CASE(
    "concurrent_queue: a handler without an executor is called on the queue's, and never inside"
)
{
    asio::io_context io;
    rill::concurrent_queue<int> q(io.get_executor(), 1);
    test::completion<> put;
    test::completion<int> got;
    q.async_put(1, put.handler());
    q.async_get(got.handler());
    CHECK_FALSE(put.done());
    CHECK_FALSE(got.done());
    io.run();
    CHECK(put.calls() == 1);
    CHECK(got.value() == 1);
    std::future<int> later = q.async_get(asio::use_future);
    q.try_put(2);
    io.restart();
    io.run();
    CHECK(later.get() == 2);
}

TEST_CASE(
    "concurrent_queue: what is complete at once goes to the immediate executor, if there is one"
)
{
    asio::io_context here;
    idle_queue<int> q(1);
    test::completion<> put;
    const auto inline_executor = asio::system_executor();
    q->async_put(
        1, asio::bind_executor(here, asio::bind_immediate_executor(inline_executor, put.handler()))
    );
    CHECK(put.calls() == 1);
}

TEST_CASE(
    "concurrent_queue: a slot ends the wait of a handler, and may be emitted after all is over"
)
{
    asio::io_context here;
    idle_queue<int> q(1);
    asio::cancellation_signal signal;
    asio::cancellation_signal unused;
    test::completion<int> cancelled;
    test::completion<int> aborted;
    const auto wait = [&](asio::cancellation_signal& s, test::completion<int>& c) {
        q->async_get(asio::bind_executor(here, asio::bind_cancellation_slot(s.slot(), c.handler()))
        );
    };
    wait(signal, cancelled);
    wait(unused, aborted);
    signal.emit(asio::cancellation_type::total);
    here.poll();
    CHECK(cancelled.error() == rill::condition::cancelled);
    CHECK_FALSE(aborted.done());
    q.destroy();
    unused.emit(asio::cancellation_type::total);
    here.run();
    unused.emit(asio::cancellation_type::total);
    CHECK(aborted.error() == asio::error::operation_aborted);
}

TEST_CASE("concurrent_queue: in plain coroutines of Asio's, also cancelled")
{
    asio::io_context here;
    idle_queue<std::unique_ptr<int>> q(1);
    int sum = 0;
    const auto put = [&]() -> awaitable<void> {
        for (int i = 1; i <= 3; ++i)
            co_await q->put(std::make_unique<int>(i));
    };
    const auto get = [&]() -> awaitable<void> {
        for (;;) {
            const auto item = co_await q->get();
            sum += *item;
        }
    };
    asio::cancellation_signal signal;
    std::exception_ptr error;
    asio::co_spawn(
        here,
        get(),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { error = e; })
    );
    asio::co_spawn(here, put(), [](std::exception_ptr) {});
    here.poll();
    CHECK(sum == 6);
    CHECK_FALSE(here.stopped());
    signal.emit(asio::cancellation_type::terminal);
    here.run();
    CHECK(rill::is_cancellation(error));
    CHECK(q->statistics().getters == 0);
}

TEST_CASE("concurrent_queue: blocking calls that need not wait; out of time they change nothing")
{
    idle_queue<std::unique_ptr<int>> q(1);
    CHECK_FALSE(q->blocking_get(0s));
    CHECK_FALSE(q->blocking_get(1ms));
    q->blocking_put(std::make_unique<int>(1));
    auto value = std::make_unique<int>(2);
    CHECK_FALSE(q->blocking_put(value, 1ms));
    REQUIRE(value);
    CHECK(*q->blocking_get() == 1);
    CHECK(q->blocking_put(value, rill::forever));
    CHECK_FALSE(value);
    CHECK(q->statistics().putters + q->statistics().getters == 0);
}

TEST_CASE(
    "concurrent_queue: blocking calls end when it is closed or destroyed, with the value given back"
)
{
    idle_queue<std::unique_ptr<int>> q(1);
    q->try_put(nullptr);
    auto value = std::make_unique<int>(2);
    rill::error_code how;
    std::thread blocked([&] {
        try {
            q->blocking_put(value, rill::forever);
        } catch (const rill::system_error& e) {
            how = e.code();
        }
    });
    while (q->statistics().putters == 0)
        std::this_thread::yield();

    SUBCASE("closed")
    {
        q->close();
        blocked.join();
        CHECK(how == rill::errc::shut_down);
        CHECK_THROWS_AS(q->blocking_put(value, 0s), rill::system_error);
        q->blocking_get();
        CHECK_THROWS_AS(q->blocking_get(), rill::system_error);
    }
    SUBCASE("destroyed")
    {
        q.destroy();
        blocked.join();
        CHECK(how == rill::condition::cancelled);
    }
    CHECK(value);
}

TEST_CASE("concurrent_queue: a blocking call in a step of a loop is refused")
{
    test::loop loop;
    idle_queue<int> q(1);
    loop.run([&]() -> awaitable<void> {
        CHECK_THROWS_AS(q->blocking_get(), std::logic_error);
        CHECK_THROWS_AS(q->blocking_put(1), std::logic_error);
        co_return;
    });
    CHECK(q->size() == 0);
}

TEST_CASE("concurrent_queue: interrupted at every suspension, the items add up")
{
    test::at_every_suspension([](test::scenario& s) {
        idle_queue<int> q(1);
        int put = 0;
        int got = 0;
        const auto put_some = [&](int first, int last) -> awaitable<void> {
            for (int i = first; i <= last; ++i) {
                co_await q->put(i);
                put += i;
            }
        };
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(put_some(1, 3));
                g.create_task(put_some(4, 6));
                for (int i = 0; i < 6; ++i)
                    got += co_await q->get();
            });
        });
        const auto stats = q->statistics();
        CHECK(stats.putters + stats.getters == 0);
        for (const int i : drain(*q))
            got += i;
        CHECK(got == put);
        if (s.completed())
            CHECK(got == 21);
    });
}

} // namespace
