// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>
#include <support/network.hpp>

#include <rill/detail/watch/open_mark.hpp>
#include <rill/testing/stream_pair.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using rill::awaitable;
using rill::testing::pair_options;
using rill::testing::stream_pair;
using test::error_of;
namespace asio = boost::asio;

TEST_CASE("BY-31: a pair of streams in memory carries bytes both ways")
{
    test::loop loop;
    auto pair = stream_pair(loop.executor());
    loop.run([&]() -> awaitable<void> {
        pair.first.writer().write("to second\n");
        pair.second.writer().write("to first\n");
        CHECK(co_await pair.second.reader().read_line() == "to second\n");
        CHECK(co_await pair.first.reader().read_line() == "to first\n");
        pair.first.close();
        CHECK((co_await pair.second.reader().read_line()).empty());
    });
}

TEST_CASE("BY-31: within a loop, a pair needs no executor")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        auto pair = stream_pair();
        pair.first.writer().write("x\n");
        CHECK(co_await pair.second.reader().read_line() == "x\n");
    });
}

TEST_CASE("BY-31: the buffer of a pair is bounded, and a writer waits for the reader")
{
    test::loop loop;
    auto pair = stream_pair(loop.executor(), pair_options().capacity(10));
    pair.first.writer().options().watermarks(0, 0);
    pair.first.writer().write("0123456789abcdef");
    const auto draining = loop.spawn(pair.first.writer().drain());
    loop.settle();
    CHECK_FALSE(draining.done());
    CHECK(pair.second.socket().available() == 10);
    CHECK(pair.first.writer().buffered() == 6);
    loop.run([&]() -> awaitable<void> {
        CHECK(co_await pair.second.reader().read_exactly(16) == "0123456789abcdef");
    });
    CHECK(draining.done());
}

TEST_CASE("BY-31: in lock-step nothing is taken before the other side reads")
{
    test::loop loop;
    auto pair = stream_pair(loop.executor(), pair_options().capacity(0));
    pair.first.writer().options().watermarks(0, 0);
    pair.first.writer().write("hello\n");
    const auto draining = loop.spawn(pair.first.writer().drain());
    loop.settle();
    CHECK_FALSE(draining.done());
    CHECK(pair.first.writer().buffered() == 6);
    loop.run([&]() -> awaitable<void> {
        CHECK(co_await pair.second.reader().read_line() == "hello\n");
    });
    CHECK(draining.done());
}

TEST_CASE("BY-31: in lock-step a write to a reader that waits is done at once")
{
    test::loop loop;
    auto pair = stream_pair(loop.executor(), pair_options().capacity(0));
    const auto reading = loop.spawn(pair.second.reader().read_line());
    loop.settle();
    rill::error_code ec;
    const asio::const_buffer line("x\n", 2);
    CHECK(pair.first.socket().try_write(std::span(&line, 1), ec) == 2);
    CHECK(pair.first.socket().try_write(std::span(&line, 1), ec) == 0);
    CHECK(ec == asio::error::would_block);
    loop.settle();
    REQUIRE(reading.done());
    CHECK(reading.result() == "x\n");
}

TEST_CASE("BY-31: in lock-step one write is under way at a time, held or not")
{
    test::loop loop;
    auto pair = stream_pair(loop.executor(), pair_options().capacity(0));
    pair.forth.hold();
    const auto reading = loop.spawn(pair.second.reader().read_line());
    loop.settle();
    rill::error_code ec;
    const asio::const_buffer line("x\n", 2);
    CHECK(pair.first.socket().try_write(std::span(&line, 1), ec) == 2);
    CHECK(pair.first.socket().try_write(std::span(&line, 1), ec) == 0);
    CHECK(ec == asio::error::would_block);
    pair.forth.release();
    loop.settle();
    CHECK(reading.done());
}

