// SPDX-License-Identifier: BSL-1.0
#include <support/held_bytes.hpp>
#include <support/loop.hpp>
#include <support/memory_stream.hpp>

#include <rill/stream_reader.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using reader = rill::basic_stream_reader<test::memory_stream>;

/// A loop, a stream and a reader on it.
struct fixture {
    test::loop loop;
    test::memory_stream stream{loop.executor()};
    reader in;

    explicit fixture(std::size_t limit = reader::default_limit)
        : in(stream, limit)
    {}

    /// The text in pieces of `size` bytes, and the end.
    void feed_all(std::string_view text, std::size_t size)
    {
        for (std::size_t at = 0; at < text.size(); at += size)
            stream.feed(text.substr(at, size));
        stream.feed_eof();
    }
};

TEST_CASE("SR-01: a limit of zero is an argument error; the default is 64 KiB")
{
    test::loop loop;
    test::memory_stream stream(loop.executor());
    CHECK_THROWS_AS(reader(stream, 0), std::invalid_argument);
    CHECK(reader(stream).limit() == 64 * 1024);
}

TEST_CASE("SR-03, SR-24: read_all collects everything, also far more than the limit")
{
    fixture f(16);
    std::string sent;
    for (int i = 0; i < 2000; ++i)
        sent += std::to_string(i);
    f.feed_all(sent, 100);
    CHECK(f.loop.run(f.in.read_all()) == sent);
    CHECK(f.in.at_eof());
}

TEST_CASE("SR-04: the limit bounds neither read(n) nor read_exactly(n)")
{
    fixture f(4);
    const std::string sent(1000, 'x');
    f.feed_all(sent + "yy", 7);
    CHECK(f.loop.run(f.in.read_exactly(1000)) == sent);
    CHECK(f.loop.run(f.in.read(1000)) == "y");
}

TEST_CASE("read: gives what is there, at most n bytes, and nothing at the end")
{
    fixture f;
    f.feed_all("abcdef", 4);
    CHECK(f.loop.run(f.in.read(0)).empty());
    CHECK(f.loop.run(f.in.read(3)) == "abc");
    CHECK(f.loop.run(f.in.read(3)) == "d");
    CHECK(f.loop.run(f.in.read(3)) == "ef");
    CHECK(f.loop.run(f.in.read(3)).empty());
}

TEST_CASE("SR-05: read_line assembles lines from any pieces, and mixes with read")
{
    const std::string sent = "first\nsecond line\n\nlast\nrest";
    for (std::size_t size = 1; size <= sent.size(); ++size) {
        CAPTURE(size);
        fixture f;
        f.feed_all(sent, size);
        CHECK(f.loop.run(f.in.read_line()) == "first\n");
        CHECK(f.loop.run(f.in.read_exactly(3)) == "sec");
        CHECK(f.loop.run(f.in.read_line()) == "ond line\n");
        CHECK(f.loop.run(f.in.read_line()) == "\n");
        CHECK(f.loop.run(f.in.read_line()) == "last\n");
        CHECK(f.loop.run(f.in.read_all()) == "rest");
    }
}

TEST_CASE("SR-06: at the end read_line gives the unfinished line, then nothing")
{
    fixture f;
    f.feed_all("some data", 4);
    CHECK(f.loop.run(f.in.read_line()) == "some data");
    CHECK(f.loop.run(f.in.read_line()).empty());
}

TEST_CASE("SR-07: of a line over the limit whose end has come, only this line is dropped")
{
    fixture f(3);
    f.stream.feed("line1\nl2\n");
    CHECK_THROWS_AS(f.loop.run(f.in.read_line()), rill::line_too_long);
    CHECK(f.loop.run(f.in.read_line()) == "l2\n");
}

TEST_CASE("SR-08: of a line over the limit whose end has not come, what is held and the rest go")
{
    fixture f(7);
    f.stream.feed("chunk1");
    f.stream.feed("chunk2");
    f.feed_all("chunk3\nend\n", 20);
    CHECK_THROWS_AS(f.loop.run(f.in.read_line()), rill::line_too_long);
    CHECK(f.in.buffered().empty());
    CHECK(f.loop.run(f.in.read_line()) == "end\n");
}

