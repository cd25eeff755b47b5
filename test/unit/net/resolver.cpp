// SPDX-License-Identifier: BSL-1.0
#include <support/network.hpp>

#include <rill/gather.hpp>
#include <rill/resolver.hpp>
#include <rill/sleep.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

namespace error = boost::asio::error;

std::string text_of(const std::vector<rill::endpoint>& all)
{
    std::string text;
    for (const rill::endpoint& e : all)
        text += (text.empty() ? "" : " ") + rill::to_string(e);
    return text;
}

awaitable<std::string> found(std::string name)
{
    co_return text_of(co_await rill::look_up(name, 7));
}

/// A network on which "service" is looked up in 50 ms.
struct named : two_hosts {
    rill::testing::names names = net.names().set("service", {"10.0.0.7", "fd00::7"}).latency(50ms);

    void configure(const rill::resolver_options& options)
    {
        run([&]() -> awaitable<void> {
            rill::set_resolver(rill::this_loop(), options);
            co_return;
        });
    }

    std::string find(const std::string& name)
    {
        return run([&] { return found(name); });
    }

    rill::error_code failure_of(const std::string& name)
    {
        return run([&] { return error_of(found(name)); });
    }
};

TEST_CASE(
    "CON-14: look_up gives the endpoints of a name, in the order of its source, without duplicates"
)
{
    named n;
    n.names.set("twice", {"10.0.0.7", "fd00::7", "10.0.0.7"});
    CHECK(n.find("service") == "10.0.0.7:7 [fd00::7]:7");
    CHECK(n.find("twice") == "10.0.0.7:7 [fd00::7]:7");
}

TEST_CASE("CON-14: look_up_name gives the name of an address, and says where there is none")
{
    named n;
    n.names.set("printer", {"10.0.0.99", "fd00::99"});
    const auto name_of = [&](const char* address) {
        return n.run([&] { return rill::look_up_name(boost::asio::ip::make_address(address)); });
    };
    CHECK(name_of("fd00::99") == "printer");
    const auto none = boost::asio::ip::make_address("192.0.2.1");
    CHECK_THROWS_WITH(
        n.run([&] { return rill::look_up_name(none); }), doctest::Contains("\"192.0.2.1\"")
    );
}

TEST_CASE("CON-14: a source of the program's own knows no names of addresses, unless it says so")
{
    struct nothing final : rill::name_source {
        awaitable<rill::name_answer> look_up(std::string) override
        {
            co_return rill::name_answer();
        }
    };
    named n;
    n.configure(rill::resolver_options().source(std::make_shared<nothing>()));
    const auto address = boost::asio::ip::make_address("10.0.0.7");
    CHECK_THROWS_AS(n.run([&] { return rill::look_up_name(address); }), rill::system_error);
}

TEST_CASE("CON-08: addresses need no look-up, and keep their zone; an empty host is all interfaces")
{
    named n;
    CHECK(n.find("192.0.2.1") == "192.0.2.1:7");
    CHECK(n.find("::1") == "[::1]:7");
    CHECK(n.find("fe80::1%lo") == "[fe80::1%lo]:7");
    CHECK(n.find("") == "0.0.0.0:7 [::]:7");
    CHECK(n.names.look_ups() == 0);
    CHECK(n.elapsed() == 0s);
}

TEST_CASE("resolver: an answer is used again for its time, whatever the case of the name")
{
    named n;
    n.find("service");
    n.names.set("service", {"10.0.0.8"});
    CHECK(n.find("SERVICE") == "10.0.0.7:7 [fd00::7]:7");
    CHECK(n.names.look_ups() == 1);
    n.loop.advance(10s);
    CHECK(n.find("service") == "10.0.0.8:7");
    CHECK(n.names.look_ups() == 2);
}

TEST_CASE("resolver: an answer that says how long it holds is kept for so long")
{
    named n;
    n.names.keep(1min);
    n.find("service");
    n.loop.advance(59s);
    n.find("service");
    CHECK(n.names.look_ups() == 1);
    n.names.keep(0s);
    n.loop.advance(1s);
    n.find("service");
    n.find("service");
    CHECK(n.names.look_ups() == 3);
}

TEST_CASE("CON-05: a name that does not exist is an error that names it, and kept for a second")
{
    named n;
    CHECK(n.failure_of("nowhere") == error::host_not_found);
    n.names.set("nowhere", {"10.0.0.9"});
    CHECK(n.failure_of("nowhere") == error::host_not_found);
    CHECK(n.names.look_ups() == 1);
    n.loop.advance(1s);
    CHECK(n.find("nowhere") == "10.0.0.9:7");
}