TEST_CASE("BY-31: what is held arrives when it is pumped, as much as is asked for")
{
    test::loop loop;
    auto pair = stream_pair(loop.executor());
    pair.forth.hold();
    pair.first.writer().write("hello\n");
    pair.first.writer().write_eof();
    const auto reading = loop.spawn(pair.second.reader().read_all());
    loop.settle();
    CHECK(pair.forth.held_bytes() == 6);
    CHECK(pair.second.socket().available() == 0);
    CHECK(pair.forth.pump(2) == 2);
    loop.settle();
    CHECK(pair.second.reader().buffered() == "he");
    CHECK_FALSE(reading.done());
    CHECK(pair.forth.pump() == 4);
    loop.settle();
    REQUIRE(reading.done());
    CHECK(reading.result() == "hello\n");
}

TEST_CASE("BY-31: released, a wire carries by itself again; the other direction was never held")
{
    test::loop loop;
    auto pair = stream_pair(loop.executor());
    pair.forth.hold();
    loop.run([&]() -> awaitable<void> {
        pair.second.writer().write("back\n");
        CHECK(co_await pair.first.reader().read_line() == "back\n");
        pair.first.writer().write("forth\n");
        pair.forth.release();
        CHECK(co_await pair.second.reader().read_line() == "forth\n");
    });
}

TEST_CASE("BY-31: a hook is called for each write, and may decide what arrives")
{
    test::loop loop;
    auto pair = stream_pair(loop.executor());
    int calls = 0;
    pair.forth.hold();
    pair.forth.on_write([&] {
        ++calls;
        pair.forth.pump(1);
    });
    const asio::const_buffer three("abc", 3);
    rill::error_code ec;
    CHECK(pair.first.socket().try_write(std::span(&three, 1), ec) == 3);
    CHECK(pair.first.socket().try_write(std::span(&three, 1), ec) == 3);
    CHECK(calls == 2);
    CHECK(pair.second.socket().available() == 2);
}

TEST_CASE("BY-31: a hook is called once when a stream ends, is closed or aborted")
{
    test::loop loop;
    for (const int how : {0, 1, 2}) {
        auto pair = stream_pair(loop.executor());
        int calls = 0;
        pair.forth.on_close([&] { ++calls; });
        if (how == 0)
            pair.first.writer().write_eof();
        else if (how == 1)
            pair.first.close();
        else
            pair.first.abort();
        CHECK(calls == 1);
        pair.first.abort();
        CHECK(calls == 1);
    }
}

TEST_CASE("BY-31: an abort drops what has not arrived, and is a reset")
{
    test::loop loop;
    auto pair = stream_pair(loop.executor());
    pair.first.writer().write("arrived\n");
    loop.settle();
    pair.forth.hold();
    pair.first.writer().write("not\n");
    loop.settle();
    pair.first.abort();
    loop.run([&]() -> awaitable<void> {
        CHECK(co_await pair.second.reader().read_line() == "arrived\n");
        const auto ec = co_await error_of(pair.second.reader().read_line());
        CHECK(ec == asio::error::connection_reset);
    });
}

TEST_CASE("debug: what is open when its loop ends is reported, streams that are gone are not")
{
    std::vector<std::string> reported;
    std::unique_ptr<rill::detail::open_mark> kept; // a stream itself must not outlive its loop
    {
        rill::loop loop;
        loop.set_debug(true);
        loop.set_exception_handler([&](const rill::exception_context& context) {
            reported.push_back(context.message);
        });
        auto& core = rill::detail::loop_core::of(loop.context());
        const auto gone = stream_pair(loop.get_executor());
        kept = std::make_unique<rill::detail::open_mark>(core, "a stream to 10.0.0.1:80");
    }
    REQUIRE(reported.size() == 1);
    CHECK(reported[0] == "a stream to 10.0.0.1:80 was still open when its loop ended");
}

TEST_CASE("BY-31: the wires may outlive the streams")
{
    test::loop loop;
    auto pair = std::make_unique<rill::testing::connected_streams>(stream_pair(loop.executor()));
    rill::testing::wire forth = pair->forth;
    forth.hold();
    pair->first.writer().write("x");
    loop.settle();
    pair.reset();
    loop.settle();
    CHECK(forth.pump() == 1);
}

} // namespace
