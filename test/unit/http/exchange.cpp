// SPDX-License-Identifier: BSL-1.0
#include "exchange.hpp"

#include "conversation.hpp"
#include "request_access.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace test;
using action = conversation::action;
using rill::http::response;
using rill::http::settings;
using strings = std::vector<std::string>;
using rill::net_detail::peer_state;

bool& cancel_on_disconnect(rill::http::request& r)
{
    return rill::http::detail::request_access::cancel_on_disconnect(r);
}

const std::string get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

const std::string answer_to_get = "HTTP/1.1 200 OK\r\n"
                                  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                  "Content-Type: text/plain; charset=utf-8\r\n"
                                  "Content-Length: 2\r\n\r\n/a";

std::string post(const std::string& fields, const std::string& content)
{
    return "POST /b HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n" + content;
}

std::string sized(std::size_t size)
{
    return post("Content-Length: " + std::to_string(size), std::string(size, 'c'));
}

const std::string chunked =
    post("Transfer-Encoding: chunked", "5;a=\"b\"\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n");

std::string times(std::size_t n, const std::string& text)
{
    std::string all;
    while (n-- > 0)
        all += text;
    return all;
}

/// What comes behind the response to bytes that are no request.
action after_nonsense(conversation::exchange& peer)
{
    const std::string bytes = "nonsense\r\n";
    peer.next();
    bytes.copy(test::space_of(peer).data(), bytes.size());
    peer.received(bytes.size());
    action next = peer.next();
    for (; next == action::write; next = peer.next())
        peer.sent(1);
    return next;
}

/// What a driver does for these bytes, but for the reads, whose number is that of the pieces.
struct outcome {
    strings asked;
    std::string output;
    bool ended_writing;
    bool closed;

    bool operator==(const outcome&) const = default;
};

template <class Pieces>
outcome outcome_of(const Pieces& pieces)
{
    settings l;
    l.body = rill::bytes(100);
    conversation c(l);
    action last = action::read;
    for (const auto& piece : pieces)
        last = c.feed(piece);
    c.peer.gone();
    return {c.asked, c.output(), c.ended_writing, last == action::close};
}

/// Cuts the bytes everywhere in two, and into single ones.
void check_cuts(const std::string& bytes)
{
    CAPTURE(bytes);
    const auto whole = outcome_of(strings{bytes});
    strings single;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        CAPTURE(at);
        CHECK(outcome_of(strings{bytes.substr(0, at), bytes.substr(at)}) == whole);
        single.push_back(bytes.substr(at, 1));
    }
    CHECK(outcome_of(single) == whole);
}

} // namespace

// Requests and answers

TEST_CASE("exchange: wants bytes, then an answer, writes it, and wants bytes again")
{
    conversation c;
    CHECK(c.peer.next() == action::read);
    c.handler = nullptr;
    CHECK(c.feed(get) == action::ask);
    CHECK(c.peer.request().target() == "/a");
    auto r = rill::http::text("/a");
    c.peer.answer(r);
    CHECK(c.peer.next() == action::write);
    CHECK(c.run() == action::read);
    CHECK(c.written == strings{answer_to_get});
}

TEST_CASE("exchange: an action is the same again until something came of it")
{
    conversation c;
    for (int i = 0; i < 2; ++i)
        CHECK(c.peer.next() == action::read);
    c.room = 0;
    c.handler = nullptr;
    c.feed(get);
    for (int i = 0; i < 2; ++i)
        CHECK(c.peer.next() == action::ask);
    auto r = response().close();
    c.peer.answer(r);
    for (int i = 0; i < 2; ++i)
        CHECK(c.peer.next() == action::write);
    c.room = 10000;
    for (int i = 0; i < 2; ++i)
        CHECK(c.run() == action::close);
}