TEST_CASE("resolver: an error of the moment is not kept")
{
    named n;
    n.names.fail("service", error::host_not_found_try_again);
    CHECK(n.failure_of("service") == error::host_not_found_try_again);
    n.names.set("service", {"10.0.0.9"});
    CHECK(n.find("service") == "10.0.0.9:7");
}

TEST_CASE("resolver: those who want the same name at the same time share a look-up")
{
    named n;
    n.run([]() -> awaitable<void> {
        const auto [one, other] = co_await rill::gather(found("service"), found("Service"));
        CHECK(one == other);
    });
    CHECK(n.names.look_ups() == 1);
    CHECK(n.elapsed() == 50ms);
}

TEST_CASE("resolver: who is cancelled leaves the others their look-up; with the last one it ends")
{
    named n;
    auto one = n.client.spawn(found("service"));
    auto other = n.client.spawn(found("service"));
    n.loop.advance(20ms);
    one.cancel();
    n.loop.advance(30ms);
    CHECK(one.cancelled());
    REQUIRE(other.done());
    CHECK(other.result() == "10.0.0.7:7 [fd00::7]:7");

    n.loop.advance(10s);
    auto last = n.client.spawn(found("service"));
    n.loop.advance(20ms);
    last.cancel();
    n.loop.settle();
    CHECK(last.cancelled());
    CHECK(n.find("service") == "10.0.0.7:7 [fd00::7]:7"); // begun anew
    CHECK(n.names.look_ups() == 3);
}

TEST_CASE("resolver: names that none can be are not asked for")
{
    named n;
    using namespace std::string_literals;
    for (const std::string& name : {"a b"s, "a\0.b"s, "a\nb"s, std::string(254, 'a')})
        CHECK(n.failure_of(name) == error::host_not_found);
    CHECK(n.names.look_ups() == 0);
}

TEST_CASE("resolver: options decide how long answers and failures are kept, and how many")
{
    named n;
    n.configure(rill::resolver_options().hosts_file({}).keep(1h).keep_failures(0s).most_kept(1));
    n.find("service");
    n.loop.advance(59min);
    n.find("service");
    CHECK(n.names.look_ups() == 1);
    n.failure_of("nowhere");
    n.failure_of("nowhere");
    CHECK(n.names.look_ups() == 3);
    n.names.set("other", {"10.0.0.8"});
    n.find("other"); // takes the only place
    n.find("service");
    CHECK(n.names.look_ups() == 5);
}

/// Knows the addresses of what it was told.
class some_names final : public rill::name_source {
public:
    awaitable<rill::name_answer> look_up(std::string name) override
    {
        asked.push_back(name);
        rill::name_answer answer;
        if (name == "mine")
            answer.addresses.push_back(boost::asio::ip::make_address("10.0.0.42"));
        co_return answer;
    }

    std::vector<std::string> asked;
};

TEST_CASE(
    "resolver: a source of one's own is asked for names in lower case; no address is no such name"
)
{
    named n;
    const auto source = std::make_shared<some_names>();
    n.configure(rill::resolver_options().hosts_file({}).source(source));
    CHECK(n.find("Mine") == "10.0.0.42:7");
    CHECK(n.failure_of("service") == error::host_not_found);
    CHECK(source->asked == std::vector<std::string>{"mine", "service"});
}

TEST_CASE("resolver: it is replaced while somebody waits, who gets the answer of the former")
{
    named n;
    auto waiting = n.client.spawn(found("service"));
    n.loop.advance(20ms);
    n.configure(rill::resolver_options().hosts_file({}).source(std::make_shared<some_names>()));
    n.loop.advance(30ms);
    REQUIRE(waiting.done());
    CHECK(waiting.result() == "10.0.0.7:7 [fd00::7]:7");
    CHECK(n.failure_of("service") == error::host_not_found);
}

TEST_CASE("resolver: a look-up ends with its network, and may outlive its loop")
{
    SUBCASE("network")
    {
        test::loop loop;
        rill::task<std::string> waiting;
        {
            rill::testing::network net(loop);
            net.names().latency(1h);
            waiting = net.host("a").spawn(found("b"));
            loop.settle();
        }
        loop.settle();
        REQUIRE(waiting.done());
        CHECK(how_it_failed(waiting.exception()) == error::operation_aborted);
    }
    SUBCASE("loop")
    {
        auto loop = std::make_unique<test::abandoned_loop>();
        rill::testing::network net(*loop);
        net.names().latency(1h);
        net.host("a").spawn(found("b"));
        loop->settle();
        loop.reset();
    }
}

} // namespace