TEST_CASE("the rest of a line over the limit is never a line, however it arrives")
{
    const std::string sent =
        "ok\n" + std::string(50, 'x') + "\nnext\n" + std::string(20, 'y') + "\nlast";
    for (std::size_t size = 1; size <= sent.size(); ++size) {
        CAPTURE(size);
        fixture f(8);
        f.feed_all(sent, size);
        CHECK(f.loop.run(f.in.read_line()) == "ok\n");
        CHECK_THROWS_AS(f.loop.run(f.in.read_line()), rill::line_too_long);
        CHECK(f.loop.run(f.in.read_line()) == "next\n");
        test::completion<std::string> long_one;
        f.in.async_read_line(long_one.handler());
        f.loop.settle();
        CHECK(long_one.error() == asio::error::message_size);
        test::completion<std::string> next;
        f.in.async_read_line(next.handler());
        f.loop.settle();
        CHECK(next.value() == "last");
        CHECK(f.loop.run(f.in.read_line()).empty());
    }
}

TEST_CASE("the rest of a line over the limit: nothing of it is kept, and a cancel changes nothing")
{
    fixture f(8);
    f.stream.feed(std::string(20, 'x'));
    CHECK_THROWS_AS(f.loop.run(f.in.read_line()), rill::line_too_long);
    auto waiting = f.loop.spawn(f.in.read_line());
    for (int i = 0; i < 100; ++i)
        f.stream.feed(std::string(16, 'x'));
    f.loop.settle();
    CHECK(f.in.buffered().empty());
    waiting.cancel();
    f.loop.settle();
    CHECK(waiting.cancelled());
    SUBCASE("the next line comes behind it")
    {
        f.stream.feed("xx\nok\n");
        CHECK(f.loop.run(f.in.read_line()) == "ok\n");
    }
    SUBCASE("or the stream ends within it")
    {
        f.feed_all("xx", 1);
        CHECK(f.loop.run(f.in.read_line()).empty());
        CHECK(f.in.at_eof());
    }
    SUBCASE("or fails")
    {
        f.stream.fail_reads(asio::error::connection_reset);
        CHECK_THROWS_AS(f.loop.run(f.in.read_line()), rill::system_error);
    }
}

using next_read = std::string (*)(fixture&);

/// The first five bytes of what is next, by every kind of read.
constexpr next_read kinds_of_read[] = {
    [](fixture& f) { return f.loop.run(f.in.read_line()); },
    [](fixture& f) { return f.loop.run(f.in.next_line()).value_or(""); },
    [](fixture& f) { return f.loop.run(f.in.read_until("\n")); },
    [](fixture& f) { return f.loop.run(f.in.read_exactly(5)); },
    [](fixture& f) { return f.loop.run(f.in.read_all()).substr(0, 5); },
    [](fixture& f) {
        std::string bytes = f.loop.run(f.in.read(1));
        return bytes + f.loop.run(f.in.read_exactly(4));
    },
    [](fixture& f) {
        std::string bytes(f.loop.run(f.in.read_some()).substr(0, 5));
        f.in.consume(bytes.size());
        return bytes + f.loop.run(f.in.read_exactly(5 - bytes.size()));
    },
    [](fixture& f) {
        while (f.in.buffered().size() < 5 && f.loop.run(f.in.fill()))
            continue;
        return std::string(f.in.buffered().substr(0, 5));
    },
};

TEST_CASE("SR-08: no read of any kind sees the rest of a line over the limit, wherever it is cut")
{
    const std::string sent = std::string(20, 'x') + "\nnext\nend";
    for (std::size_t cut = 1; cut < sent.size(); ++cut)
        for (std::size_t kind = 0; kind < std::size(kinds_of_read); ++kind) {
            CAPTURE(cut);
            CAPTURE(kind);
            fixture f(8);
            f.feed_all(sent, cut);
            CHECK_THROWS_AS(f.loop.run(f.in.read_line()), rill::line_too_long);
            CHECK(kinds_of_read[kind](f) == "next\n");
        }
}

TEST_CASE("SR-08: a stream that ends within a line over the limit has nothing more, for any read")
{
    const std::string sent(20, 'x');
    for (std::size_t cut = 1; cut < sent.size(); ++cut) {
        CAPTURE(cut);
        fixture f(8);
        f.feed_all(sent, cut);
        CHECK_THROWS_AS(f.loop.run(f.in.read_line()), rill::line_too_long);
        CHECK(f.loop.run(f.in.read(5)).empty());
        CHECK(f.loop.run(f.in.read_all()).empty());
        CHECK(f.in.at_eof());
    }
}

