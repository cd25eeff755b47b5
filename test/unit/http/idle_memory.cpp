// SPDX-License-Identifier: BSL-1.0
//
// What a connection still holds when its requests have been large and it is idle.
#include "conversation.hpp"
#include <support/held_bytes.hpp>

#include <rill/http/router.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace rill::http;
using test::conversation;
using action = conversation::action;

constexpr std::size_t enough_for_idle = 2048;

/// Small pieces, and nothing is kept of what came back: the test's own memory stays the same.
void feed(conversation& c, std::string_view bytes)
{
    for (std::size_t at = 0; at < bytes.size(); at += 1000) {
        c.feed(bytes.substr(at, 1000));
        std::vector<std::string>().swap(c.written);
        std::vector<std::string>().swap(c.asked);
    }
}

/// The same requests twice: what they cost for good has been paid with the first.
std::size_t held_after(conversation& c, std::string_view bytes)
{
    c.pool.close(); // blocks that it keeps are not the connection's
    feed(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const test::growth since;
    feed(c, bytes);
    CHECK(c.peer.idle_since().has_value());
    c.peer.nothing_came();
    return since.bytes();
}

} // namespace

TEST_CASE("idle memory: nothing is kept of a large content, nor of a large answer")
{
    conversation c;
    const std::string content(1'000'000, 'x');
    const std::string post =
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + content;
    SUBCASE("the answer's own")
    {
        c.handler = [](request& r) { return text(std::string(r.body())); };
    }
    SUBCASE("or shared")
    {
        c.handler = [](request& r) {
            return response().body(std::make_shared<const std::string>(r.body()));
        };
    }
    SUBCASE("or small")
    {
        c.handler = [](request&) { return text("small"); };
    }
    CHECK(held_after(c, post) < enough_for_idle);
}

TEST_CASE("idle memory: nor of many answers that left together")
{
    conversation c;
    c.handler = [](request&) { return text(std::string(7'000, 'x')); };
    std::string requests;
    for (int i = 0; i < 100; ++i)
        requests += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    CHECK(held_after(c, requests) < enough_for_idle);
}

TEST_CASE("idle memory: nor of many fields, a long path and its parameters")
{
    settings limits;
    limits.header_fields = 10'000;
    limits.header_section = rill::kib(64);
    conversation c(limits);
    router routes;
    const auto never = [](request&) -> rill::awaitable<response> { co_return response(); };
    routes.get("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}", never);
    c.handler = [&routes](request& r) {
        CHECK_FALSE(routes.refusal(r).has_value());
        return text("found");
    };
    routes.get("/", never);
    std::string long_one = "GET";
    long_one += " /a/b/c/d/e/f/g/";
    for (int i = 0; i < 2000; ++i)
        long_one += "%41";
    long_one += " HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 5000; ++i)
        long_one += "A: b\r\n";
    long_one += "\r\n";
    CHECK(held_after(c, long_one) < enough_for_idle);
}
