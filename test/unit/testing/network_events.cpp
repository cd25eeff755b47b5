// SPDX-License-Identifier: BSL-1.0

// What can be observed, and that it is the same again.

#include <support/network.hpp>

#include <rill/sleep.hpp>
#include <rill/testing/network.hpp>

#include <chrono>
#include <set>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

/// Writes down what happens on a network.
class event_log {
public:
    explicit event_log(rill::testing::network& net)
        : net_(net)
    {
        net_.on_event([this](const rill::testing::network_event& e) { add(e); });
    }

    ~event_log() { net_.on_event(nullptr); }

    event_log(const event_log&) = delete;
    event_log& operator=(const event_log&) = delete;

    std::string text;

private:
    void add(const rill::testing::network_event& e) { text += to_string(e) + '\n'; }

    rill::testing::network& net_;
};

/// Three clients talk with a server over a bad network; what happened.
std::string history(std::uint64_t seed)
{
    two_hosts n(seed);
    event_log log(n.net);
    n.net.defaults().latency(20ms).jitter(5ms).loss(0.1).segment(1, 20).bandwidth(10'000);
    const auto server = n.listen(echo_back);
    const auto talk = []() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        for (int i = 0; i < 5; ++i) {
            s.writer().write("some message " + std::to_string(i) + '\n');
            co_await s.reader().read_line();
        }
    };
    for (const char* name : {"a", "b", "c"})
        n.net.host(name).spawn(talk);
    n.loop.advance(1s);
    n.net.partition({"a"}, {"server"});
    n.loop.advance(10s);
    n.net.heal();
    n.loop.advance(1h);
    return log.text;
}

TEST_CASE("network: the same seed gives the same events, another one others")
{
    const std::string first = history(1);
    CHECK(first.size() > 1000);
    for (int i = 0; i < 100; ++i)
        REQUIRE(history(1) == first);
    CHECK(history(2) != first);
}

TEST_CASE("network: each event is a line of text")
{
    two_hosts n;
    event_log log(n.net);
    n.net.defaults().latency(10ms);
    const auto server = n.listen(echo_back);
    n.run([]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        s.writer().write("hello");
        s.writer().write_eof();
        co_await s.reader().read_all();
    });
    n.net.partition({"client"}, {"server"});
    n.net.heal();
    n.server.crash();
    n.server.restart();
    CHECK(
        log.text == "0.000000 server:7 listen\n"
                    "0.000000 server:7 listen\n"
                    "0.000000 client:32768 > server:7 connect\n"
                    "0.020000 client:32768 > server:7 data 5\n"
                    "0.020000 client:32768 > server:7 fin\n"
                    "0.030000 client:32768 > server:7 accept\n"
                    "0.030000 client:32768 > server:7 deliver 5\n"
                    "0.030000 client:32768 > server:7 deliver 0\n"
                    "0.030000 server:7 > client:32768 data 5\n"
                    "0.030000 server:7 > client:32768 fin\n"
                    "0.040000 server:7 > client:32768 deliver 5\n"
                    "0.040000 server:7 > client:32768 deliver 0\n"
                    "0.040000 client > server partition\n"
                    "0.040000 server > client heal\n"
                    "0.040000 server crash\n"
                    "0.040000 server restart\n"
    );
}

TEST_CASE("network: it counts what happens")
{
    two_hosts n;
    const auto server = n.listen(echo_back);
    n.run([]() -> awaitable<void> {
        rill::stream s = co_await rill::open_connection("server", 7);
        s.writer().write("hello");
        co_await s.reader().read_exactly(5);
    });
    const auto& counted = n.net.statistics();
    CHECK(counted.connections == 1);
    CHECK(counted.bytes == 10);
    CHECK(counted.segments == 4); // and two ends
    CHECK(counted.lost == 0);
    CHECK(counted.retransmitted == 0);
    CHECK(counted.resets == 0);
}

} // namespace