TEST_CASE("read_until: what is too long can be skipped, however it arrives")
{
    const std::string sent = std::string(50, 'x') + "--next--";
    for (std::size_t size = 1; size <= sent.size(); ++size) {
        CAPTURE(size);
        fixture f(8);
        f.feed_all(sent, size);
        bool skipping = true;
        for (int i = 0; skipping && i < 100; ++i) {
            try {
                f.loop.run(f.in.read_until("--"));
                skipping = false;
            } catch (const rill::limit_overrun_error& e) {
                f.in.consume(e.consumed());
            }
        }
        CHECK(f.loop.run(f.in.read_until("--")) == "next--");
    }
}

TEST_CASE("SR-09: the limit is compared without the end of the line")
{
    for (std::size_t size = 1; size <= 6; ++size) {
        CAPTURE(size);
        fixture f(5);
        f.feed_all("12345\n123456\n", size);
        CHECK(f.loop.run(f.in.read_line()) == "12345\n");
        CHECK_THROWS_AS(f.loop.run(f.in.read_line()), rill::line_too_long);
    }
}

TEST_CASE("SR-11: a separator is found across any border, and what follows it stays")
{
    const std::string sent = "one--END--two--END--three";
    for (std::size_t size = 1; size <= sent.size(); ++size) {
        CAPTURE(size);
        fixture f;
        f.feed_all(sent, size);
        CHECK(f.loop.run(f.in.read_until("--END--")) == "one--END--");
        CHECK(f.loop.run(f.in.read_until("--END--")) == "two--END--");
        CHECK(f.loop.run(f.in.read_all()) == "three");
    }
}

TEST_CASE("SR-12: a false start of the separator does not hide it")
{
    const std::string sent = "aaab=aaaabbb";
    for (std::size_t size = 1; size <= sent.size(); ++size) {
        CAPTURE(size);
        fixture f;
        f.feed_all(sent, size);
        CHECK(f.loop.run(f.in.read_until("aaaab")) == "aaab=aaaab");
        CHECK(f.loop.run(f.in.read_all()) == "bb");
    }
}

rill::limit_overrun_error overrun_of(fixture& f, std::string_view separator)
{
    try {
        f.loop.run(f.in.read_until(separator));
    } catch (const rill::limit_overrun_error& error) {
        return error;
    }
    FAIL("no limit_overrun_error");
    throw std::logic_error("unreachable");
}

TEST_CASE("SR-15: over the limit everything stays, and the error says what may be skipped")
{
    SUBCASE("no separator yet: what cannot be part of one")
    {
        fixture f(5);
        f.stream.feed("1234567A");
        CHECK(overrun_of(f, "AAA").consumed() == 6);
        CHECK(f.in.buffered() == "1234567A");
        f.in.consume(6);
        f.stream.feed("AA");
        CHECK(f.loop.run(f.in.read_until("AAA")) == "7AAA" + std::string());
    }
    SUBCASE("a separator beyond the limit: what is in front of it")
    {
        fixture f(5);
        f.stream.feed("1234567AAA89");
        CHECK(overrun_of(f, "AAA").consumed() == 7);
        CHECK(f.in.buffered() == "1234567AAA");
    }
}

TEST_CASE("SR-16: of several separators the one that ends first wins; the limit counts from it")
{
    static constexpr std::string_view separators[] = {"AAAA", "AA"};
    const std::string sent = "1234AAAA5678AA";
    for (std::size_t size = 1; size <= sent.size(); ++size) {
        CAPTURE(size);
        fixture f(4);
        f.feed_all(sent, size);
        CHECK(f.loop.run(f.in.read_until(separators)) == "1234AA");
        CHECK(f.loop.run(f.in.read_until(separators)) == "AA");
        CHECK(f.loop.run(f.in.read_until(separators)) == "5678AA");
    }
}

TEST_CASE("read_until: no separator, and an empty one, are argument errors")
{
    fixture f;
    CHECK_THROWS_AS(f.loop.run(f.in.read_until("")), std::invalid_argument);
    const std::span<const std::string_view> none;
    CHECK_THROWS_AS(f.loop.run(f.in.read_until(none)), std::invalid_argument);
}

