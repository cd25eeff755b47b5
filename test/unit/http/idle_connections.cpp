// SPDX-License-Identifier: BSL-1.0
#include "connection.hpp"
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/log_capture.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>
#include <rill/testing/stream_pair.hpp>

#include <boost/asio/this_coro.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace rill::http::detail;
using rill::awaitable;

/// A server whose connections the test can name. "/wait" is answered once the test says so.
class fixture {
public:
    test::loop loop;
    rill::event answer{loop.executor()};
    const std::shared_ptr<server_state> server = std::make_shared<server_state>(
        [this](rill::http::request& r) { return handle(r); }, rill::http::settings()
    );
    std::vector<connection*> connections;
    std::vector<rill::stream> clients;

    ~fixture()
    {
        answer.set();
        clients.clear();
    }

    void connect()
    {
        auto pair = rill::testing::stream_pair(loop.executor());
        clients.push_back(std::move(pair.first));
        serving_.push_back(rill::create_task(loop.executor(), serve(std::move(pair.second))));
        loop.settle();
    }

    void send(std::size_t client, const std::string& bytes)
    {
        clients[client].writer().write(bytes);
        loop.settle();
    }

    bool ended(std::size_t client) const { return serving_[client].done(); }

private:
    awaitable<rill::http::response> handle(rill::http::request& r)
    {
        if (r.path() == "/wait")
            co_await answer.wait();
        co_return rill::http::text("done");
    }

    awaitable<void> serve(rill::stream s)
    {
        auto* task =
            rill::detail::running_task(co_await boost::asio::this_coro::cancellation_state);
        connection c(server, std::move(s), *task);
        connections.push_back(&c);
        co_await c.run();
    }

    std::vector<rill::task<>> serving_;
};

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string wait = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";

} // namespace

TEST_CASE("idle connections: the server knows which waits for a request since before all others")
{
    fixture f;
    CHECK(f.server->longest_idle() == nullptr);
    for (int i = 0; i < 3; ++i)
        f.connect();
    CHECK(f.server->longest_idle() == f.connections[0]);
    f.send(0, get);
    CHECK(f.server->longest_idle() == f.connections[1]);
    f.send(1, "GET");
    CHECK(f.server->longest_idle() == f.connections[2]);
    f.send(2, wait);
    CHECK(f.server->longest_idle() == f.connections[0]);
    f.send(0, wait);
    CHECK(f.server->longest_idle() == nullptr);
    f.answer.set();
    f.loop.settle();
    CHECK(f.server->longest_idle() == f.connections[2]);
}

TEST_CASE("idle connections: one that ends is not known any more")
{
    fixture f;
    f.connect();
    f.connect();
    f.clients[0].close();
    f.loop.settle();
    CHECK(f.ended(0));
    CHECK(f.server->longest_idle() == f.connections[1]);
}

TEST_CASE("idle connections: since when, on the server's clock")
{
    fixture f;
    f.connect();
    const auto begun = f.loop.now();
    CHECK(f.connections[0]->idle_since() == begun);
    f.loop.advance(5s);
    f.send(0, wait);
    CHECK_FALSE(f.connections[0]->idle_since());
    f.loop.advance(5s);
    f.answer.set();
    f.loop.settle();
    CHECK(f.connections[0]->idle_since() == begun + 10s);
}

TEST_CASE("idle connections: the longest idle one can be ended at once, and no other is")
{
    fixture f;
    for (int i = 0; i < 3; ++i)
        f.connect();
    f.send(0, get);
    f.server->longest_idle()->end_idleness(f.loop.now(), f.loop.now());
    f.loop.settle();
    CHECK_FALSE(f.ended(0));
    CHECK(f.ended(1));
    CHECK_FALSE(f.ended(2));
}

TEST_CASE("idle connections: for a client that waits the longest idle one is closed, and no other")
{
    fixture f;
    const rill::log::capture log;
    for (int i = 0; i < 3; ++i)
        f.connect();
    f.send(0, get);
    f.loop.advance(1s);
    f.server->begin_waiting();
    f.loop.settle();
    CHECK(f.ended(1));
    CHECK_FALSE(f.ended(0));
    CHECK_FALSE(f.ended(2));
    f.server->end_waiting();
    f.send(0, get);
    f.send(2, get);
    CHECK_FALSE(f.ended(0));
    CHECK_FALSE(f.ended(2));
}

TEST_CASE("idle connections: for two clients that wait at once two are closed")
{
    fixture f;
    const rill::log::capture log;
    for (int i = 0; i < 3; ++i)
        f.connect();
    f.loop.advance(1s);
    f.server->begin_waiting();
    f.server->begin_waiting();
    f.loop.settle();
    CHECK(f.ended(0));
    CHECK(f.ended(1));
    CHECK_FALSE(f.ended(2));
}

TEST_CASE("idle connections: who has just come is spared for a moment, and then makes room")
{
    fixture f;
    const rill::log::capture log;
    f.connect();
    f.connect();
    f.server->begin_waiting();
    f.loop.advance(200ms);
    CHECK_FALSE(f.ended(0));
    f.loop.advance(1s);
    CHECK(f.ended(0));
    CHECK_FALSE(f.ended(1));
}

TEST_CASE("idle connections: where none is idle the next answer closes its connection, and says so")
{
    fixture f;
    const rill::log::capture log;
    f.connect();
    f.connect();
    f.send(0, wait);
    f.send(1, wait);
    f.server->begin_waiting();
    SUBCASE("one")
    {
        f.answer.set();
        f.loop.settle();
        CHECK(f.ended(0) != f.ended(1));
        const std::size_t one = f.ended(0) ? 0 : 1;
        const std::string answer = f.loop.run(f.clients[one].reader().read_all());
        CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
        f.server->end_waiting();
    }
    SUBCASE("none, if the client has left or found a place before")
    {
        f.server->end_waiting();
        f.answer.set();
        f.loop.settle();
        CHECK_FALSE(f.ended(0));
        CHECK_FALSE(f.ended(1));
    }
    SUBCASE("as many as clients wait")
    {
        f.server->begin_waiting();
        f.answer.set();
        f.loop.settle();
        CHECK(f.ended(0));
        CHECK(f.ended(1));
    }
}

TEST_CASE("idle connections: that one is closed for a client is logged, at most once a minute")
{
    fixture f;
    rill::log::capture log;
    for (int i = 0; i < 4; ++i)
        f.connect();
    const auto somebody_waits = [&f]() -> awaitable<void> {
        f.server->begin_waiting();
        co_await rill::yield();
        f.server->end_waiting();
    };
    f.loop.advance(1s);
    for (int i = 0; i < 3; ++i)
        f.loop.run(somebody_waits);
    log.expect("a client waits: an idle one makes room connections=4");
    log.expect_nothing_else();
    f.loop.advance(61s);
    f.connect();
    f.loop.run(somebody_waits);
    log.expect("left_out=2");
}
