// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>
#include <support/memory_stream.hpp>

#include <rill/sleep.hpp>
#include <rill/stream_reader.hpp>
#include <rill/stream_writer.hpp>

#include <boost/asio/deferred.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using rill::awaitable;
using writer = rill::basic_stream_writer<test::memory_stream>;
using reader = rill::basic_stream_reader<test::memory_stream>;

struct fixture {
    test::loop loop;
    std::shared_ptr<test::memory_stream> stream =
        std::make_shared<test::memory_stream>(loop.executor());
    writer out;

    explicit fixture(const rill::write_options& options = {})
        : out(*stream, options)
    {}
};

rill::write_options small_marks()
{
    return rill::write_options().watermarks(10, 4);
}

awaitable<void> drain_and_say(writer& out, std::string& log, char name)
{
    co_await out.drain();
    log += name;
}

TEST_CASE("SW-01: the writes of one turn leave together, in order, without a drain")
{
    fixture f;
    f.out.write("one ");
    f.out.write(std::string("two "));
    const std::vector<std::string> lines = {"three ", "four"};
    f.out.write_lines(lines);
    CHECK(f.stream->writes == 0);
    f.loop.settle();
    CHECK(f.stream->written == "one two three four");
    CHECK(f.stream->writes == 1);
    CHECK(f.out.buffered() == 0);
}

TEST_CASE("SW-01: what is written while a write is under way follows it")
{
    fixture f;
    f.stream->take(3);
    f.out.write("abcdef");
    f.loop.settle();
    CHECK(f.stream->written == "abc");
    f.out.write("ghi");
    f.loop.settle();
    f.stream->take(2);
    f.loop.settle();
    f.stream->take(100);
    f.loop.settle();
    CHECK(f.stream->written == "abcdefghi");
}

TEST_CASE("SW-02: drain returns at once up to the high mark, else it waits for the low one")
{
    fixture f(small_marks());
    f.stream->take(0);
    f.out.write("1234567890");
    std::string log;
    f.loop.spawn(drain_and_say(f.out, log, 'a'));
    f.loop.settle();
    CHECK(log == "a");

    f.out.write("1");
    for (const char name : {'b', 'c', 'd'})
        f.loop.spawn(drain_and_say(f.out, log, name));
    f.loop.settle();
    CHECK(log == "a");
    f.stream->take(6); // five are left
    f.loop.settle();
    CHECK(log == "a");
    f.stream->take(1);
    f.loop.settle();
    CHECK(log == "abcd");
    f.stream->take(100);
}

TEST_CASE("SW-03: drain throws the error that the reader of the connection has met")
{
    fixture f;
    reader in(*f.stream);
    f.out.share_errors_with(in);
    f.stream->fail_reads(asio::error::connection_reset);
    CHECK_THROWS_AS(f.loop.run(in.read(1)), rill::system_error);
    CHECK_THROWS_AS(f.loop.run(f.out.drain()), rill::system_error);
}

TEST_CASE("a connection that a write has found reset has no good end for its reader")
{
    for (const bool had_ended : {false, true}) { // then the system says broken pipe
        fixture f;
        reader in(*f.stream);
        f.out.share_errors_with(in);
        f.stream->fail_writes(had_ended ? asio::error::broken_pipe : asio::error::connection_reset);
        f.out.write("x");
        f.loop.settle();
        f.stream->feed("the rest");
        f.stream->feed_eof(); // as the system tells a reset only once
        CHECK(f.loop.run(in.read_exactly(8)) == "the rest");
        if (had_ended)
            CHECK(f.loop.run(in.read_all()).empty());
        else
            CHECK_THROWS_AS(f.loop.run(in.read_all()), rill::system_error);
    }
}

awaitable<int> write_until_it_fails(writer& out)
{
    for (int turns = 0; turns < 100; ++turns) {
        out.write("data");
        try {
            co_await out.drain();
        } catch (const rill::system_error& error) {
            CHECK(error.code() == asio::error::broken_pipe);
            co_return turns;
        }
        co_await rill::sleep(1ms);
    }
    co_return 100;
}

TEST_CASE("SW-04: after the peer is lost a write and drain loop ends within a few turns")
{
    fixture f;
    f.stream->fail_writes(asio::error::broken_pipe);
    CHECK(f.loop.run(write_until_it_fails(f.out)) < 5);
    CHECK_THROWS_AS(f.loop.run(f.out.drain()), rill::system_error); // now and later
}