TEST_CASE("BY-59: read_until: at the end the error holds what had come")
{
    fixture f;
    f.feed_all("no end", 2);
    try {
        f.loop.run(f.in.read_until("|"));
        FAIL("no incomplete_read_error");
    } catch (const rill::incomplete_read_error& error) {
        CHECK(error.partial() == "no end");
        CHECK_FALSE(error.expected().has_value());
    }
    CHECK(f.in.at_eof());
}

TEST_CASE("SR-17: read_exactly(0) is empty, else exactly n bytes over any pieces")
{
    for (std::size_t size = 1; size <= 12; ++size) {
        CAPTURE(size);
        fixture f;
        f.feed_all("hello, world", size);
        CHECK(f.loop.run(f.in.read_exactly(0)).empty());
        CHECK(f.loop.run(f.in.read_exactly(7)) == "hello, ");
        CHECK(f.loop.run(f.in.read_exactly(5)) == "world");
    }
}

TEST_CASE(
    "SR-18, SR-30, BY-59: read_exactly at an early end throws what had come, and how much was asked"
)
{
    fixture f;
    f.feed_all("some data", 4);
    std::exception_ptr kept; // an error object survives being carried elsewhere
    try {
        f.loop.run(f.in.read_exactly(20));
    } catch (...) {
        kept = std::current_exception();
    }
    REQUIRE(kept);
    try {
        std::rethrow_exception(kept);
    } catch (const rill::incomplete_read_error& error) {
        CHECK(error.partial() == "some data");
        CHECK(error.expected() == 20);
        CHECK(error.code() == asio::error::eof);
        CHECK(std::string(error.what()).find("9 bytes read of 20 expected") == 0);
    }
    CHECK(f.in.buffered().empty());
}

TEST_CASE("SR-19: read_exactly of more than twice the limit reads on")
{
    fixture f(10);
    const std::string sent(21 * 1000, 'z');
    f.feed_all(sent, 10);
    CHECK(f.loop.run(f.in.read_exactly(sent.size())) == sent);
}

TEST_CASE("SR-20: an error wakes the waiting read, and every later one throws it")
{
    fixture f;
    const auto waiting = f.loop.spawn(f.in.read_line());
    f.loop.settle();
    CHECK_FALSE(waiting.done());
    f.stream.fail_reads(asio::error::connection_reset);
    f.loop.settle();
    CHECK(test::text_of(waiting.exception()).find("reset") != std::string::npos);
    CHECK(f.in.error() == asio::error::connection_reset);
    CHECK_THROWS_AS(f.loop.run(f.in.read(1)), rill::system_error);
    CHECK_THROWS_AS(f.loop.run(f.in.read_exactly(1)), rill::system_error);
    CHECK_THROWS_AS(f.loop.run(f.in.read_some()), rill::system_error);
    CHECK_THROWS_AS(f.loop.run(f.in.fill()), rill::system_error);
}

TEST_CASE("SR-21: an error after the reader was cancelled is harmless")
{
    fixture f;
    auto waiting = f.loop.spawn(f.in.read_line());
    f.loop.settle();
    waiting.cancel();
    f.stream.fail_reads(asio::error::connection_reset);
    f.loop.settle();
    CHECK(waiting.cancelled());
}

TEST_CASE("SR-23, BY-51: a second read at once is a logic error, and the first is not disturbed")
{
    fixture f;
    const auto first = f.loop.spawn(f.in.read_line());
    f.loop.settle();
    CHECK_THROWS_AS(f.loop.run(f.in.read_line()), std::logic_error);
    CHECK_THROWS_AS(f.loop.run(f.in.read_some()), std::logic_error);
    f.stream.feed("still here\n");
    f.loop.settle();
    CHECK(first.result() == "still here\n");
}

TEST_CASE("SR-24: nothing is read before it is wanted, nor more than twice the limit held")
{
    fixture f(8);
    f.stream.feed(std::string(100, 'x'));
    f.loop.settle();
    CHECK(f.stream.reads == 0);
    CHECK(f.loop.run(f.in.read_some()).size() == 16);
    CHECK_THROWS_AS(f.loop.run(f.in.fill()), rill::limit_overrun_error);
    CHECK(f.in.buffered().size() == 16);
    CHECK(f.stream.unread() == 84);
    f.in.consume(10);
    CHECK(f.loop.run(f.in.fill()));
    CHECK(f.in.buffered().size() == 16);
}

