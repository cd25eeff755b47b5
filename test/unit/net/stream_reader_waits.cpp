// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>
#include <support/memory_stream.hpp>

#include <rill/event.hpp>
#include <rill/select.hpp>
#include <rill/stream_reader.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <string>
#include <variant>

namespace {

using rill::awaitable;

struct fixture {
    test::loop loop;
    test::memory_stream stream{loop.executor()};
    rill::basic_stream_reader<test::memory_stream> in{stream};
    rill::event stop{loop.executor()};

    awaitable<std::string> line_or_stop()
    {
        const auto got = co_await rill::select(in.read_line(), stop.wait());
        co_return got.index() == 0 ? std::get<0>(got) : "stopped";
    }

    awaitable<std::string> look() { co_return std::string(co_await in.read_some()); }
};

TEST_CASE("select: a line that comes first wins")
{
    fixture f;
    const auto waiting = f.loop.spawn(f.line_or_stop());
    f.loop.settle();
    f.stream.feed("a line\n");
    f.loop.settle();
    CHECK(waiting.result() == "a line\n");
}

TEST_CASE("select: a read that loses leaves what has come in the reader")
{
    fixture f;
    const auto waiting = f.loop.spawn(f.line_or_stop());
    f.loop.settle();
    f.stream.feed("half a ");
    f.loop.settle();
    f.stream.feed("line\n"); // on its way
    f.stop.set();
    f.loop.settle();
    CHECK(waiting.result() == "stopped");
    CHECK(f.loop.run(f.in.read_line()) == "half a line\n");
}

TEST_CASE("select: the error of a read that wins says as much as that of one that is awaited")
{
    fixture f;
    f.stream.feed_eof();
    const auto exactly = [&]() -> awaitable<void> {
        co_await rill::select(f.in.read_exactly(3), f.stop.wait());
    };
    CHECK_THROWS_AS(f.loop.run(exactly), rill::incomplete_read_error);
}

TEST_CASE("a read behind one that is over and has not run since begins when that one has left")
{
    fixture f;
    const auto first = f.loop.spawn(f.look());
    f.loop.settle();
    test::completion<std::string> second;
    test::completion<std::string> third;
    f.stream.feed("one\ntwo\n");
    f.loop.get().call_soon([&] { // in front of what the bytes make ready
        f.in.async_read_line(second.handler());
        f.in.async_read_line(third.handler());
    });
    f.loop.settle();
    CHECK(first.result() == "one\ntwo\n");
    CHECK(second.value() == "one\n");
    CHECK(third.error() == boost::asio::error::already_started);
}

TEST_CASE("a read behind one that is over may be cancelled, or lose its reader")
{
    test::loop loop;
    test::memory_stream stream(loop.executor());
    auto in = std::make_unique<rill::basic_stream_reader<test::memory_stream>>(stream);
    const auto first = loop.spawn(in->read_line());
    loop.settle();
    boost::asio::cancellation_signal cancel;
    test::completion<std::string> second;
    const auto begin_second = [&] { // in front of what the bytes make ready
        in->async_read_line(boost::asio::bind_cancellation_slot(cancel.slot(), second.handler()));
    };
    stream.feed("a line\n");
    loop.get().call_soon(begin_second);
    SUBCASE("cancelled")
    {
        loop.get().call_soon([&] { cancel.emit(boost::asio::cancellation_type::total); });
        loop.settle();
        CHECK(first.result() == "a line\n");
        CHECK(second.error() == boost::asio::error::operation_aborted);
        stream.feed("another\n");
        CHECK(loop.run(in->read_line()) == "another\n");
    }
    SUBCASE("its reader is gone")
    {
        loop.get().call_soon([&] { in.reset(); });
        loop.settle();
        CHECK(rill::is_cancellation(first.exception()));
        CHECK(second.error() == boost::asio::error::operation_aborted);
    }
}

} // namespace
