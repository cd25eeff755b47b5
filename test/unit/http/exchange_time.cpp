// SPDX-License-Identifier: BSL-1.0

// The limits of time of an exchange, as points in time: nothing here waits.

#include "conversation.hpp"
#include "deadlines.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test;
using action = conversation::action;
using rill::http::settings;
using rill::http::detail::coarse_clock;
using rill::http::detail::deadlines;

const std::string get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(const std::string& length)
{
    return "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + "\r\n\r\n";
}

} // namespace

TEST_CASE("coarse clock: a deadline never comes early, though the time is that of the last tick")
{
    coarse_clock clock(250ms);
    clock.move_to(rill::time_point(10s));
    CHECK(clock.now() == rill::time_point(10s));
    CHECK(clock.in(1s) == rill::time_point(11s + 250ms)); // asked just before the next tick
}

TEST_CASE("coarse clock: forever is never")
{
    coarse_clock clock(250ms);
    clock.move_to(rill::time_point(10s));
    CHECK(clock.in(rill::forever) == rill::never);
    CHECK(clock.in(rill::forever - 1ns) == rill::never);
}

TEST_CASE("deadlines: what is overdue is told once, and when it is reached")
{
    const settings l;
    coarse_clock clock(1ms);
    deadlines d(l, clock);
    CHECK_FALSE(d.overdue(rill::time_point(10s)));
    CHECK(d.overdue(rill::time_point(10s + 1ms)));
    CHECK_FALSE(d.overdue(rill::time_point(1h)));
    CHECK(d.at() == rill::never);
    d.request_due();
    CHECK(d.overdue(rill::time_point(1h)));
}

TEST_CASE("deadlines: only an earlier point in time moves one")
{
    const settings l;
    coarse_clock clock(1ms);
    deadlines d(l, clock);
    d.no_later_than(rill::time_point(1h));
    CHECK(d.at() == rill::time_point(10s + 1ms));
    d.no_later_than(rill::time_point(1s));
    CHECK(d.at() == rill::time_point(1s));
}

TEST_CASE("deadlines: content may be slow for a while, and then not slower than its rate")
{
    const settings l;
    coarse_clock clock(1ms);
    deadlines d(l, clock);
    clock.move_to(rill::time_point(1min));
    d.content_begun();
    clock.move_to(rill::time_point(1min + 10s));
    CHECK_FALSE(d.too_slow(0));
    clock.move_to(rill::time_point(1min + 20s));
    CHECK_FALSE(d.too_slow(20 * 1024));
    CHECK(d.too_slow(20 * 1024 - 1));
}

TEST_CASE("exchange deadlines: the first byte, then the head, then the next request")
{
    conversation c;
    CHECK(c.left() == 10s);
    CHECK(c.run() == action::read);
    CHECK(c.left() == 10s);
    c.pass(9s);
    CHECK(c.run() == action::read);
    CHECK(c.left() == 1s);
    c.feed(get.substr(0, 3));
    CHECK(c.left() == 10s);
    c.pass(2s);
    c.feed(get.substr(3, 3)); // more of the head does not move it
    CHECK(c.left() == 8s);
    c.feed(get.substr(6));
    CHECK(c.left() == 75s);
    c.feed(get + get.substr(0, 1));
    CHECK(c.left() == 10s);
}

TEST_CASE("exchange deadlines: asking again moves none")
{
    conversation c;
    c.room = 0;
    for (const std::string& bytes : {get.substr(0, 5), get.substr(5), std::string()}) {
        const action next = c.feed(bytes);
        const auto before = c.peer.deadline();
        c.pass(1s);
        CHECK(c.peer.next() == next);
        CHECK(c.peer.deadline() == before);
        CHECK(c.run() == next);
        CHECK(c.peer.deadline() == before);
    }
    c.room = 10'000;
    c.feed(post("3"));
    const auto before = c.peer.deadline();
    c.pass(14s);
    CHECK(c.run() == action::read);
    CHECK(c.peer.deadline() == before);
}

TEST_CASE("exchange deadlines: a connection that is late without a request is closed")
{
    conversation fresh;
    fresh.run();
    fresh.peer.late();
    CHECK(fresh.run() == action::close);
    CHECK(fresh.written.empty());

    conversation used;
    used.feed(get);
    used.peer.late();
    CHECK(used.run() == action::close);
    CHECK(used.statuses() == std::vector{200});
}

TEST_CASE("exchange deadlines: a head that is late is a 408, and the end")
{
    conversation c;
    c.feed(get.substr(0, 3));
    c.peer.late();
    CHECK(c.run() == action::read);
    CHECK(c.statuses() == std::vector{408});
    CHECK(c.ended_writing);
}

TEST_CASE(
    "exchange deadlines: a peer that sends nothing but empty lines is closed without an answer"
)
{
    for (const std::string lines : {"\r\n", "\r\n\r\n\r", "\r"}) {
        conversation c;
        CHECK(c.feed(lines) == action::read);
        CHECK(c.left() == 10s);
        c.peer.late();
        CHECK(c.run() == action::close);
        CHECK(c.written.empty());
    }
    conversation begun;
    begun.feed("\r\nG");
    begun.peer.late();
    begun.run();
    CHECK(begun.statuses() == std::vector{408});
}