TEST_CASE("SR-25: at_eof only when the end has come and nothing is held")
{
    fixture f;
    f.stream.feed("abc");
    CHECK_FALSE(f.in.at_eof());
    CHECK(f.loop.run(f.in.read(2)) == "ab");
    f.stream.feed_eof();
    CHECK_FALSE(f.in.at_eof());
    CHECK(f.loop.run(f.in.read_all()) == "c");
    CHECK(f.in.at_eof());
}

TEST_CASE("SR-26: a read of the stream that brings nothing is no end, and changes nothing")
{
    fixture f;
    const auto reading = f.loop.spawn(f.in.read(10));
    f.stream.feed("");
    f.loop.settle();
    CHECK_FALSE(reading.done());
    CHECK_FALSE(f.in.at_eof());
    f.stream.feed("abc");
    f.loop.settle();
    REQUIRE(reading.done());
    CHECK(reading.result() == "abc");
}

TEST_CASE("SR-27: a cancelled read takes nothing, at any point of the message")
{
    const std::string sent = "a line of some length\n";
    for (std::size_t at = 0; at < sent.size(); ++at) {
        CAPTURE(at);
        fixture f;
        auto waiting = f.loop.spawn(f.in.read_line());
        f.loop.settle();
        f.stream.feed(sent.substr(0, at));
        f.loop.settle();
        waiting.cancel();
        f.loop.settle();
        REQUIRE(waiting.cancelled());
        f.stream.feed(sent.substr(at));
        CHECK(f.loop.run(f.in.read_line()) == sent);
    }
}

TEST_CASE("SR-27: bytes that come in the same turn as the cancel are kept")
{
    fixture f;
    auto waiting = f.loop.spawn(f.in.read_exactly(10));
    f.loop.settle();
    f.stream.feed("12345"); // the read completes, and its handler is on its way
    waiting.cancel();
    f.loop.settle();
    CHECK(waiting.cancelled());
    f.stream.feed("67890");
    CHECK(f.loop.run(f.in.read_exactly(10)) == "1234567890");
}

TEST_CASE("SR-28: a cancelled read_all keeps what it had collected")
{
    fixture f(4);
    auto waiting = f.loop.spawn(f.in.read_all());
    f.stream.feed(std::string(50, 'a'));
    f.loop.settle();
    waiting.cancel();
    f.loop.settle();
    f.feed_all("b", 1);
    CHECK(f.loop.run(f.in.read_all()) == std::string(50, 'a') + "b");
}

awaitable<std::vector<std::string>> all_lines(reader& in)
{
    std::vector<std::string> lines;
    while (auto line = co_await in.next_line())
        lines.push_back(std::move(*line));
    co_return lines;
}

TEST_CASE("SR-29: next_line gives all lines, one without an end included, and then nothing")
{
    fixture f;
    f.feed_all("one\ntwo\n\nthree", 3);
    const std::vector<std::string> expected = {"one\n", "two\n", "\n", "three"};
    CHECK(f.loop.run(all_lines(f.in)) == expected);
}

TEST_CASE("SR-31, BY-52: a reader that waits sees the end when the stream is closed on this side")
{
    fixture f;
    const auto waiting = f.loop.spawn(f.in.read_line());
    f.loop.settle();
    rill::error_code ignored;
    f.stream.close(ignored);
    f.loop.settle();
    CHECK(waiting.result().empty());
    CHECK(f.in.at_eof());
}

TEST_CASE("read_some: a view of what is there, which stays until it is consumed")
{
    fixture f;
    f.feed_all("abcdef", 3);
    CHECK(f.loop.run(f.in.read_some()) == "abc");
    f.in.consume(1);
    CHECK(f.loop.run(f.in.read_some()) == "bc");
    CHECK(f.loop.run(f.in.fill()));
    CHECK(f.in.buffered() == "bcdef");
    f.in.consume(100);
    CHECK_FALSE(f.loop.run(f.in.fill()));
    CHECK(f.loop.run(f.in.read_some()).empty());
}

TEST_CASE("a peer that sends much is read in growing pieces")
{
    fixture f;
    const std::string sent(1024 * 1024, 'm');
    f.feed_all(sent, sent.size());
    CHECK(f.loop.run(f.in.read_exactly(sent.size())) == sent);
    CHECK(f.stream.largest_read >= 64 * 1024);
    CHECK(f.stream.reads < 25);
}

