// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/barrier.hpp>
#include <rill/condition_variable.hpp>
#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/gather.hpp>
#include <rill/generator.hpp>
#include <rill/introspect.hpp>
#include <rill/mutex.hpp>
#include <rill/queue.hpp>
#include <rill/select.hpp>
#include <rill/semaphore.hpp>
#include <rill/shield.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>
#include <rill/to_thread.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
namespace asio = boost::asio;

/// Starts `body`, which notes the line of the wait that it then is in, lets it come to rest, and
/// gives where the library says that it waits; then ends it.
template <class Body>
rill::task_info looked_at(test::loop& loop, Body body)
{
    const auto task = loop.spawn(std::move(body), "looked at");
    loop.settle();
    rill::task_info info = rill::describe(task);
    rill::task_ref(task).cancel();
    loop.settle();
    return info;
}

bool is_here(const std::source_location& place, unsigned line)
{
    return place.line() == line && std::string_view(place.file_name()) == __FILE__;
}

/// The place is that line of this file, and the innermost of the stack as well. The line may be noted
/// by whoever makes `info`, in the same expression.
void check(const rill::task_info& info, const unsigned& line, std::string_view what)
{
    INFO(rill::detail::line_of(info));
    CHECK(info.state == rill::activity::waiting);
    CHECK(info.where.line() == line);
    CHECK(is_here(info.where, line));
    CHECK(info.waits_for == what);
    REQUIRE_FALSE(info.stack.empty());
    CHECK(is_here(info.stack.front(), line));
}

TEST_CASE("where a task waits: sleep")
{
    test::loop loop;
    unsigned line = 0;
    check(
        looked_at(
            loop,
            [&]() -> awaitable<void> {
                line = __LINE__ + 1;
                co_await rill::sleep(1h);
            }
        ),
        line,
        "a sleep"
    );
}

TEST_CASE("where a task waits: sleep_until")
{
    test::loop loop;
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await rill::sleep_until(loop.now() + 1h);
    };
    check(looked_at(loop, body), line, "a sleep");
}

TEST_CASE("where a task waits: yield, while it is ready")
{
    test::loop loop;
    unsigned line = 0;
    rill::task_info info;
    const auto yields = loop.spawn([&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await rill::yield();
    });
    const auto looks = loop.spawn([&]() -> awaitable<void> {
        info = rill::describe(yields);
        co_return;
    });
    loop.settle();
    CHECK(is_here(info.where, line));
    CHECK(info.state == rill::activity::ready);
    CHECK(info.waits_for == "its turn");
}

TEST_CASE("where a task waits: event")
{
    test::loop loop;
    rill::event event(loop.executor());
    event.set_name("go");
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await event.wait();
    };
    check(looked_at(loop, body), line, "event 'go'");
}

TEST_CASE("where a task waits: mutex, by a guard and by lock")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    mutex.set_name("cache");
    REQUIRE(mutex.try_lock());
    unsigned line = 0;
    const auto guard = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        const auto lock = co_await mutex.scoped();
    };
    check(looked_at(loop, guard), line, "mutex 'cache'");
    const auto plain = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await mutex.lock();
    };
    check(looked_at(loop, plain), line, "mutex 'cache'");
}

TEST_CASE("where a task waits: semaphore")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 0);
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await semaphore.acquire();
    };
    const auto info = looked_at(loop, body);
    CHECK(is_here(info.where, line));
    CHECK(info.waits_for.starts_with("a semaphore"));
}

TEST_CASE("where a task waits: queue, empty and full")
{
    test::loop loop;
    rill::queue<int> queue(loop.executor(), 1);
    queue.set_name("jobs");
    unsigned line = 0;
    const auto gets = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await queue.get();
    };
    check(looked_at(loop, gets), line, "an item of queue 'jobs'");
    REQUIRE(queue.try_put(1));
    const auto puts = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await queue.put(2);
    };
    check(looked_at(loop, puts), line, "room in queue 'jobs'");
}

TEST_CASE("where a task waits: condition variable")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    rill::condition_variable changed(mutex);
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        const auto lock = co_await mutex.scoped();
        line = __LINE__ + 1;
        co_await changed.wait();
    };
    check(looked_at(loop, body), line, "a condition variable");
}

TEST_CASE("where a task waits: barrier")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 2);
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await barrier.wait();
    };
    const auto info = looked_at(loop, body);
    CHECK(is_here(info.where, line));
    CHECK(info.waits_for.starts_with("a barrier"));
}

