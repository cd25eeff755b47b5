// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/loop.hpp>
#include <rill/run.hpp>
#include <rill/sleep.hpp>
#include <rill/thread_future.hpp>
#include <rill/to_thread.hpp>

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <filesystem>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;
using local_socket = boost::asio::local::stream_protocol::socket;

TEST_CASE("LOOP-09: close may be repeated, and drops what is queued without calling it")
{
    rill::loop loop;
    const auto held = std::make_shared<int>();
    loop.call_soon([held] { FAIL("called"); });
    loop.call_later(1h, [held] { FAIL("called"); });
    auto handle = loop.call_soon_threadsafe([held] { FAIL("called"); });
    const auto t = rill::create_task(loop.get_executor(), [held]() -> awaitable<void> {
        FAIL("it runs");
        co_return;
    });
    CHECK(held.use_count() > 1);
    CHECK_FALSE(loop.is_closed());
    loop.close();
    loop.close();
    CHECK(loop.is_closed());
    CHECK_FALSE(loop.is_running());
    handle = {};
    CHECK(held.use_count() == 1);
    CHECK_FALSE(t.done());
}

TEST_CASE("LOOP-09: close is refused while the loop runs, which goes on")
{
    rill::loop loop;
    const int answer = loop.run_until_complete([&]() -> awaitable<int> {
        CHECK_THROWS_AS(loop.close(), std::logic_error);
        CHECK_THROWS_AS(rill::this_loop().close(), std::logic_error);
        co_await rill::yield();
        CHECK_FALSE(loop.is_closed());
        co_return 2;
    });
    CHECK(answer == 2);
}

TEST_CASE("LOOP-09: close does not wait for threads of the default executor")
{
    std::promise<void> go;
    auto gone = std::make_shared<std::promise<void>>();
    auto ended = gone->get_future();
    {
        rill::loop loop;
        std::promise<void> begun;
        const auto t = rill::create_task(loop.get_executor(), rill::to_thread([&begun, &go, gone] {
                                             begun.set_value();
                                             go.get_future().wait();
                                             gone->set_value();
                                         }));
        loop.poll();
        begun.get_future().wait();
        loop.close();
        CHECK_FALSE(t.done());
    }
    go.set_value();
    ended.wait();
}

TEST_CASE("LOOP-10: after close every way to schedule something is refused")
{
    rill::loop loop;
    const auto ended =
        rill::create_task(loop.get_executor(), []() -> awaitable<int> { co_return 1; });
    CHECK(loop.run_until_complete(ended) == 1);
    loop.close();

    const char* const closed = "rill::loop: the loop is closed";
    const auto body = []() -> awaitable<void> {
        FAIL("it runs");
        co_return;
    };
    CHECK_THROWS_WITH_AS(loop.call_soon([] {}), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.call_later(1s, [] {}), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.call_at(rill::never, [] {}), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.call_soon_threadsafe([] {}), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(rill::create_task(loop.get_executor(), body), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(rill::future<>(loop.get_executor()), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(rill::run_coroutine_threadsafe(loop, body), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.run_until_complete(body), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.run_until_complete(ended), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.run_forever(), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.run_once(), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.poll_one(), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.poll(), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.stop(), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.cancel_all_tasks(), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.time(), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.context(), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.set_task_factory({}), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(loop.set_exception_handler({}), closed, std::logic_error);
    CHECK_THROWS_WITH_AS(
        loop.set_default_executor(std::make_shared<rill::thread_pool>(1)), closed, std::logic_error
    );
    CHECK(ended.result() == 1); // what has ended keeps its outcome
}

TEST_CASE("LOOP-10: a view that outlives the loop says that it is closed")
{
    std::optional<rill::loop> view;
    rill::run([&]() -> awaitable<void> {
        view.emplace(rill::this_loop());
        co_return;
    });
    CHECK(view->is_closed());
    CHECK_THROWS_AS(view->call_soon([] {}), std::logic_error);
    CHECK_THROWS_AS(view->call_soon_threadsafe([] {}), std::logic_error);

    rill::loop from;
    const rill::loop to = std::move(from);
    CHECK(from.is_closed());
    CHECK_FALSE(to.is_closed());
    CHECK_THROWS_AS(from.call_soon([] {}), std::logic_error);
}

TEST_CASE("LOOP-09, LOOP-10: closing the view of an io_context drops what is Rill's, and that alone"
)
{
    boost::asio::io_context io;
    rill::loop view(io);
    const auto held = std::make_shared<int>();
    bool plain = false;
    view.call_soon([held] { FAIL("called"); });
    view.call_later(1h, [held] { FAIL("called"); });
    view.call_soon_threadsafe([held] { FAIL("called"); });
    boost::asio::post(io, [&] { plain = true; });
    const auto t = rill::create_task(io.get_executor(), [held]() -> awaitable<void> {
        co_await rill::sleep(1h);
    });
    view.close();
    CHECK_THROWS_AS(view.call_soon([] {}), std::logic_error);
    CHECK_FALSE(t.done());

    rill::loop next(io);
    bool called = false;
    next.call_soon([&] { called = true; });
    const auto u = rill::create_task(io.get_executor(), []() -> awaitable<int> {
        co_await rill::sleep(1us);
        co_return 3;
    });
    io.run();
    CHECK(plain);
    CHECK(called);
    CHECK(u.result() == 3);
    CHECK(held.use_count() == 1);
    CHECK_FALSE(t.done());
}

TEST_CASE("LOOP-09: tasks that wait for Asio's operations are cancelled when a view is closed")
{
    boost::asio::io_context io;
    rill::loop view(io);
    local_socket a(io);
    local_socket b(io);
    boost::asio::local::connect_pair(a, b);
    const auto t = rill::create_task(io.get_executor(), [&]() -> awaitable<void> {
        char byte = 0;
        co_await a.async_read_some(boost::asio::buffer(&byte, 1), boost::asio::use_awaitable);
    });
    view.poll();
    view.close();
    CHECK_FALSE(t.done());
    io.restart();
    io.run();
    CHECK(t.cancelled());
}

TEST_CASE("LOOP-19: a socket can be looked at, used and closed after its loop was closed")
{
    boost::asio::io_context io;
    rill::loop view(io);
    local_socket a(io);
    local_socket b(io);
    boost::asio::local::connect_pair(a, b);
    const auto t = rill::create_task(io.get_executor(), [&]() -> awaitable<void> {
        co_await a.async_wait(local_socket::wait_read, boost::asio::use_awaitable);
    });
    view.poll();
    view.close();
    CHECK(a.is_open());
    CHECK(a.native_handle() >= 0);
    CHECK(a.write_some(boost::asio::buffer("x", 1)) == 1);
    CHECK(b.available() == 1);
    a.close();
    CHECK_FALSE(a.is_open());
    io.restart();
    io.run();
    CHECK(t.done());
}

std::ptrdiff_t open_descriptors()
{
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
}

TEST_CASE("LOOP-17: closing a loop gives all its descriptors back")
{
    rill::run([]() -> awaitable<void> { co_return; }); // what is made once is made
    const auto before = open_descriptors();
    {
        rill::loop loop;
        loop.call_later(1h, [] {});
        loop.run_until_complete([]() -> awaitable<void> { co_await rill::sleep(1us); });
        CHECK(open_descriptors() > before);
        loop.close();
        CHECK(open_descriptors() == before);
    }
    rill::run([]() -> awaitable<void> { co_await rill::to_thread([] {}); });
    CHECK_THROWS(rill::run([]() -> awaitable<void> { throw std::runtime_error("main"); }));
    CHECK(open_descriptors() == before);
}

} // namespace