TEST_CASE("SW-05, BY-54: drainers that wait when the connection is lost get its error")
{
    fixture f(small_marks());
    f.stream->take(0);
    f.out.write("12345678901");
    const auto first = f.loop.spawn(f.out.drain());
    const auto second = f.loop.spawn(f.out.drain());
    f.loop.settle();
    SUBCASE("lost by an error: that one")
    {
        f.stream->fail_writes(asio::error::broken_pipe);
        f.loop.settle();
        CHECK(test::text_of(first.exception()).find("roken pipe") != std::string::npos);
        CHECK(test::text_of(second.exception()).find("roken pipe") != std::string::npos);
    }
    SUBCASE("aborted on this side: connection_reset")
    {
        f.out.abort();
        f.loop.settle();
        CHECK(test::text_of(first.exception()).find("reset") != std::string::npos);
        CHECK(test::text_of(second.exception()).find("reset") != std::string::npos);
    }
}

TEST_CASE("SW-06: a cancelled drainer leaves the line, the others go on")
{
    fixture f(small_marks());
    f.stream->take(0);
    f.out.write("12345678901");
    std::string log;
    f.loop.spawn(drain_and_say(f.out, log, 'a'));
    auto cancelled = f.loop.spawn(drain_and_say(f.out, log, 'b'));
    f.loop.spawn(drain_and_say(f.out, log, 'c'));
    f.loop.settle();
    cancelled.cancel();
    f.loop.settle();
    CHECK(cancelled.cancelled());
    f.stream->take(100);
    f.loop.settle();
    CHECK(log == "ac");
    CHECK(f.stream->written == "12345678901");
}

TEST_CASE("SW-07: write and drain after close is connection_reset, and nothing is written")
{
    fixture f;
    f.out.close();
    f.out.write("late");
    try {
        f.loop.run(f.out.drain());
        FAIL("drain did not throw");
    } catch (const rill::system_error& error) {
        CHECK(error.code() == asio::error::connection_reset);
    }
    CHECK(f.stream->written.empty());
}

TEST_CASE("SW-08: close flushes first, then closes; once; is_closing at once")
{
    fixture f;
    f.stream->take(0);
    f.out.write("the end");
    f.out.close();
    f.out.close();
    CHECK(f.out.is_closing());
    f.loop.settle();
    CHECK_FALSE(f.stream->closed);
    f.stream->take(100);
    f.loop.settle();
    CHECK(f.stream->written == "the end");
    CHECK(f.stream->closed);
}

TEST_CASE("SW-09: wait_closed returns after the real close, for many, and again")
{
    fixture f;
    f.stream->take(0);
    f.out.write("x");
    f.out.close();
    const auto one = f.loop.spawn(f.out.wait_closed());
    const auto two = f.loop.spawn(f.out.wait_closed());
    f.loop.settle();
    CHECK_FALSE(one.done());
    f.stream->take(1);
    f.loop.settle();
    CHECK(one.done());
    CHECK(two.done());
    CHECK_NOTHROW(one.result());
    CHECK_NOTHROW(two.result());
    CHECK_NOTHROW(f.loop.run(f.out.wait_closed()));
}

TEST_CASE("BY-53: a wait for the close that is cancelled leaves the close going on")
{
    fixture f;
    f.stream->take(0);
    f.out.write("x");
    f.out.close();
    auto wait = f.loop.spawn(f.out.wait_closed());
    f.loop.settle();
    wait.cancel();
    f.loop.settle();
    CHECK(wait.cancelled());
    CHECK_FALSE(f.stream->closed);
    f.stream->take(1);
    f.loop.settle();
    CHECK(f.stream->closed);
}

TEST_CASE("SW-09: wait_closed throws the error that the connection was lost by")
{
    fixture f;
    f.stream->fail_writes(asio::error::broken_pipe);
    f.out.write("x");
    f.out.close();
    f.loop.settle();
    CHECK(f.stream->closed);
    CHECK_THROWS_AS(f.loop.run(f.out.wait_closed()), rill::system_error);
}

TEST_CASE("SW-10: write_eof half-closes after what is buffered, and reading stays possible")
{
    fixture f;
    reader in(*f.stream);
    f.stream->take(2);
    f.out.write("1234");
    f.out.write_eof();
    f.out.write("dropped");
    f.loop.settle();
    CHECK_FALSE(f.stream->ended);
    f.stream->take(100);
    f.loop.settle();
    CHECK(f.stream->ended);
    CHECK(f.stream->written == "1234");
    CHECK_FALSE(f.stream->closed);
    f.stream->feed("answer");
    CHECK(f.loop.run(in.read(10)) == "answer");
    CHECK(f.out.can_write_eof());
}