TEST_CASE("a reader that waits holds nothing of what was large before")
{
    fixture f;
    const test::growth since;
    f.stream.feed(std::string(1'000'000, 'x'));
    CHECK(f.loop.run(f.in.read_exactly(1'000'000)).size() == 1'000'000);
    const auto waiting = f.loop.spawn(f.in.read(1));
    f.loop.settle();
    CHECK(since.bytes() < 500'000);
    f.stream.feed("x");
    f.loop.settle();
    CHECK(waiting.done());
}

TEST_CASE("a reader that nobody reads from holds nothing of what was large before")
{
    fixture f;
    const test::growth since;
    f.stream.feed(std::string(1'000'000, 'x'));
    CHECK(f.loop.run(f.in.read_exactly(1'000'000)).size() == 1'000'000);
    CHECK(since.bytes() < 500'000);
    f.stream.feed(std::string(100'000, 'x') + "\n");
    CHECK_THROWS_AS(f.loop.run(f.in.read_line()), rill::line_too_long);
    f.stream.feed("next\n");
    CHECK(f.loop.run(f.in.read_line()) == "next\n");
    CHECK(since.bytes() < 500'000);
}

TEST_CASE("async_read_line: with a callback, and eof beside what had come")
{
    fixture f;
    test::completion<std::string> line;
    f.in.async_read_line(line.handler());
    f.loop.settle();
    CHECK_FALSE(line.done());
    f.feed_all("hello\nrest", 3);
    f.loop.settle();
    REQUIRE(line.done());
    CHECK_FALSE(line.error());
    CHECK(line.value() == "hello\n");

    test::completion<std::string> exactly;
    f.in.async_read_exactly(10, exactly.handler());
    CHECK_FALSE(exactly.done()); // never from inside the call
    f.loop.settle();
    CHECK(exactly.error() == asio::error::eof);
    CHECK(exactly.value() == "rest");
}

TEST_CASE("async_read_line: over the limit is message_size; a second read is already_started")
{
    fixture f(6);
    test::completion<std::string> first;
    test::completion<std::string> second;
    f.in.async_read_line(first.handler());
    f.in.async_read_line(second.handler());
    f.loop.settle();
    CHECK(second.error() == asio::error::already_started);
    CHECK_FALSE(first.done());
    f.stream.feed("too long\nok\n");
    f.loop.settle();
    CHECK(first.error() == asio::error::message_size);
    test::completion<std::string> next;
    f.in.async_read_until("\n", next.handler());
    f.loop.settle();
    CHECK(next.value() == "ok\n");
}

TEST_CASE("async_read: cancelled through its slot, and what has come stays")
{
    fixture f;
    asio::cancellation_signal cancel;
    test::completion<std::string> read;
    f.in.async_read_exactly(4, asio::bind_cancellation_slot(cancel.slot(), read.handler()));
    f.stream.feed("ab");
    f.loop.settle();
    cancel.emit(asio::cancellation_type::total);
    f.loop.settle();
    REQUIRE(read.done());
    CHECK(read.error() == rill::condition::cancelled);
    f.stream.feed("cd");
    CHECK(f.loop.run(f.in.read_exactly(4)) == "abcd");
}

TEST_CASE("a reader works in a plain coroutine and with a future")
{
    fixture f;
    f.feed_all("one\ntwo\n", 2);
    std::string line;
    const auto plain = [&]() -> awaitable<void> { line = co_await f.in.read_line(); };
    asio::co_spawn(f.loop.executor(), plain, [](std::exception_ptr) {});
    f.loop.settle();
    CHECK(line == "one\n");
    auto future = f.in.async_read_line(asio::use_future);
    f.loop.settle();
    CHECK(future.get() == "two\n");
}

TEST_CASE(
    "async_read_line: the handler is called on its own executor, what is read stays on the loop"
)
{
    fixture f;
    asio::thread_pool elsewhere(1);
    std::promise<std::string> line;
    f.in.async_read_line(asio::bind_executor(elsewhere, [&](rill::error_code, std::string read) {
        CHECK(elsewhere.get_executor().running_in_this_thread());
        line.set_value(std::move(read));
    }));
    f.feed_all("piece by piece\n", 1);
    f.loop.settle();
    CHECK(line.get_future().get() == "piece by piece\n");
    elsewhere.join();
}

// Reads that follow a cancelled one

TEST_CASE("a read in the same step as the cancel of another is not refused")
{
    fixture f;
    for (int i = 0; i < 1000; ++i) {
        auto cancelled = f.loop.spawn(f.in.read_line());
        f.loop.settle();
        const std::string line = std::to_string(i) + "\n";
        std::string read;
        const auto next = [&]() -> awaitable<void> {
            cancelled.cancel();
            f.stream.feed(line);
            read = co_await f.in.read_line();
        };
        f.loop.run(next);
        REQUIRE(read == line);
        REQUIRE(cancelled.cancelled());
    }
}

TEST_CASE("a read behind a cancelled one waits for what that one has asked the stream for")
{
    fixture f;
    f.stream.stubborn = true;
    auto cancelled = f.loop.spawn(f.in.read_line());
    f.loop.settle();
    cancelled.cancel();
    const auto next = f.loop.spawn(f.in.read_line());
    f.loop.settle();
    CHECK_FALSE(cancelled.done()); // nothing refers to the stream once it is
    CHECK_FALSE(next.done());
    CHECK_THROWS_AS(f.loop.run(f.in.read_line()), std::logic_error);
    f.stream.feed("for the next\nand");
    f.loop.settle();
    CHECK(cancelled.cancelled());
    CHECK(next.result() == "for the next\n");
    CHECK(f.in.buffered() == "and");
    CHECK(f.stream.reads == 1);
}

TEST_CASE("a read behind a cancelled one may be cancelled too, and be no wait at all")
{
    fixture f;
    f.stream.feed("abc");
    CHECK(f.loop.run(f.in.read_some()) == "abc");
    auto first = f.loop.spawn(f.in.read_line());
    f.loop.settle();
    first.cancel();
    auto second = f.loop.spawn(f.in.read_line());
    const auto held = f.loop.spawn(f.in.read(2));
    second.cancel();
    f.loop.settle();
    CHECK(first.cancelled());
    CHECK(second.cancelled());
    CHECK(held.result() == "ab");
    f.stream.feed("d\n");
    CHECK(f.loop.run(f.in.read_line()) == "cd\n");
}

TEST_CASE("bytes are in their place when others were consumed while the stream was read")
{
    fixture f;
    f.stream.feed("abc");
    CHECK(f.loop.run(f.in.read_some()) == "abc");
    const auto reading = f.loop.spawn(f.in.read_line());
    f.loop.settle();
    f.in.consume(3);
    f.stream.feed("def\n");
    f.loop.settle();
    CHECK(reading.result() == "def\n");
}

TEST_CASE("a cancel of the user's on the stream ends the read with operation_aborted")
{
    fixture f;
    const auto reading = f.loop.spawn(f.in.read_line());
    test::completion<std::string> read;
    f.loop.settle();
    f.stream.cancel();
    f.loop.settle();
    CHECK(test::text_of(reading.exception()).find("canceled") != std::string::npos);
    f.in.async_read_line(read.handler());
    f.loop.settle();
    f.stream.cancel();
    f.loop.settle();
    CHECK(read.error() == asio::error::operation_aborted);
}

// A reader that is destroyed

void destroy_under_a_read(bool stubborn)
{
    test::loop loop;
    test::memory_stream stream(loop.executor());
    stream.stubborn = stubborn;
    auto in = std::make_unique<reader>(stream);
    test::completion<std::string> read;
    SUBCASE("in a task")
    {
        auto waiting = loop.spawn(in->read_line());
        loop.settle();
        in.reset();
        loop.settle();
        REQUIRE(waiting.done());
        CHECK(rill::is_cancellation(waiting.exception()));
        CHECK_FALSE(waiting.cancel());
    }
    SUBCASE("with a callback")
    {
        in->async_read_line(read.handler());
        loop.settle();
        in.reset();
        loop.settle();
        CHECK(read.error() == asio::error::operation_aborted);
    }
    SUBCASE("in a plain coroutine")
    {
        std::exception_ptr error;
        const auto plain = [&]() -> awaitable<void> { co_await in->read_line(); };
        asio::co_spawn(loop.executor(), plain, [&](std::exception_ptr e) { error = e; });
        loop.settle();
        in.reset();
        loop.settle();
        CHECK(rill::is_cancellation(error));
    }
    SUBCASE("that has been cancelled, and the one behind it")
    {
        auto first = loop.spawn(in->read_line());
        loop.settle();
        first.cancel();
        const auto second = loop.spawn(in->read_line());
        loop.step();
        in.reset();
        loop.settle();
        CHECK(rill::is_cancellation(first.exception()));
        CHECK(rill::is_cancellation(second.exception()));
    }
    SUBCASE("whose bytes have come, when it has not run since")
    {
        const auto waiting = loop.spawn(in->read_line());
        loop.settle();
        stream.feed("a line\n");
        loop.get().call_soon([&in] { in.reset(); }); // in front of what the bytes make ready
        loop.settle();
        CHECK(rill::is_cancellation(waiting.exception()));
    }
    stream.feed("too late"); // nobody is there
    loop.settle();
}

TEST_CASE("a reader that is destroyed ends the read that waits")
{
    destroy_under_a_read(false);
}

TEST_CASE("a reader that is destroyed ends the read, though its stream heeds no cancellation")
{
    destroy_under_a_read(true);
}

TEST_CASE("a read that begins when its reader has gone is aborted")
{
    test::loop loop;
    test::memory_stream stream(loop.executor());
    auto in = std::make_unique<reader>(stream);
    auto awaited = in->read_line();
    auto next = in->next_line();
    auto deferred = in->async_read_line(asio::deferred);
    in.reset();
    CHECK_THROWS_AS(loop.run(std::move(awaited)), rill::system_error);
    CHECK_THROWS_AS(loop.run(std::move(next)), rill::system_error);
    test::completion<std::string> read;
    std::move(deferred)(read.handler());
    loop.settle();
    CHECK(read.error() == asio::error::operation_aborted);
    CHECK(stream.reads == 0);
}

TEST_CASE("a reader that owns its stream keeps it until nothing refers to it")
{
    test::loop loop;
    auto stream = std::make_shared<test::memory_stream>(loop.executor());
    stream->stubborn = true;
    {
        reader in(stream);
        loop.spawn(in.read_line());
        loop.settle();
    }
    loop.settle();
    loop.expect_reported("was never retrieved"); // the read failed: its reader is gone
    CHECK(stream.use_count() == 2);
    stream->feed("x");
    loop.settle();
    CHECK(stream.use_count() == 1);
}

// A loop that ends

TEST_CASE("a reader may outlive its loop: it gives what it holds, and then the end")
{
    std::optional<reader> in;
    std::weak_ptr<test::memory_stream> owned;
    {
        rill::testing::loop loop;
        auto stream = std::make_shared<test::memory_stream>(loop.executor());
        owned = stream;
        in.emplace(std::move(stream));
        owned.lock()->feed("held\nrest");
        CHECK(loop.run(in->read_line()) == "held\n");
        loop.spawn(in->read_line());
        loop.settle();
    }
    CHECK(owned.expired());
    CHECK(in->buffered() == "rest");
    CHECK_THROWS_AS(in->stream(), std::logic_error);
    test::loop another;
    CHECK(another.run(in->read(2)) == "re");
    CHECK(another.run(in->read_line()) == "st");
    CHECK(another.run(in->read_all()).empty());
    test::completion<std::string> read;
    const auto begin = [&]() -> awaitable<void> {
        in->async_read_exactly(1, read.handler());
        co_return;
    };
    another.run(begin);
    another.settle();
    CHECK(read.error() == asio::error::eof);
    CHECK(in->at_eof());
}

TEST_CASE("a loop that is a view may end and begin anew while its reader lives")
{
    asio::io_context io;
    test::memory_stream stream(io.get_executor());
    reader in(stream);
    {
        rill::loop first(io);
        rill::create_task(io.get_executor(), in.read_line());
        first.poll();
        first.close();
    }
    io.restart();
    io.poll();
    rill::loop second(io);
    stream.feed("a line\n");
    CHECK(second.run_until_complete(in.read_line()) == "a line\n");
}

TEST_CASE("a loop that dies with a read pending frees everything")
{
    rill::testing::loop loop;
    test::memory_stream stream(loop.executor());
    reader in(stream);
    const auto waiting = loop.spawn(in.read_line());
    loop.settle();
    CHECK_FALSE(waiting.done());
}

} // namespace
