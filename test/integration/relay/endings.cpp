// SPDX-License-Identifier: BSL-1.0
//
// What ends a relayed connection before both sides have sent all.
#include "simulated_relay.hpp"

#include <rill/log_capture.hpp>

#include <optional>

namespace {

using namespace test;

rill::bytes bytes(std::size_t n)
{
    return rill::bytes(n);
}

TEST_CASE("relay, idle_timeout: silence on both sides ends it, and either side's talk keeps it")
{
    rill::log::capture log;
    auto settings = to_servers({"server:7"});
    settings.session.idle_timeout = 32s;
    relayed r(settings);
    const auto server = r.listen(expecting_reset([](rill::stream s) -> awaitable<void> {
        for (int i = 0; i < 10; ++i) {
            co_await rill::sleep(30s);
            s.writer().write("x");
        }
        co_await s.reader().read_all();
    }));
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        CHECK(co_await all_of(s) == "xxxxxxxxxx reset");
    });
    CHECK(r.elapsed() >= 300s + 32s);
    CHECK(r.elapsed() <= 300s + 33s);
    CHECK(r.service.so_far().timed_out.get() == 1);
    log.expect("a connection has been ended early");
    log.expect_nothing_else(rill::log::level::info);
}

TEST_CASE("relay, half_closed_timeout: once one side has sent all the other may be silent for less")
{
    auto settings = to_servers({"server:7"});
    settings.session.half_closed_timeout = 5s;
    relayed r(settings);
    const auto server = r.listen([](rill::stream s) -> awaitable<void> {
        s.writer().write("the answer");
        co_await s.reader().read_all();
        co_await rill::sleep(1h);
    });
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        co_await rill::sleep(1min); // which is not yet too long
        s.writer().write_eof();
        CHECK(co_await all_of(s) == "the answer reset"); // it may be half of one
    });
    CHECK(r.elapsed() == 65s);
    CHECK(r.service.so_far().timed_out.get() == 1);
}

TEST_CASE("relay, total_timeout: it ends however busy it is")
{
    auto settings = to_servers({"server:7"});
    settings.session.total_timeout = 1min;
    relayed r(settings);
    const auto server = r.listen(expecting_reset(echo_back));
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        const auto chat = [&]() -> awaitable<void> {
            for (;;) {
                s.writer().write("x");
                co_await s.reader().read_exactly(1);
                co_await rill::sleep(1s);
            }
        };
        CHECK(co_await error_of(chat()) == boost::asio::error::connection_reset);
    });
    CHECK(r.elapsed() >= 1min);
    CHECK(r.elapsed() <= 62s);
    CHECK(r.service.so_far().timed_out.get() == 1);
}

TEST_CASE("relay, budgets: what a side may send is passed on, and one byte more ends it")
{
    for (const bool of_client : {true, false})
        for (const std::size_t more : {0, 1}) {
            auto settings = to_servers({"server:7"});
            (of_client ? settings.session.most_from_client : settings.session.most_from_server) =
                bytes(1000);
            relayed r(settings);
            const auto server = r.listen(expecting_reset(echo_back));
            r.run([&]() -> awaitable<void> {
                rill::stream s = co_await r.connect();
                s.writer().write(std::string(1000, 'x'));
                CHECK((co_await s.reader().read_exactly(1000)).size() == 1000);
                s.writer().write(std::string(more, 'x'));
                s.writer().write_eof();
                const std::string rest = co_await all_of(s);
                CHECK((rest.ends_with(" reset")) == (more > 0));
            });
            r.loop.advance(1s);
            CHECK(r.service.so_far().over_budget.get() == more);
            CHECK(r.service.so_far().failed.get() == 0);
        }
}

