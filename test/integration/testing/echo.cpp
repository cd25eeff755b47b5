// SPDX-License-Identifier: BSL-1.0

// The echo service on a network in memory.

#include <support/network.hpp>
#include <support/sanitized.hpp>

#include <rill/sleep.hpp>
#include <rill/task_group.hpp>

#include <echo.hpp>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

struct service : two_hosts {
    echo::session_settings settings;
    rill::server serving;

    explicit service(const echo::session_settings& s)
        : settings(s)
        , serving(listen(
              [this](rill::stream client) { return echo::session(std::move(client), settings); },
              "*:7007"
          ))
    {
        net.defaults().latency(20ms);
    }
};

TEST_CASE("simulated echo: a client that is silent for hours is disconnected, an active one is not")
{
    echo::session_settings settings;
    settings.idle_timeout = 8h;
    service s(settings);
    s.run([&]() -> awaitable<void> {
        rill::stream silent = co_await rill::open_connection("server", 7007);
        rill::stream active = co_await rill::open_connection("server", 7007);
        const auto begun = s.elapsed();
        for (int hour = 0; hour < 24; ++hour) {
            active.writer().write("x");
            CHECK(co_await active.reader().read_exactly(1) == "x");
            co_await rill::sleep(1h);
            CHECK(s.serving.connections() == (s.elapsed() - begun < 8h ? 2 : 1));
        }
        CHECK((co_await silent.reader().read_all()).empty());
    });
    CHECK(s.loop.reported().empty());
}

TEST_CASE("simulated echo: where idle_timeout is never a silent client stays")
{
    echo::session_settings settings;
    settings.idle_timeout = rill::forever;
    service s(settings);
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 7007);
        co_await rill::sleep(1000h);
        client.writer().write("x");
        CHECK(co_await client.reader().read_exactly(1) == "x");
    });
}

TEST_CASE("simulated echo: in line mode nothing comes back before the line has its end")
{
    echo::session_settings settings;
    settings.mode = echo::mode::line;
    service s(settings);
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 7007);
        client.writer().write("tw");
        const auto reading = rill::create_task(client.reader().read_line());
        co_await rill::sleep(50s);
        CHECK(client.reader().buffered().empty());
        client.writer().write("o\n");
        CHECK(co_await reading == "two\n");
    });
    CHECK(s.loop.reported().empty());
}

TEST_CASE("simulated echo, R4: a client that sends and does not read is cut after write_stall")
{
    service s((echo::session_settings()));
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 7007);
        client.writer().options().write_stall(rill::forever);
        const auto begun = s.elapsed();
        client.writer().write(std::string(1'000'000, 'x'));
        CHECK(co_await error_of(client.writer().drain()) == boost::asio::error::connection_reset);
        CHECK(s.elapsed() - begun >= 30s);
        CHECK(s.elapsed() - begun <= 31s);
        CHECK(s.serving.connections() == 0);
    });
}

TEST_CASE("simulated echo: on a stop what has arrived is answered, and then comes the end")
{
    for (const echo::mode mode : {echo::mode::raw, echo::mode::line}) {
        echo::session_settings settings;
        settings.mode = mode;
        service s(settings);
        s.run([&]() -> awaitable<void> {
            std::string sent;
            while (sent.size() < 250'000) // the service waits, as nobody reads its answers
                sent += "a message of some length\n";
            rill::stream client = co_await rill::open_connection("server", 7007);
            client.writer().write(sent);
            co_await rill::sleep(1s);
            CHECK(client.writer().buffered() == 0);
            s.serving.close();
            s.serving.finish_clients();
            co_await rill::sleep(1s);
            CHECK(co_await client.reader().read_all() == sent);
            co_await s.serving.wait_closed();
        });
        CHECK(s.loop.reported().empty());
    }
}

TEST_CASE("simulated echo: a client sees its bytes again after a partition of ten minutes")
{
    echo::session_settings settings;
    settings.idle_timeout = 1h;
    service s(settings);
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 7007);
        client.writer().options().write_stall(1h);
        s.net.partition({"client"}, {"server"});
        client.writer().write("through thick and thin\n");
        const auto reading = rill::create_task(client.reader().read_line());
        co_await rill::sleep(10min);
        CHECK_FALSE(reading.done());
        s.net.heal();
        CHECK(co_await reading == "through thick and thin\n");
    });
}

TEST_CASE("simulated echo: lines that arrive byte by byte come back whole")
{
    echo::session_settings settings;
    settings.mode = echo::mode::line;
    service s(settings);
    s.net.defaults().segment(1, 1).jitter(5ms).loss(0.05);
    s.run([&]() -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 7007);
        for (int i = 0; i < 20; ++i) {
            const std::string line = "line " + std::to_string(i) + '\n';
            client.writer().write(line);
            CHECK(co_await client.reader().read_line() == line);
        }
    });
}

TEST_CASE("simulated echo: ten clients, ten messages a second, for an hour with faults")
{
    constexpr int minutes = sanitized ? 6 : 60;
    service s((echo::session_settings()));
    s.net.defaults().latency(20ms).loss(0.01);
    const auto talk = [](int& answers) -> awaitable<void> {
        rill::stream client = co_await rill::open_connection("server", 7007);
        const rill::time_point begun = rill::this_loop().time();
        for (int i = 0; i < 600 * minutes; ++i) {
            client.writer().write("a message of some length\n");
            CHECK(co_await client.reader().read_line() == "a message of some length\n");
            ++answers;
            co_await rill::sleep_until(begun + (i + 1) * 100ms);
        }
    };
    int answers = 0;
    s.run([&]() -> awaitable<void> {
        co_await rill::with_task_group([&](rill::task_group& group) -> awaitable<void> {
            for (int i = 0; i < 10; ++i)
                group.create_task(talk(answers));
            for (int minute = 0; minute < minutes; ++minute) {
                co_await rill::sleep(55s);
                s.net.partition({"client"}, {"server"});
                co_await rill::sleep(5s);
                s.net.heal();
            }
        });
    });
    CHECK(answers == 6'000 * minutes);
    CHECK(s.net.statistics().lost > 60u * minutes);
    CHECK(s.elapsed() >= minutes * 1min);
}

} // namespace