TEST_CASE("exchange: bytes that are cut anywhere lead to the same actions")
{
    check_cuts(get);
    check_cuts(sized(3));
    check_cuts(sized(0));
    check_cuts(chunked);
    check_cuts("HEAD /h?q HTTP/1.1\r\nHost: a\r\n\r\n");
    check_cuts("GET /old HTTP/1.0\r\n\r\n");
    check_cuts("\r\n" + get);
    check_cuts("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check_cuts(sized(3) + chunked + get + sized(0) + chunked);
}

TEST_CASE("exchange: bytes that are refused lead to the same actions wherever they are cut")
{
    check_cuts("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    check_cuts("GET / HTTP/3.0\r\n\r\n");
    check_cuts(sized(101).substr(0, 60));
    check_cuts(post("Transfer-Encoding: chunked", "65\r\n"));
    check_cuts(post("Transfer-Encoding: chunked", "3\r\nabcd"));
    check_cuts(get + chunked + "GET  / HTTP/1.1\r\n\r\n");
}

TEST_CASE("exchange: an end in the middle of a request is the end")
{
    for (const std::string& bytes : {get, sized(3), chunked})
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            conversation c;
            CHECK(c.feed(bytes.substr(0, at)) == action::read);
            c.peer.gone();
            CHECK(c.run() == action::close);
            CHECK(c.written.empty());
        }
}

TEST_CASE("exchange: content comes without its chunk lines")
{
    conversation c;
    c.feed(chunked + sized(3));
    CHECK(c.asked == strings{"POST /b hello world", "POST /b ccc"});
}

TEST_CASE("exchange: the content of a request may be large, and come in many pieces")
{
    conversation c;
    const std::string bytes = sized(1024 * 1024);
    for (std::size_t at = 0; at < bytes.size(); at += 10'000)
        c.feed(std::string_view(bytes).substr(at, 10'000));
    REQUIRE(c.asked.size() == 1);
    CHECK(c.asked[0].size() == std::string("POST /b ").size() + 1024 * 1024);
}

// Gathering

TEST_CASE("exchange: requests that came together have their responses leave together, in order")
{
    conversation c;
    c.feed(get + chunked + get);
    CHECK(c.asked == strings{"GET /a ", "POST /b hello world", "GET /a "});
    CHECK(c.written.size() == 1);
    CHECK(c.output().starts_with(answer_to_get));
    CHECK(c.output().ends_with(answer_to_get));
    CHECK(c.pauses == 0);
}

TEST_CASE("exchange: so many responses are gathered, and others get a turn before the next request")
{
    conversation c;
    c.feed(times(33, get));
    CHECK(c.asked.size() == 33);
    CHECK(c.pauses == 2);
    CHECK(c.written == strings{times(16, answer_to_get), times(16, answer_to_get), answer_to_get});
}

TEST_CASE("exchange: many bytes of responses are not gathered further")
{
    conversation c;
    c.handler = [](rill::http::request&) { return rill::http::text(std::string(8000, 'x')); };
    c.feed(times(16, get));
    REQUIRE(c.written.size() == 2);
    CHECK(c.written[0].size() > 64 * 1024);
    CHECK(c.written[0].size() < 64 * 1024 + 8200);
}

TEST_CASE("exchange: large content is not copied, and leaves before the next request")
{
    conversation c;
    const auto large = std::make_shared<const std::string>(100'000, 'x');
    c.handler = [&](rill::http::request&) {
        response r;
        r.body(large);
        return r;
    };
    c.room = 0;
    CHECK(c.feed(get + get) == action::write);
    CHECK(c.asked.size() == 1);
    const auto unsent = c.peer.unsent();
    const std::span<const boost::asio::const_buffer> pieces = unsent;
    REQUIRE(pieces.size() == 2);
    CHECK(pieces[1].data() == large->data());
    for (int i = 0; i < 100; ++i) { // the peer takes little at a time
        c.room = 3000;
        c.run();
    }
    CHECK(c.asked.size() == 2);
    CHECK(c.output().size() > 200'000);
    CHECK(large.use_count() == 1); // what was sent is not kept
}

TEST_CASE("exchange: what has been answered leaves before it waits for the rest of a request")
{
    for (const std::string& rest : {get, sized(3), chunked}) {
        conversation c;
        CHECK(c.feed(get + rest.substr(0, rest.size() - 1)) == action::read);
        CHECK(c.written == strings{answer_to_get});
    }
}

TEST_CASE("exchange: earlier responses can leave while the handler is asked")
{
    conversation c;
    c.room = 0;
    int before = 0;
    c.handler = [&](rill::http::request&) {
        if (c.peer.has_unsent())
            c.peer.sent(answer_to_get.size());
        ++before;
        return rill::http::text("/a");
    };
    CHECK(c.feed(get + get) == action::write);
    CHECK(before == 2);
    c.room = 10'000;
    c.run();
    CHECK(c.written == strings{answer_to_get}); // of the second
}

TEST_CASE("exchange: a peer that offers HTTP/2 is answered in HTTP/1.1")
{
    conversation c;
    const std::string offer =
        "GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n";
    CHECK(c.feed(offer + get) == action::read);
    CHECK(c.output() == answer_to_get + answer_to_get);
}

TEST_CASE("exchange: a peer that speaks a later HTTP/1 is answered in HTTP/1.1")
{
    conversation c;
    CHECK(c.feed("GET /a HTTP/1.2\r\nHost: a\r\n\r\n") == action::read);
    CHECK(c.output() == answer_to_get);
}

TEST_CASE("exchange: empty lines between requests are skipped")
{
    conversation c;
    CHECK(c.feed(get + times(8, "\r\n") + get + "\r\n" + get) == action::read);
    CHECK(c.statuses() == std::vector{200, 200, 200});
    CHECK(c.feed(times(9, "\r\n")) == action::read);
    CHECK(c.statuses() == std::vector{200, 200, 200, 400});
}

// The end of a connection

TEST_CASE(
    "exchange: closes where the client asks for it, and what it sent afterwards is not looked at"
)
{
    conversation c;
    const std::string last = "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    CHECK(c.feed(last + get) == action::read);
    CHECK(c.asked.size() == 1);
    CHECK(c.output().find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(c.ended_writing); // and the client is listened to, since it has sent more
    conversation silent;
    CHECK(silent.feed(last) == action::close);
    CHECK_FALSE(silent.ended_writing);
}

TEST_CASE("exchange: HTTP/1.0 closes unless keep-alive is asked for")
{
    conversation c;
    CHECK(c.feed("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") == action::read);
    CHECK(c.output().find("\r\nConnection: keep-alive\r\n") != std::string::npos);
    CHECK(c.feed("GET /a HTTP/1.0\r\n\r\n") == action::close);
}

TEST_CASE("exchange: closes where the handler asks for it")
{
    conversation c;
    c.handler = [](rill::http::request&) {
        auto r = rill::http::text("bye");
        r.close();
        return r;
    };
    CHECK(c.feed(get) == action::close);
    CHECK(c.output().find("\r\nConnection: close\r\n") != std::string::npos);
}

TEST_CASE("exchange: closes with the last request that a connection may have")
{
    settings l;
    l.requests_per_connection = 2;
    conversation c(l);
    CHECK(c.feed(get) == action::read);
    CHECK(c.feed(get) == action::close);
    CHECK(c.written[0] == answer_to_get);
    CHECK(c.written[1].find("\r\nConnection: close\r\n") != std::string::npos);
}

TEST_CASE("exchange: closes behind the response at which the server drains")
{
    conversation c;
    CHECK(c.feed(get) == action::read);
    c.server.stopping = true;
    CHECK(c.run() == action::read);
    CHECK(c.feed(get) == action::close);
    CHECK(c.statuses() == std::vector{200, 200});
}

TEST_CASE("exchange: closes behind the response at which the connection is old enough")
{
    conversation c;
    CHECK(c.feed(get) == action::read);
    c.pass(std::chrono::minutes(53));
    CHECK(c.feed(get) == action::read);
    c.pass(std::chrono::minutes(14));
    CHECK(c.feed(get) == action::close);
}

TEST_CASE("exchange: a connection that breaks while it is written to is over")
{
    conversation c;
    c.room = 10;
    CHECK(c.feed(get + get) == action::write);
    c.peer.gone();
    CHECK(c.run() == action::close);
    CHECK_FALSE(c.ended_writing);
}

// Refusals

TEST_CASE("exchange: a refused request says why, to its peer and once to whoever drives it")
{
    rill::http::settings limits;
    limits.body = rill::bytes(10);
    const std::string in_chunks = "Transfer-Encoding: chunked";
    const std::tuple<std::string, int, std::string> all[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "repeated Host"},
        {"GET / HTTP/3.0\r\n", 505, "unknown version"},
        {post("Content-Length: 11", ""), 413, "the content is larger than what is taken here"},
        {post(in_chunks, "b\r\n"), 413, "the content is larger than what is taken here"},
        {post(in_chunks, "x"), 400, "chunk size is no number"},
    };
    for (const auto& [bytes, status, reason] : all) {
        CAPTURE(bytes);
        conversation c(limits);
        c.room = 0; // so that the answer waits to be written
        CHECK(c.feed(bytes) == action::write);
        const auto why = c.peer.take_refusal();
        REQUIRE(why.has_value());
        CHECK(why->status == status);
        CHECK(why->reason == reason);
        CHECK_FALSE(c.peer.take_refusal().has_value());
        c.room = 10'000;
        c.run();
        CHECK(c.statuses() == std::vector{status});
        CHECK(c.output().ends_with(",\"detail\":\"" + reason + "\"}"));
    }
}

TEST_CASE("exchange: what is too late says so")
{
    conversation c;
    SUBCASE("of its head")
    {
        c.feed("GET / HT");
        c.peer.late();
        CHECK(c.peer.take_refusal()->reason == "the head took too long to arrive");
    }
    SUBCASE("of its content")
    {
        c.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nx");
        c.peer.late();
        CHECK(c.peer.take_refusal()->reason == "the content took too long to arrive");
    }
    SUBCASE("but there is nothing to say to who sent nothing")
    {
        c.run();
        c.peer.late();
        CHECK_FALSE(c.peer.take_refusal().has_value());
    }
}

TEST_CASE("exchange: a refused request has one response, which is the last")
{
    conversation c;
    CHECK(c.feed("GET / HTTP/1.1\r\n\r\n" + get) == action::read);
    CHECK(c.asked.empty());
    CHECK(c.statuses() == std::vector{400});
    CHECK(c.output().find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(c.output().ends_with(
        R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"missing Host"})"
    ));
    c.feed(get);
    CHECK(c.statuses() == std::vector{400});
    CHECK(c.server.refused == 1);
    CHECK(c.server.requests == 0);
}

TEST_CASE("exchange: requests before a refused one are answered, and all leaves together")
{
    conversation c;
    c.feed(get + "GET / HTTP/1.1\r\n\r\n");
    CHECK(c.statuses() == std::vector{200, 400});
    CHECK(c.written.size() == 1);
    CHECK(c.server.requests == 1);
}

TEST_CASE("exchange: heads beyond their limits are a 414 and a 431")
{
    conversation longest;
    longest.feed("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(longest.statuses() == std::vector{414});
    conversation largest;
    largest.feed("GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(33'000, 'b') + "\r\n\r\n");
    CHECK(largest.statuses() == std::vector{431});
}

TEST_CASE("exchange: content beyond its limit is a 413, from its length or a chunk's alone")
{
    settings l;
    l.body = rill::bytes(10);
    conversation announced(l);
    announced.feed(post("Content-Length: 11", ""));
    CHECK(announced.statuses() == std::vector{413});
    conversation in_chunks(l);
    in_chunks.feed(post("Transfer-Encoding: chunked", "5\r\nhello\r\n6\r\n"));
    CHECK(in_chunks.statuses() == std::vector{413});
    conversation at_the_limit(l);
    at_the_limit.feed(sized(10));
    at_the_limit.feed(post("Transfer-Encoding: chunked", "a\r\n0123456789\r\n0\r\n\r\n"));
    CHECK(at_the_limit.statuses() == std::vector{200, 200});
}

TEST_CASE("exchange: a HEAD that is refused has no content")
{
    conversation c;
    c.feed("HEAD / HTTP/1.1\r\n\r\n");
    CHECK(c.statuses() == std::vector{400});
    CHECK(c.output().ends_with("\r\n\r\n"));
}

TEST_CASE("exchange: a peer that was refused is told the end, and what it sends is read for a while"
)
{
    settings l;
    l.unread_body = rill::bytes(10'000);
    conversation c(l);
    CHECK(c.feed("nonsense\r\n") == action::read);
    CHECK(c.ended_writing);
    CHECK(c.feed(std::string(9000, 'x')) == action::read);
    CHECK(c.feed(std::string(989, 'x')) == action::read);
    CHECK(c.feed("x") == action::close);
}

TEST_CASE("exchange: of a peer that was refused 64 MiB are read, in large pieces")
{
    conversation c;
    c.feed(post("Content-Length: 100000000", ""));
    const std::size_t mib = 1024 * 1024;
    for (std::size_t read = 0; read < 63 * mib; read += mib)
        REQUIRE(c.feed(std::string(mib, 'x')) == action::read);
    CHECK(c.feed(std::string(mib, 'x')) == action::close);
    REQUIRE(c.peer.next() == action::close);

    conversation large;
    large.feed(post("Content-Length: 100000000", ""));
    CHECK(test::space_of(large.peer).size() >= 64 * 1024);
}

TEST_CASE("exchange: so many peers that were refused are read at once, and others are closed")
{
    settings l;
    l.unread_connections = 1;
    conversation c(l);
    auto first = std::make_unique<conversation::exchange>(c.server, c.pool);
    CHECK(after_nonsense(*first) == action::end_writing);
    conversation::exchange second(c.server, c.pool);
    CHECK(after_nonsense(second) == action::close);
    first.reset();
    conversation::exchange third(c.server, c.pool);
    CHECK(after_nonsense(third) == action::end_writing);
}

TEST_CASE("exchange: a peer that was refused and closes is not waited for")
{
    conversation c;
    CHECK(c.feed("nonsense\r\n") == action::read);
    c.peer.gone();
    CHECK(c.run() == action::close);
}

// 100 Continue

TEST_CASE("exchange: 100 Continue is written where the whole content is missing")
{
    conversation c;
    const std::string head = "POST /b HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n";
    const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    CHECK(c.feed(head + "Content-Length: 3\r\n\r\n") == action::read);
    CHECK(c.written == strings{go_on});
    c.feed("abc");
    CHECK(c.asked == strings{"POST /b abc"});

    c.written.clear();
    c.feed(head + "Content-Length: 3\r\n\r\na");
    c.feed(std::string("bc") + head + "Transfer-Encoding: chunked\r\n\r\n1");
    CHECK(c.output().find(go_on) == std::string::npos); // part of it has come
    c.feed("\r\na\r\n0\r\n\r\n" + head + "Content-Length: 0\r\n\r\n");
    CHECK(c.output().find(go_on) == std::string::npos); // there is none
}

TEST_CASE("exchange: 100 Continue is not written for what is refused")
{
    conversation c;
    c.feed(post("Expect: 100-continue\r\nContent-Length: 10000000", ""));
    CHECK(c.statuses() == std::vector{413});
}

TEST_CASE("exchange: a request whose content waits for 100 Continue is offered before")
{
    conversation c;
    c.refusal = nullptr;
    for (const std::string field : {"Content-Length: 3", "Transfer-Encoding: chunked"}) {
        conversation waits;
        waits.refusal = nullptr;
        CHECK(waits.feed(get + post("Expect: 100-continue\r\n" + field, "")) == action::offer);
        CHECK(waits.peer.next() == action::offer);
        CHECK(waits.peer.request().target() == "/b");
        CHECK(waits.peer.request().body().empty());
        CHECK(waits.written.empty());
        waits.peer.wanted();
        CHECK(waits.run() == action::read);
        CHECK(waits.written == strings{answer_to_get + "HTTP/1.1 100 Continue\r\n\r\n"});
    }
    CHECK(
        c.feed(sized(3) + post("Expect: 100-continue\r\nContent-Length: 3", "a")) == action::read
    );
    c.feed("bc" + post("Expect: 100-continue\r\nContent-Length: 0", ""));
    CHECK(c.statuses() == std::vector{200, 200, 200}); // none of them waits
}

TEST_CASE("exchange: an offer that is refused has one response, which is the last")
{
    conversation c;
    c.refusal = [](rill::http::request&) { return rill::http::problem(404); };
    CHECK(c.feed(get + post("Expect: 100-continue\r\nContent-Length: 3", "")) == action::read);
    CHECK(c.statuses() == std::vector{200, 404});
    CHECK(c.output().find("\r\nConnection: close\r\n") != std::string::npos);
    CHECK(c.ended_writing); // the content may come all the same
    CHECK(c.feed("abc" + get) == action::read);
    CHECK(c.statuses() == std::vector{200, 404});
    CHECK(c.asked == strings{"GET /a "});
    CHECK(c.server.refused == 1);
}

// A peer that leaves while the handler is asked

TEST_CASE("exchange: a peer that is lost stops the handler once, and has no answer")
{
    conversation c;
    c.handler = nullptr;
    REQUIRE(c.feed(get) == action::ask);
    CHECK_FALSE(c.peer.peer_is(peer_state::open));
    CHECK(c.peer.peer_is(peer_state::lost));
    CHECK_FALSE(c.peer.peer_is(peer_state::lost));
    CHECK(c.run() == action::ask); // until the handler has ended
    auto r = rill::http::problem(504);
    c.peer.answer(r);
    CHECK(c.run() == action::close);
    CHECK(c.written.empty());
    CHECK(c.server.requests == 0);
}

TEST_CASE("exchange: a peer that has ended stops the handler only where the route says so")
{
    conversation c;
    c.handler = nullptr;
    REQUIRE(c.feed(get) == action::ask);
    CHECK_FALSE(c.peer.peer_is(peer_state::ended));
    auto r = rill::http::text("/a");
    c.peer.answer(r);
    c.run();
    CHECK(c.written == strings{answer_to_get});

    REQUIRE(c.feed(get) == action::ask);
    cancel_on_disconnect(c.peer.request()) = true;
    CHECK_FALSE(c.peer.peer_is(peer_state::open));
    CHECK(c.peer.peer_is(peer_state::ended));
    c.peer.answer(r);
    CHECK(c.run() == action::close);
    CHECK(c.written.size() == 1);
}

TEST_CASE("exchange: what a route says does not hold for the next request")
{
    conversation c;
    c.handler = nullptr;
    c.feed(get + get);
    cancel_on_disconnect(c.peer.request()) = true;
    auto r = rill::http::text("/a");
    c.peer.answer(r);
    REQUIRE(c.run() == action::ask);
    CHECK_FALSE(c.peer.peer_is(peer_state::ended));
}

TEST_CASE("exchange: a peer that has ended still gets the answers before the one that it stops")
{
    conversation c;
    c.handler = nullptr;
    c.feed(get + get + get);
    auto first = rill::http::text("/a");
    c.peer.answer(first);
    REQUIRE(c.run() == action::ask);
    cancel_on_disconnect(c.peer.request()) = true;
    CHECK(c.peer.peer_is(peer_state::ended));
    auto second = rill::http::problem(504);
    c.peer.answer(second);
    CHECK(c.run() == action::close);
    CHECK(c.written == strings{answer_to_get});
}

TEST_CASE("exchange: a peer that leaves is no matter where no handler is asked")
{
    conversation c;
    CHECK_FALSE(c.peer.peer_is(peer_state::lost));
    c.feed(get.substr(0, 5));
    CHECK_FALSE(c.peer.peer_is(peer_state::lost));
    CHECK(c.feed(get.substr(5)) == action::read);
    CHECK(c.written == strings{answer_to_get});
}

TEST_CASE("exchange: 100 Continue follows the responses before it")
{
    conversation c;
    c.feed(get + post("Expect: 100-continue\r\nContent-Length: 3", ""));
    CHECK(c.written == strings{answer_to_get + "HTTP/1.1 100 Continue\r\n\r\n"});
}

// Reading

TEST_CASE("exchange: an idle connection holds no buffer")
{
    conversation c;
    const char* at = nullptr;
    c.handler = [&](rill::http::request& r) {
        at = r.target().data();
        return response();
    };
    REQUIRE(c.feed(get) == action::read);
    c.peer.nothing_came();
    const auto block = c.pool.take();
    CHECK(at > block.data());
    CHECK(at < block.data() + block.size());
}

TEST_CASE("exchange: a part of a head holds no block while the rest is awaited")
{
    conversation c;
    const char* const block = test::space_of(c.peer).data();
    c.feed(get.substr(0, 5));
    c.peer.nothing_came();
    CHECK(c.pool.take().data() == block);
    REQUIRE(c.feed(get.substr(5)) == action::read);
    CHECK(c.output() == answer_to_get);
}

TEST_CASE("exchange: a peer that promises much content gets room as it sends")
{
    settings l;
    l.body = rill::gib(1);
    conversation c(l);
    c.feed(post("Content-Length: 1073741824", "a"));
    CHECK(test::space_of(c.peer).size() <= 256 * 1024);
}
