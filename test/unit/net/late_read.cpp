// SPDX-License-Identifier: BSL-1.0

// Reads of sockets, which are given room when bytes are there.

#include <support/held_bytes.hpp>
#include <support/loop.hpp>

#include <rill/stream.hpp>
#include <rill/testing/stream_pair.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace {

using rill::awaitable;
using rill::testing::stream_pair;

struct fixture {
    test::loop loop;
    rill::testing::connected_streams pair = stream_pair(loop.executor());
    rill::stream_writer& out = pair.first.writer();
    rill::stream_reader& in = pair.second.reader();

    /// `text` is there before anybody reads.
    awaitable<void> send(std::string_view text)
    {
        out.write(text);
        co_await out.drain();
    }
};

TEST_CASE("a reader that waits holds no memory to read into, whatever it has read before")
{
    fixture f;
    const auto exchange = [&]() -> awaitable<void> {
        co_await f.send(std::string(50'000, 'x') + "\n");
        CHECK((co_await f.in.read_line()).size() == 50'001);
    };
    f.loop.run(exchange); // what it costs for good, the loop's blocks say
    const test::growth since;
    f.loop.run(exchange);
    const auto waiting = f.loop.spawn(f.in.read_line());
    f.loop.settle();
    CHECK(since.bytes() < 4096);
    f.loop.run(f.send("next\n"));
    CHECK(waiting.result() == "next\n");
}

TEST_CASE("what is there as a read begins is read at once, again and again, and nothing is lost")
{
    fixture f;
    f.loop.run([&]() -> awaitable<void> {
        for (int i = 0; i < 100; ++i) {
            const std::string line = std::to_string(i) + "\n";
            co_await f.send(line);
            REQUIRE(co_await f.in.read_line() == line);
        }
    });
}

TEST_CASE("a message that comes after one which was read at once is read in one piece")
{
    fixture f;
    f.loop.run([&]() -> awaitable<void> {
        co_await f.send("at once\n");
        co_await f.in.read_line();
    });
    const auto reading = f.loop.spawn(f.in.read(100'000));
    f.loop.settle();
    f.loop.run(f.send(std::string(5'000, 'x')));
    CHECK(reading.result().size() == 5'000);
}

TEST_CASE("a part of a message keeps its bytes, and little more, while the rest is awaited")
{
    fixture f;
    const auto first = f.loop.spawn(f.in.read_exactly(1'000));
    f.loop.settle();
    f.loop.run(f.send(std::string(1'000, 'x'))); // the loop's blocks, which stay
    f.loop.settle();
    const test::growth since;
    const auto reading = f.loop.spawn(f.in.read_exactly(100'000));
    f.loop.settle();
    f.loop.run(f.send(std::string(1'000, 'x')));
    f.loop.settle();
    CHECK(since.bytes() < 16'000);
    f.loop.run(f.send(std::string(99'000, 'y')));
    f.loop.settle();
    CHECK(reading.result() == std::string(1'000, 'x') + std::string(99'000, 'y'));
}

TEST_CASE("a read that follows a cancelled one gets what comes, and it in one piece")
{
    fixture f;
    auto cancelled = f.loop.spawn(f.in.read_line());
    f.loop.settle();
    std::string read;
    f.loop.run([&]() -> awaitable<void> {
        cancelled.cancel();
        co_await f.send("for the next\n");
        read = co_await f.in.read_line();
    });
    CHECK(read == "for the next\n");
    CHECK(cancelled.cancelled());
}

} // namespace