TEST_CASE("a peer that takes nothing for the time of write_stall is cut, for both ends")
{
    fixture f(rill::write_options().watermarks(10, 4).write_stall(30s));
    reader in(*f.stream);
    f.out.share_errors_with(in);
    f.stream->take(1);
    f.out.write("12345678901234567890");
    const auto draining = f.loop.spawn(f.out.drain());
    const auto reading = f.loop.spawn(in.read(1));
    f.loop.advance(29s);
    f.stream->take(1); // progress: the time begins again
    f.loop.advance(29s);
    CHECK_FALSE(draining.done());
    CHECK_FALSE(f.stream->closed);
    f.loop.advance(2s);
    CHECK(f.stream->closed);
    CHECK(test::text_of(draining.exception()).find("timed out") != std::string::npos);
    CHECK(test::text_of(reading.exception()).find("timed out") != std::string::npos);
    CHECK_THROWS_AS(f.loop.run(in.read(1)), rill::system_error);
    CHECK_THROWS_AS(f.loop.run(f.out.drain()), rill::system_error);
}

TEST_CASE("a peer that takes a little each time is not cut")
{
    fixture f(rill::write_options().write_stall(10s));
    f.stream->take(0);
    f.out.write(std::string(50, 'x'));
    for (int i = 0; i < 50; ++i) {
        f.loop.advance(9s);
        f.stream->take(1);
    }
    f.loop.settle();
    CHECK(f.stream->written.size() == 50);
    CHECK_FALSE(f.stream->closed);
}

TEST_CASE("a writer that owns its stream flushes and closes it in the background when destroyed")
{
    test::loop loop;
    auto stream = std::make_shared<test::memory_stream>(loop.executor());
    stream->take(0);
    auto lease = std::make_shared<int>();
    {
        writer out(stream);
        out.hold_until_closed(lease);
        out.write("goodbye");
    }
    loop.settle();
    CHECK_FALSE(stream->closed);
    CHECK(lease.use_count() == 2);
    stream->take(100);
    loop.settle();
    CHECK(stream->written == "goodbye");
    CHECK(stream->closed);
    CHECK(lease.use_count() == 1);
}

TEST_CASE("a writer on the user's stream touches it no more once it is destroyed")
{
    test::loop loop;
    test::memory_stream stream(loop.executor());
    stream.take(0);
    {
        writer out(stream);
        out.write("never sent");
        loop.settle(); // the write waits
    }
    loop.settle();
    stream.take(100);
    loop.settle();
    CHECK(stream.written.empty());
    CHECK_FALSE(stream.closed);
}

TEST_CASE("a writer that is destroyed ends the drains that wait")
{
    test::loop loop;
    test::memory_stream stream(loop.executor());
    stream.take(0);
    auto out = std::make_unique<writer>(stream, small_marks());
    out->write("12345678901");
    test::completion<> drained;
    test::completion<> closed;
    out->async_drain(drained.handler());
    out->async_wait_closed(closed.handler());
    loop.settle();
    out.reset();
    loop.settle();
    CHECK(drained.error() == rill::condition::cancelled);
    CHECK(closed.error() == rill::condition::cancelled);
}

TEST_CASE("a writer that owns its stream: destroyed, it ends drains, and closes for those who wait")
{
    test::loop loop;
    auto stream = std::make_shared<test::memory_stream>(loop.executor());
    stream->take(0);
    auto out = std::make_unique<writer>(stream, small_marks());
    out->write("12345678901");
    const auto draining = loop.spawn(out->drain());
    const auto closing = loop.spawn(out->wait_closed());
    loop.settle();
    auto drain_later = out->drain();
    out.reset();
    loop.settle();
    REQUIRE(draining.done());
    CHECK(rill::is_cancellation(draining.exception()));
    CHECK_FALSE(closing.done());
    CHECK_THROWS_AS(loop.run(std::move(drain_later)), rill::system_error);
    stream->take(100);
    loop.settle();
    CHECK(closing.done());
    CHECK_NOTHROW(closing.result());
    CHECK(stream->written == "12345678901");
}

TEST_CASE("a wait that begins when the writer of a user's stream has gone is aborted")
{
    test::loop loop;
    test::memory_stream stream(loop.executor());
    stream.take(0);
    auto out = std::make_unique<writer>(stream, small_marks());
    out->write("12345678901");
    out->write_eof();
    auto drain = out->drain();
    auto closed = out->wait_closed();
    auto deferred = out->async_drain(asio::deferred);
    out.reset();
    const auto drained = loop.spawn(std::move(drain));
    const auto waited = loop.spawn(std::move(closed));
    test::completion<> called;
    std::move(deferred)(called.handler());
    stream.take(100);
    loop.settle();
    CHECK(rill::is_cancellation(drained.exception()));
    CHECK(rill::is_cancellation(waited.exception()));
    CHECK(called.error() == asio::error::operation_aborted);
    CHECK_FALSE(stream.ended);
}

