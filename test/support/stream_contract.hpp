// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/error.hpp>
#include <rill/sleep.hpp>
#include <rill/stream.hpp>
#include <rill/task.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// What every pair of connected streams promises, whatever lies between them. Each is tried from
/// one end and from the other.
namespace test::contract {

using rill::awaitable;
namespace error = boost::asio::error;

/// Lets tasks run to where they wait.
inline awaitable<void> turns()
{
    for (int i = 0; i < 5; ++i)
        co_await rill::yield();
}

inline bool is_broken(const rill::error_code& ec)
{
    return ec == error::broken_pipe || ec == error::connection_reset;
}

/// The error that `body`, an awaitable or an operation, ends with; none if it does not.
template <class Body>
awaitable<rill::error_code> outcome(Body body)
{
    try {
        co_await std::move(body);
    } catch (const rill::system_error& e) {
        co_return e.code();
    }
    co_return rill::error_code();
}

template <class T>
awaitable<void> ended(rill::task<T> t)
{
    co_await t;
}

inline awaitable<void> send(rill::stream& to, std::string bytes)
{
    to.writer().write(std::move(bytes));
    co_await to.writer().drain();
}

/// Writes more than any socket takes, and waits: nobody reads.
inline awaitable<void> fill(rill::stream& to)
{
    to.writer().write(std::string(16 * 1024 * 1024, 'f'));
    co_await to.writer().drain();
}

inline awaitable<void> carries_both_ways_at_once(rill::stream& a, rill::stream& b)
{
    constexpr std::size_t much = 3'000'000;
    const auto sending_a = rill::create_task(send(a, std::string(much, 'a')));
    const auto sending_b = rill::create_task(send(b, std::string(much, 'b')));
    const auto reading_a = rill::create_task(a.reader().read_exactly(much));
    CHECK((co_await b.reader().read_exactly(much) == std::string(much, 'a')));
    CHECK((co_await reading_a == std::string(much, 'b')));
    co_await sending_a;
    co_await sending_b;
}

inline awaitable<void> closes_in_one_direction(rill::stream& a, rill::stream& b)
{
    a.writer().write("question");
    a.writer().write_eof();
    CHECK(co_await b.reader().read_all() == "question");
    CHECK(b.reader().at_eof());
    b.writer().write("answer");
    b.writer().write_eof();
    CHECK(co_await a.reader().read_all() == "answer");
}

inline awaitable<void> refuses_a_second_reader(rill::stream& a, rill::stream& b)
{
    const auto first = rill::create_task(a.reader().read_line());
    co_await turns();
    bool refused = false;
    try {
        co_await a.reader().read_line();
    } catch (const std::logic_error&) {
        refused = true;
    }
    CHECK(refused);
    b.writer().write("for the first\n");
    CHECK(co_await first == "for the first\n");
}

inline awaitable<void> lets_several_tasks_write(rill::stream& a, rill::stream& b)
{
    constexpr std::size_t size = 200'000;
    const auto one = rill::create_task(send(a, std::string(size, '1')));
    const auto other = rill::create_task(send(a, std::string(size, '2')));
    const std::string all = co_await b.reader().read_exactly(2 * size);
    CHECK((all == std::string(size, '1') + std::string(size, '2')));
    co_await one;
    co_await other;
}

inline awaitable<void> is_closed_after_its_own_close(rill::stream& a, rill::stream& b)
{
    a.close();
    CHECK((co_await b.reader().read_all()).empty());
    b.close();
    co_await a.writer().wait_closed();
    a.writer().write("dropped");
    CHECK(co_await outcome(a.writer().drain()) == error::connection_reset);
    CHECK((co_await a.reader().read_all()).empty());
}

inline awaitable<void> is_broken_after_the_peers_close(rill::stream& a, rill::stream& b)
{
    b.writer().write("last words\n");
    b.close();
    CHECK(co_await a.reader().read_line() == "last words\n");
    CHECK((co_await a.reader().read_line()).empty());
    a.writer().options().watermarks(0, 0);
    rill::error_code ec;
    while (!ec) // the first write may be taken before the answer comes
        ec = co_await outcome(send(a, "x"));
    CHECK(is_broken(ec));
    CHECK(is_broken(co_await outcome(a.writer().drain())));
}

inline awaitable<void> close_wakes_a_reader(rill::stream& a, rill::stream&)
{
    const auto reading = rill::create_task(a.reader().read_line());
    co_await turns();
    CHECK_FALSE(reading.done());
    a.close();
    CHECK((co_await reading).empty());
}

inline awaitable<void> abort_wakes_a_writer(rill::stream& a, rill::stream&)
{
    const auto writing = rill::create_task(outcome(fill(a)));
    co_await turns();
    CHECK_FALSE(writing.done());
    a.abort();
    CHECK(co_await writing == error::connection_reset);
}

inline awaitable<void> closes_more_than_once(rill::stream& a, rill::stream& b)
{
    a.writer().write("x");
    a.close();
    a.close();
    CHECK(co_await b.reader().read_all() == "x");
    b.close();
    co_await a.writer().wait_closed();
    a.close();
    a.abort();
    co_await a.writer().wait_closed();
    CHECK(a.writer().is_closing());
}

inline awaitable<void> closes_though_the_wait_is_cancelled(rill::stream& a, rill::stream& b)
{
    a.writer().options().write_stall(rill::forever);
    constexpr std::size_t size = 16 * 1024 * 1024;
    const auto sending = rill::create_task(outcome(fill(a)));
    co_await turns();
    a.close();
    auto waiting = rill::create_task(a.writer().wait_closed());
    co_await turns();
    CHECK_FALSE(waiting.done());
    waiting.cancel();
    CHECK(co_await outcome(ended(waiting)) == rill::condition::cancelled);
    CHECK((co_await b.reader().read_all()).size() == size);
    b.close();
    co_await a.writer().wait_closed();
    co_await sending;
}

inline awaitable<void> a_cancelled_read_loses_nothing(rill::stream& a, rill::stream& b)
{
    auto reading = rill::create_task(a.reader().read_exactly(6));
    b.writer().write("abc");
    co_await turns();
    reading.cancel();
    CHECK(co_await outcome(ended(reading)) == rill::condition::cancelled);
    b.writer().write("def");
    CHECK(co_await a.reader().read_exactly(6) == "abcdef");
}

inline awaitable<void> an_abort_is_a_reset(rill::stream& a, rill::stream& b)
{
    a.writer().write("x\n");
    CHECK(co_await b.reader().read_line() == "x\n");
    b.writer().write("never read"); // unix sockets say so then
    co_await b.writer().drain();
    a.abort();
    const auto read = co_await outcome(b.reader().read_line());
    const auto written = co_await outcome(b.writer().drain());
    const bool told = read == error::connection_reset || written == error::connection_reset;
    CHECK(told); // once, as the system does: whoever looks first
}

inline awaitable<void> makes_a_writer_wait(rill::stream& a, rill::stream& b)
{
    a.writer().options().write_stall(rill::forever);
    const auto writing = rill::create_task(fill(a));
    co_await turns();
    CHECK_FALSE(writing.done());
    CHECK(a.writer().buffered() > 0);
    CHECK((co_await b.reader().read_exactly(16 * 1024 * 1024)).size() == 16 * 1024 * 1024);
    co_await writing;
}

inline awaitable<void> flushes_what_was_written_when_destroyed(rill::stream& a, rill::stream& b)
{
    constexpr std::size_t size = 1'000'000;
    {
        rill::stream gone(std::move(a));
        gone.writer().write(std::string(size, 'x'));
    }
    CHECK((co_await b.reader().read_all()).size() == size);
}

// A stream that is destroyed while somebody waits in it

inline awaitable<void> ends_reads_when_destroyed(rill::stream& a, rill::stream& b)
{
    std::optional<rill::stream> gone(std::move(a));
    const auto reading = rill::create_task(outcome(gone->reader().read_line()));
    co_await turns();
    CHECK_FALSE(reading.done());
    const auto about_to = rill::create_task(outcome(gone->reader().read_some()));
    gone.reset();
    CHECK(co_await reading == rill::condition::cancelled);
    CHECK(co_await about_to == rill::condition::cancelled);
    CHECK((co_await b.reader().read_all()).empty());
}

inline awaitable<void> ends_reads_while_it_flushes(rill::stream& a, rill::stream& b)
{
    constexpr std::size_t size = 16 * 1024 * 1024;
    std::optional<rill::stream> gone(std::move(a));
    gone->writer().options().write_stall(rill::forever);
    const auto reading = rill::create_task(outcome(gone->reader().read_line()));
    const auto draining = rill::create_task(outcome(fill(*gone)));
    co_await turns();
    const auto closing = rill::create_task(gone->writer().wait_closed());
    const auto about_to = rill::create_task(outcome(gone->writer().drain()));
    gone.reset();
    CHECK(co_await reading == rill::condition::cancelled);
    CHECK(co_await draining == rill::condition::cancelled);
    CHECK(co_await about_to == error::connection_reset); // as after a close
    CHECK_FALSE(closing.done());
    CHECK((co_await b.reader().read_all()).size() == size);
    b.close();
    co_await closing;
}

// And one that goes on

inline awaitable<void> reads_right_after_a_cancelled_read(rill::stream& a, rill::stream& b)
{
    for (int i = 0; i < 1000; ++i) {
        auto cancelled = rill::create_task(outcome(a.reader().read_line()));
        co_await rill::yield();
        const std::string line = std::to_string(i) + "\n";
        if (i % 2)
            b.writer().write(line);
        cancelled.cancel();
        if (i % 2 == 0)
            b.writer().write(line);
        REQUIRE(co_await a.reader().read_line() == line);
        CHECK(co_await cancelled == rill::condition::cancelled);
    }
}

inline awaitable<void> until(rill::stream& s, rill::net_detail::peer_state what)
{
    for (int i = 0; i < 1000 && s.socket().peer() != what; ++i)
        co_await rill::sleep(std::chrono::milliseconds(1));
    CHECK(s.socket().peer() == what);
}

/// Without reading, and before bytes that wait to be read.
inline awaitable<void> knows_that_its_peer_has_ended(rill::stream& a, rill::stream& b)
{
    using enum rill::net_detail::peer_state;
    CHECK(a.socket().peer() == open);
    b.writer().write("unread");
    co_await b.writer().drain();
    CHECK(a.socket().peer() == open);
    b.writer().write_eof();
    co_await until(a, ended);
    CHECK(b.socket().peer() == open);
    CHECK(co_await a.reader().read_all() == "unread");
    CHECK(a.socket().peer() == ended);
}

inline awaitable<void> knows_that_its_peer_is_lost(rill::stream& a, rill::stream& b)
{
    b.writer().write("unread");
    co_await b.writer().drain();
    b.abort();
    co_await until(a, rill::net_detail::peer_state::lost);
}

/// Nobody reads or writes.
inline awaitable<void> a_reset_ends_the_wait_for_the_close(rill::stream& a, rill::stream& b)
{
    a.writer().write("never read");
    co_await a.writer().drain();
    auto given_up = rill::create_task(a.writer().wait_closed());
    const auto waiting = rill::create_task(outcome(a.writer().wait_closed()));
    co_await turns();
    given_up.cancel();
    co_await turns();
    CHECK_FALSE(waiting.done());
    b.abort();
    CHECK(is_broken(co_await waiting));
    const auto read = co_await outcome(a.reader().read_line());
    CHECK((!read || is_broken(read))); // a write may have been told before
    CHECK(is_broken(co_await outcome(a.writer().drain())));
    CHECK(is_broken(co_await outcome(a.writer().wait_closed())));
    a.close();
    CHECK(is_broken(co_await outcome(a.writer().wait_closed())));
}

} // namespace test::contract