TEST_CASE("where a task waits: another task")
{
    test::loop loop;
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        const auto child = rill::create_task(rill::sleep(1h), "child");
        line = __LINE__ + 1;
        co_await child;
    };
    check(looked_at(loop, body), line, "task 'child'");
}

TEST_CASE("where a task waits: future")
{
    test::loop loop;
    const rill::future<int> answer(loop.executor());
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await answer;
    };
    check(looked_at(loop, body), line, "a future");
}

TEST_CASE("where a task waits: gather")
{
    test::loop loop;
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await rill::gather(rill::sleep(1h), rill::sleep(2h));
    };
    check(looked_at(loop, body), line, "several tasks");
}

TEST_CASE("where a task waits: the end of its group")
{
    test::loop loop;
    unsigned line = 0;
    const auto children = [](rill::task_group& group) -> awaitable<void> {
        group.create_task(rill::sleep(1h));
        co_return;
    };
    const auto body = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await rill::with_task_group(children);
    };
    check(looked_at(loop, body), line, "the children of its task group");
}

TEST_CASE("where a task waits: in the body of a timeout")
{
    test::loop loop;
    unsigned line = 0;
    unsigned outer = 0;
    const auto body = [&]() -> awaitable<void> {
        const auto inner = [&]() -> awaitable<void> {
            line = __LINE__ + 1;
            co_await rill::sleep(1h);
        };
        outer = __LINE__ + 1;
        co_await rill::timeout(30min, inner);
    };
    const auto info = looked_at(loop, body);
    check(info, line, "a sleep");
    REQUIRE(info.stack.size() == 2);
    CHECK(is_here(info.stack[1], outer));
    CHECK(info.deadline == rill::duration(30min));
}

awaitable<void> innermost(unsigned& line)
{
    line = __LINE__ + 1;
    co_await rill::sleep(1h);
}

awaitable<int> middle(unsigned& line, unsigned& here)
{
    here = __LINE__ + 1;
    co_await innermost(line);
    co_return 1;
}

TEST_CASE("where a task waits: a coroutine of three levels, each at its co_await")
{
    test::loop loop;
    unsigned line = 0;
    unsigned second = 0;
    unsigned third = 0;
    const auto body = [&]() -> awaitable<void> {
        third = __LINE__ + 1;
        const int one = co_await middle(line, second);
        static_cast<void>(one);
    };
    const auto info = looked_at(loop, body);
    check(info, line, "a sleep");
    REQUIRE(info.stack.size() == 3);
    CHECK(is_here(info.stack[1], second));
    CHECK(is_here(info.stack[2], third));
}

rill::generator<int> slow_numbers(unsigned& line)
{
    co_yield 1;
    line = __LINE__ + 1;
    co_await rill::sleep(1h);
    co_yield 2;
}

TEST_CASE("IN-04: where a task waits: in a generator, which is in the stack")
{
    test::loop loop;
    unsigned line = 0;
    unsigned consumer = 0;
    const auto body = [&]() -> awaitable<void> {
        auto numbers = slow_numbers(line);
        consumer = __LINE__ + 1;
        while (auto n = co_await numbers.next())
            continue;
    };
    const auto info = looked_at(loop, body);
    check(info, line, "a sleep");
    REQUIRE(info.stack.size() == 2);
    CHECK(is_here(info.stack[1], consumer));
}

TEST_CASE("IN-04: a generator that has yielded, and one that has ended, are in nobody's stack")
{
    test::loop loop;
    unsigned line = 0;
    const auto paused = [&]() -> awaitable<void> {
        auto numbers = slow_numbers(line);
        co_await numbers.next();
        line = __LINE__ + 1;
        co_await rill::sleep(1h);
    };
    auto info = looked_at(loop, paused);
    check(info, line, "a sleep");
    CHECK(info.stack.size() == 1);
    const auto once = []() -> rill::generator<int> { co_yield 1; };
    const auto ended = [&]() -> awaitable<void> {
        auto numbers = once();
        while (auto n = co_await numbers.next())
            continue;
        line = __LINE__ + 1;
        co_await rill::sleep(1h);
    };
    info = looked_at(loop, ended);
    check(info, line, "a sleep");
    CHECK(info.stack.size() == 1);
}

TEST_CASE("where a task waits: an operation with a token")
{
    test::loop loop;
    rill::queue<int> queue(loop.executor(), 1);
    unsigned line = 0;
    const auto plain = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await queue.get();
    };
    check(looked_at(loop, plain), line, "an item of a queue");
    const auto deferred = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await queue.async_get(asio::deferred);
    };
    check(looked_at(loop, deferred), line, "an item of a queue");
    const auto spawned = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await queue.async_get(asio::use_awaitable);
    };
    check(looked_at(loop, spawned), line, "an item of a queue");
}