TEST_CASE(
    "relay, budgets: what a client has sent to its end arrives, though its server says too much"
)
{
    auto settings = to_servers({"server:7"});
    settings.session.most_from_server = bytes(10);
    relayed r(settings);
    std::string got;
    const auto server = r.listen([&](rill::stream s) -> awaitable<void> {
        co_await rill::sleep(5s); // the relay has it all by now, and cannot get rid of the end
        s.writer().write(std::string(11, 'x'));
        co_await rill::sleep(1s);
        got = co_await all_of(s);
    });
    r.net.path("relay", "server").bandwidth(10'000);
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write(std::string(90'000, 'x'));
        s.writer().write_eof();
        CHECK(co_await all_of(s) == " reset");
    });
    r.loop.advance(20s);
    CHECK(got == std::string(90'000, 'x'));
}

TEST_CASE("relay: a reset of the client's is one for the server, and no end of the stream")
{
    relayed r;
    std::string got;
    const auto server =
        r.listen([&](rill::stream s) -> awaitable<void> { got = co_await all_of(s); });
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write("half a messa");
        co_await rill::sleep(1s);
        s.abort();
        co_await rill::sleep(1s);
    });
    CHECK(got == "half a messa reset");
    CHECK(r.service.so_far().failed.get() == 1);
}

TEST_CASE("relay: a reset of the server's is one for the client")
{
    relayed r;
    const auto server = r.listen([](rill::stream s) -> awaitable<void> {
        co_await s.reader().read_exactly(1);
        s.abort();
    });
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write("x");
        CHECK(co_await all_of(s) == " reset");
    });
    CHECK(r.service.so_far().failed.get() == 1);
}

TEST_CASE("relay: where a server answers and goes, a client that still sends gets the answer whole")
{
    relayed r;
    const std::string answer(50'000, 'a');
    const auto server = r.listen([&](rill::stream s) -> awaitable<void> {
        co_await s.reader().read_exactly(1);
        s.writer().write(answer);
        s.writer().write_eof();
        co_await rill::sleep(1s); // and resets then, as much has come that it has not read
    });
    r.net.path("relay", "client").bandwidth(10'000);
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write(std::string(300'000, 'x'));
        CHECK((co_await s.reader().read_exactly(answer.size()) == answer));
    });
}

TEST_CASE("relay: a server that is reset while its client sends is no end for the client")
{
    relayed r;
    const auto server = r.listen([](rill::stream s) -> awaitable<void> {
        co_await s.reader().read_exactly(1);
        s.writer().write("half an ans");
        co_await s.writer().drain();
        co_await rill::sleep(1s); // the rest of what comes is not read
        s.abort();
    });
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write(std::string(3'000'000, 'x'));
        CHECK(co_await all_of(s) == "half an ans reset");
    });
    CHECK(r.service.so_far().failed.get() == 1);
}

TEST_CASE("relay: a server gets all that its client has sent, though its time is over meanwhile")
{
    auto settings = to_servers({"server:7"});
    settings.session.total_timeout = 5s;
    relayed r(settings);
    std::string got;
    const auto server =
        r.listen([&](rill::stream s) -> awaitable<void> { got = co_await all_of(s); });
    r.net.path("relay", "server").bandwidth(5'000);
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write(std::string(50'000, 'x'));
        s.writer().write_eof();
        co_await rill::sleep(30s);
    });
    CHECK((got == std::string(50'000, 'x')));
    CHECK(r.service.so_far().timed_out.get() == 1);
}

TEST_CASE("relay: a server that is lost within its answer is no end of it, also after a half-close")
{
    relayed r;
    std::optional<std::string> got;
    const auto server = r.listen([&](rill::stream s) -> awaitable<void> {
        got = co_await s.reader().read_all();
        s.writer().write("half an ans");
        co_await rill::sleep(1s);
        s.abort();
    });
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write("the request");
        s.writer().write_eof();
        CHECK(co_await all_of(s) == "half an ans reset");
    });
    CHECK(got == "the request");
}

TEST_CASE("relay: what a stop cuts is no end of a stream either, for the client or the server")
{
    relayed r;
    std::string got;
    const auto server = r.listen([&](rill::stream s) -> awaitable<void> {
        s.writer().write("half an ans");
        got = co_await all_of(s);
    });
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        s.writer().write("half a requ");
        co_await rill::sleep(1s);
        CHECK_FALSE(co_await r.relaying.drain(5s));
        CHECK(co_await all_of(s) == "half an ans reset");
    });
    CHECK(got == "half a requ reset");
}

TEST_CASE("relay, R4: a client that does not read is cut after write_stall, and its server with it")
{
    auto settings = to_servers({"server:7"});
    settings.server.write_stall = 5s;
    relayed r(settings);
    const auto server = r.listen(expecting_reset([](rill::stream s) -> awaitable<void> {
        s.writer().options().write_stall(rill::forever);
        s.writer().write(std::string(10'000'000, 'x'));
        co_await s.writer().drain();
    }));
    r.run([&]() -> awaitable<void> {
        rill::stream s = co_await r.connect();
        co_await rill::sleep(7s);
        CHECK(r.relaying.connections() == 0);
        CHECK(server.connections() == 0);
    });
    CHECK(r.service.so_far().failed.get() == 1);
}

} // namespace
