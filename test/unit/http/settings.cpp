// SPDX-License-Identifier: BSL-1.0
#include "conversation.hpp"

#include <rill/http/settings.hpp>
#include <rill/schema.hpp>

#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <type_traits>

namespace {

using namespace std::chrono_literals;
using rill::http::settings;
using test::conversation;
using action = conversation::action;

template <class F>
void for_each_member(F f)
{
    using members = boost::describe::describe_members<settings, boost::describe::mod_public>;
    boost::mp11::mp_for_each<members>(f);
}

settings without_limits_of_time()
{
    settings s;
    for_each_member([&](auto member) {
        auto& value = s.*member.pointer;
        if constexpr (std::is_same_v<decltype(value), std::chrono::milliseconds&>)
            value = std::chrono::milliseconds::max();
    });
    return s;
}

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

} // namespace

TEST_CASE("http settings: every limit is a key with a help, and those of time may be never")
{
    const auto& fields = rill::described::table_of<settings>().fields;
    std::size_t members = 0;
    for_each_member([&](auto) { ++members; });
    CHECK(fields.size() == members);
    for (const auto& field : fields) {
        CAPTURE(field.name);
        CHECK_FALSE(field.help.empty());
        CHECK(field.or_never == (field.type->kind == rill::described::kind::duration));
    }
}

TEST_CASE("http settings: where no limit of time is set nothing is ever due")
{
    conversation c(without_limits_of_time());
    const auto never_due = [&c] { return c.peer.deadline() == rill::never; };
    CHECK(c.server.clock.tick() == 250ms);
    CHECK(c.server.end_of_age() == rill::never);
    CHECK(never_due()); // the first byte
    c.feed(get.substr(0, 3));
    CHECK(never_due()); // the head
    c.feed(get.substr(3));
    CHECK(c.statuses() == std::vector{200});
    CHECK(never_due()); // the next request
    c.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    CHECK(never_due()); // the content
    c.pass(24h * 365 * 50);
    c.feed("67890");
    CHECK(c.statuses() == std::vector{200, 200}); // however slow it was
    c.room = 0;
    CHECK(c.feed(get) == action::write);
    CHECK(never_due()); // that the peer reads
}

TEST_CASE("http settings: where no limit of time is set a handler and a refused peer have all of it"
)
{
    conversation slow(without_limits_of_time());
    slow.handler = nullptr;
    CHECK(slow.feed(get) == action::ask);
    CHECK(slow.peer.deadline() == rill::never);
    conversation refused(without_limits_of_time());
    refused.feed("nonsense\r\n");
    CHECK(refused.statuses() == std::vector{400});
    CHECK(refused.peer.deadline() == rill::never);
}