TEST_CASE("where a task waits: a timer of Asio's, with use_awaitable and with deferred")
{
    test::loop loop;
    asio::steady_timer timer(loop.context(), 1h);
    unsigned line = 0;
    const auto awaited = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await timer.async_wait(asio::use_awaitable);
    };
    check(looked_at(loop, awaited), line, "async_wait of Asio's");
    const auto deferred = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await timer.async_wait(asio::deferred);
    };
    check(looked_at(loop, deferred), line, "an operation of Asio's");
}

TEST_CASE("where a task waits: a read of a socket, and after a post")
{
    test::loop loop;
    asio::local::stream_protocol::socket ours(loop.context());
    asio::local::stream_protocol::socket theirs(loop.context());
    asio::local::connect_pair(ours, theirs);
    char byte = 0;
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        co_await asio::post(asio::use_awaitable);
        line = __LINE__ + 1;
        co_await ours.async_read_some(asio::buffer(&byte, 1), asio::use_awaitable);
    };
    check(looked_at(loop, body), line, "async_receive of Asio's");
}

TEST_CASE("where a task waits: a post, until the loop comes to it")
{
    test::loop loop;
    unsigned line = 0;
    rill::task_info info;
    const auto task = loop.spawn([&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await asio::post(asio::use_awaitable);
    });
    loop.spawn([&]() -> awaitable<void> {
        info = rill::describe(task);
        co_return;
    });
    loop.settle();
    CHECK(is_here(info.where, line));
}

TEST_CASE("where a task waits: a lambda that is called and awaited")
{
    test::loop loop;
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        const auto lambda = [&](auto d) -> awaitable<void> {
            line = __LINE__ + 1;
            co_await rill::sleep(d);
        };
        co_await lambda(1h);
    };
    const auto info = looked_at(loop, body);
    check(info, line, "a sleep");
    CHECK(info.stack.size() == 2);
}

TEST_CASE("where a task waits: a call in a thread")
{
    test::loop loop;
    std::promise<void> go_on;
    unsigned line = 0;
    const auto task = loop.spawn([&]() -> awaitable<void> {
        const auto call = [&] { go_on.get_future().wait(); };
        line = __LINE__ + 1;
        co_await rill::to_thread(call);
    });
    loop.settle();
    const auto info = rill::describe(task);
    go_on.set_value();
    loop.jump();
    loop.settle();
    CHECK(task.done());
    CHECK(is_here(info.where, line));
    CHECK(info.state == rill::activity::waiting);
}

TEST_CASE("where a task waits: select")
{
    test::loop loop;
    rill::event one(loop.executor());
    rill::event other(loop.executor());
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await rill::select(one.wait(), other.wait());
    };
    check(looked_at(loop, body), line, "the first of several operations");
}

TEST_CASE("where a task waits: shield")
{
    test::loop loop;
    rill::event end(loop.executor());
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await rill::shield(end.wait());
    };
    const auto info = looked_at(loop, body);
    CHECK(is_here(info.where, line));
    end.set();
    loop.settle();
}

TEST_CASE("where a task waits: two waits of a line, and one of several lines")
{
    test::loop loop;
    rill::event event(loop.executor());
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        event.set();
        line = __LINE__ + 1;
        co_await event.wait(), event.clear(), co_await event.wait();
    };
    check(looked_at(loop, body), line, "an event");
    const auto spread = [&]() -> awaitable<void> {
        line = __LINE__ + 1;
        co_await rill::sleep_until(loop.now() + 1h);
    };
    check(looked_at(loop, spread), line, "a sleep");
}

TEST_CASE("where a task waits: what it has co_spawned on its own executor is none of its coroutines"
)
{
    test::loop loop;
    rill::event end(loop.executor());
    unsigned line = 0;
    const auto body = [&]() -> awaitable<void> {
        const auto session = [&]() -> awaitable<void> { co_await end.wait(); };
        const auto here = co_await asio::this_coro::executor;
        asio::co_spawn(here, session, asio::detached);
        co_await rill::yield();
        line = __LINE__ + 1;
        co_await rill::sleep(1h);
    };
    const auto info = looked_at(loop, body);
    check(info, line, "a sleep");
    CHECK(info.stack.size() == 1);
    end.set();
    loop.settle();
}

} // namespace