TEST_CASE("wait_closed throws what the connection was lost by, though nobody has closed it")
{
    fixture f;
    reader in(*f.stream);
    f.out.share_errors_with(in);
    const auto waiting = f.loop.spawn(f.out.wait_closed());
    f.loop.settle();
    CHECK_FALSE(waiting.done());
    SUBCASE("a write meets it")
    {
        f.stream->fail_writes(asio::error::connection_reset);
        f.out.write("x");
    }
    SUBCASE("a read meets it")
    {
        f.stream->fail_reads(asio::error::connection_reset);
        CHECK_THROWS_AS(f.loop.run(in.read(1)), rill::system_error);
    }
    f.loop.settle();
    CHECK(test::text_of(waiting.exception()).find("reset") != std::string::npos);
    CHECK_THROWS_AS(f.loop.run(f.out.wait_closed()), rill::system_error);
    CHECK_FALSE(f.stream->closed);
}

TEST_CASE("a drain that waits ends with the error that the reader of the connection meets")
{
    fixture f(small_marks());
    reader in(*f.stream);
    f.out.share_errors_with(in);
    f.stream->take(0);
    f.out.write("12345678901");
    const auto draining = f.loop.spawn(f.out.drain());
    f.loop.settle();
    f.stream->fail_reads(asio::error::connection_reset);
    CHECK_THROWS_AS(f.loop.run(in.read(1)), rill::system_error);
    f.loop.settle();
    CHECK(test::text_of(draining.exception()).find("reset") != std::string::npos);
}

TEST_CASE("reader and writer of a connection may go in either order")
{
    test::loop loop;
    auto stream = std::make_shared<test::memory_stream>(loop.executor());
    auto in = std::make_unique<reader>(*stream);
    auto out = std::make_unique<writer>(*stream);
    out->share_errors_with(*in);
    SUBCASE("the writer first, cut")
    {
        out->abort();
        out.reset();
        CHECK_THROWS_AS(loop.run(in->read(1)), rill::system_error);
    }
    SUBCASE("the writer first, and the reader meets an error")
    {
        out.reset();
        stream->fail_reads(asio::error::connection_reset);
        CHECK_THROWS_AS(loop.run(in->read(1)), rill::system_error);
    }
    SUBCASE("the reader first")
    {
        in.reset();
        out->write("x");
        loop.run(out->drain());
        CHECK(stream->written == "x");
        out->abort();
    }
}

TEST_CASE("a writer may outlive its loop, which closes its stream")
{
    std::optional<writer> out;
    std::optional<writer> of_user; // whose stream is gone by then
    std::weak_ptr<test::memory_stream> owned;
    const auto lease = std::make_shared<int>();
    {
        rill::testing::loop loop;
        auto stream = std::make_shared<test::memory_stream>(loop.executor());
        owned = stream;
        stream->take(0);
        test::memory_stream another(loop.executor());
        another.take(0);
        of_user.emplace(another, small_marks());
        of_user->write("12345678901");
        loop.spawn(of_user->drain());
        out.emplace(std::move(stream), small_marks());
        out->hold_until_closed(lease);
        out->write("12345678901");
        loop.spawn(out->drain());
        loop.spawn(out->wait_closed());
        loop.settle();
        out->write("in the same turn");
    }
    CHECK(owned.expired());
    CHECK(lease.use_count() == 1);
    test::loop loop;
    for (writer* w : {&*out, &*of_user}) {
        CHECK(w->is_closing());
        w->write("dropped");
        w->write_eof();
        w->close();
        w->abort();
        CHECK_THROWS_AS(loop.run(w->drain()), rill::system_error);
        test::completion<> drained;
        const auto begin = [&]() -> awaitable<void> {
            w->async_drain(drained.handler());
            co_return;
        };
        loop.run(begin);
        loop.settle();
        CHECK(drained.error() == asio::error::connection_reset);
    }
}

TEST_CASE("async_drain: completes with what drain would throw")
{
    fixture f(small_marks());
    test::completion<> at_once;
    f.out.async_drain(at_once.handler());
    CHECK_FALSE(at_once.done());
    f.loop.settle();
    CHECK(at_once.done());
    f.out.abort();
    test::completion<> failed;
    f.out.async_drain(failed.handler());
    f.loop.settle();
    CHECK(failed.error() == asio::error::connection_reset);
    CHECK(f.stream->closed);
}

TEST_CASE("watermarks: the low one is not above the high one")
{
    CHECK_THROWS_AS(rill::write_options().watermarks(1, 2), std::invalid_argument);
}

TEST_CASE("a loop that dies with writes and drains pending frees everything")
{
    rill::testing::loop loop;
    test::memory_stream stream(loop.executor());
    stream.take(0);
    writer out(stream, small_marks());
    out.write("12345678901");
    const auto draining = loop.spawn(out.drain());
    loop.settle();
    out.write("more");
    CHECK_FALSE(draining.done());
}

} // namespace