TEST_CASE("exchange deadlines: each piece of content has its time, within that of the request")
{
    conversation c;
    c.feed(post("100000"));
    CHECK(c.left() == 15s);
    c.pass(14s);
    CHECK(c.feed(std::string(20'000, 'a')) == action::read);
    CHECK(c.left() == 15s);
    c.pass(14s);
    c.feed(std::string(20'000, 'a'));
    c.pass(14s);
    c.feed(std::string(20'000, 'a'));
    c.pass(14s);
    CHECK(c.feed(std::string(20'000, 'a')) == action::read); // 56 of 60 s
    CHECK(c.left() == 4s);
}

TEST_CASE("exchange deadlines: content that is late is a 408, and the end")
{
    conversation c;
    c.feed(post("3") + "a");
    c.peer.late();
    CHECK(c.run() == action::read);
    CHECK(c.statuses() == std::vector{408});
    CHECK(c.asked.empty());
}

TEST_CASE("exchange deadlines: content that comes too slowly is a 408, even with its last byte")
{
    conversation c;
    c.feed(post("3000"));
    c.pass(10s);
    CHECK(c.feed("a") == action::read);
    c.pass(1s);
    c.feed(std::string(2999, 'a'));
    CHECK(c.statuses() == std::vector{408});
}

TEST_CASE("exchange deadlines: the time of content begins when the responses before it have left")
{
    conversation c;
    c.room = 0;
    CHECK(c.feed(get + post("3000") + "a") == action::write);
    c.pass(20s);
    c.room = 10'000;
    CHECK(c.run() == action::read);
    c.pass(5s);
    CHECK(c.feed("a") == action::read);
    CHECK(c.statuses() == std::vector{200});
}

TEST_CASE("exchange deadlines: the handler has what is left of the request's time")
{
    conversation c;
    c.handler = nullptr;
    c.feed(get);
    CHECK(c.left() == 60s);
    auto r = rill::http::text("a");
    c.peer.answer(r);
    c.run();
    CHECK(c.left() == 75s);

    c.feed(post("3"));
    c.pass(10s);
    CHECK(c.feed("abc") == action::ask);
    CHECK(c.left() == 50s);
}

TEST_CASE("exchange deadlines: an answer that comes late is written all the same")
{
    conversation c;
    c.handler = nullptr;
    c.feed(get);
    c.pass(61s);
    CHECK(c.peer.overdue(c.server.clock.now()));
    auto r = rill::http::problem(504);
    c.peer.answer(r);
    CHECK(c.run() == action::read);
    CHECK(c.statuses() == std::vector{504});
}

TEST_CASE("exchange deadlines: a peer that takes some of what is written has more time")
{
    conversation c;
    c.room = 0;
    CHECK(c.feed(get) == action::write);
    CHECK(c.left() == 30s);
    c.pass(29s);
    c.room = 5;
    CHECK(c.run() == action::write);
    CHECK(c.left() == 30s);
}

TEST_CASE("exchange deadlines: a write that is late is the end")
{
    conversation c;
    c.room = 5;
    CHECK(c.feed("nonsense\r\n") == action::write);
    c.peer.late();
    CHECK(c.run() == action::close);
    CHECK_FALSE(c.ended_writing);
}

TEST_CASE("exchange deadlines: while others get a turn nothing is due")
{
    settings l;
    l.pipelined = 1;
    conversation c(l);
    c.handler = nullptr;
    REQUIRE(c.feed(get + get) == action::ask);
    auto r = rill::http::response();
    c.peer.answer(r);
    REQUIRE(c.peer.next() == action::write);
    const auto unsent = c.peer.unsent();
    c.peer.sent(std::span<const boost::asio::const_buffer>(unsent)[0].size());
    REQUIRE(c.peer.next() == action::pause);
    CHECK(c.peer.deadline() == rill::never);
}

TEST_CASE("exchange deadlines: a peer that was refused is listened to until it is silent, and for "
          "a while in all")
{
    conversation c;
    c.feed("nonsense\r\n");
    CHECK(c.left() == 5s);
    for (int i = 0; i < 6; ++i) {
        c.pass(4s);
        CHECK(c.left() == 1s);
        CHECK(c.feed("more") == action::read);
        CHECK(c.left() == 5s); // it is not silent
    }
    c.pass(4s);
    CHECK(c.feed("more") == action::read);
    CHECK(c.left() == 2s); // of 30
    c.peer.late();
    CHECK(c.run() == action::close);
    CHECK(c.statuses() == std::vector{400});
}

TEST_CASE("exchange idleness: it is known since when no request is there, to the tick")
{
    conversation c;
    c.run();
    const auto begun = c.server.clock.now();
    CHECK(c.peer.idle_since() == begun);
    c.pass(5s);
    c.run();
    CHECK(c.peer.idle_since() == begun);
    c.feed(get);
    CHECK(c.peer.idle_since() == begun + 5s);
    c.pass(5s);
    c.feed(get.substr(0, 3));
    CHECK_FALSE(c.peer.idle_since());
    c.room = 0;
    CHECK(c.feed(get.substr(3)) == action::write);
    CHECK_FALSE(c.peer.idle_since());
    c.pass(5s);
    c.room = 1000;
    c.run();
    CHECK(c.peer.idle_since() == begun + 15s); // nothing is left to be written
}

TEST_CASE("exchange idleness: it is over at a point in time if no byte comes before")
{
    conversation c;
    c.feed(get);
    c.peer.end_idleness(c.server.clock.now() + 1s);
    CHECK(c.run() == action::read);
    CHECK(c.peer.deadline() == c.server.clock.now() + 1s);
    c.feed(get);
    CHECK(c.left() == 75s); // it was not idle to the end

    c.feed(get.substr(0, 3));
    c.peer.end_idleness(c.server.clock.now());
    CHECK(c.left() == 10s); // it is not idle
}
