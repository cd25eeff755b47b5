// SPDX-License-Identifier: BSL-1.0

// The socket behind a stream, on its simulated side: what Asio promises of a socket's operations.

#include <support/loop.hpp>

#include <rill/stream_socket.hpp>
#include <rill/testing/stream_pair.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <string>

namespace {

using rill::awaitable;
using rill::testing::stream_pair;
namespace asio = boost::asio;

struct sockets {
    test::loop loop;
    rill::testing::connected_streams pair = stream_pair(loop.executor());
    rill::stream_socket& a = pair.first.socket();
    rill::stream_socket& b = pair.second.socket();
};

TEST_CASE("stream_socket: Asio's composed operations work on a simulated one")
{
    sockets s;
    std::string got;
    s.loop.run([&]() -> awaitable<void> {
        co_await asio::async_write(s.a, asio::buffer("hello\n", 6), asio::use_awaitable);
        char room[6];
        co_await asio::async_read(s.b, asio::buffer(room), asio::use_awaitable);
        got.assign(room, 6);
    });
    CHECK(got == "hello\n");
}

TEST_CASE("stream_socket: any token will do")
{
    sockets s;
    char room[8];
    auto future = s.b.async_read_some(asio::buffer(room), asio::use_future);
    auto writing = s.a.async_write_some(asio::buffer("abc", 3), asio::deferred);
    test::completion<std::size_t> written;
    std::move(writing)(written.handler());
    s.loop.settle();
    CHECK(written.value() == 3);
    CHECK(future.get() == 3);
}

TEST_CASE("stream_socket: a handler runs on its own executor, and never within the call")
{
    sockets s;
    const auto strand = asio::make_strand(s.loop.context());
    bool called = false;
    bool inside = false;
    s.a.async_wait(
        rill::stream_socket::wait_write,
        asio::bind_executor(
            strand,
            [&](rill::error_code) {
                called = true;
                inside = strand.running_in_this_thread();
            }
        )
    );
    CHECK_FALSE(called);
    s.loop.settle();
    CHECK(called);
    CHECK(inside);
}

TEST_CASE("stream_socket: waits that are cancelled by their slot end, others go on")
{
    sockets s;
    asio::cancellation_signal signal;
    test::completion<> cancelled;
    test::completion<> other;
    s.a.async_wait(
        rill::stream_socket::wait_read,
        asio::bind_cancellation_slot(signal.slot(), cancelled.handler())
    );
    s.a.async_wait(rill::stream_socket::wait_read, other.handler());
    s.loop.settle();
    signal.emit(asio::cancellation_type::total);
    s.loop.settle();
    CHECK(cancelled.done());
    CHECK(cancelled.error() == asio::error::operation_aborted);
    CHECK_FALSE(other.done());
    s.a.cancel();
    s.loop.settle();
    CHECK(other.error() == asio::error::operation_aborted);
}

TEST_CASE("stream_socket: a cancelled read takes no bytes")
{
    sockets s;
    asio::cancellation_signal signal;
    test::completion<std::size_t> reading;
    char room[8];
    s.b.async_read_some(
        asio::buffer(room), asio::bind_cancellation_slot(signal.slot(), reading.handler())
    );
    signal.emit(asio::cancellation_type::total);
    s.a.async_write_some(asio::buffer("abc", 3), [](rill::error_code, std::size_t) {});
    s.loop.settle();
    CHECK(reading.error() == asio::error::operation_aborted);
    CHECK(s.b.available() == 3);
}

TEST_CASE("stream_socket: reads that wait are served in order")
{
    sockets s;
    std::string order;
    char room[2];
    const auto read = [&](char name) {
        s.b.async_read_some(asio::buffer(room), [&order, name](rill::error_code, std::size_t) {
            order += name;
        });
    };
    read('a');
    read('b');
    s.loop.settle();
    s.a.async_write_some(asio::buffer("1234", 4), [](rill::error_code, std::size_t) {});
    s.loop.settle();
    CHECK(order == "ab");
}

TEST_CASE("stream_socket: closed, it says so, and what waits ends")
{
    sockets s;
    test::completion<> waiting;
    s.a.async_wait(rill::stream_socket::wait_read, waiting.handler());
    s.loop.settle();
    CHECK(s.a.is_open());
    s.a.close();
    CHECK_FALSE(s.a.is_open());
    s.loop.settle();
    CHECK(waiting.error() == asio::error::operation_aborted);
    test::completion<> late;
    s.a.async_wait(rill::stream_socket::wait_read, late.handler());
    s.loop.settle();
    CHECK(late.error() == asio::error::bad_descriptor);
    rill::error_code ec;
    s.a.shutdown(asio::socket_base::shutdown_send, ec);
    CHECK(ec == asio::error::bad_descriptor);
    CHECK_THROWS_AS(s.a.local_endpoint(), rill::system_error);
    CHECK_NOTHROW(s.a.close());
}

TEST_CASE("stream_socket: waiting for an error ends with the connection")
{
    sockets s;
    test::completion<> waiting;
    s.b.async_wait(rill::stream_socket::wait_error, waiting.handler());
    s.loop.settle();
    CHECK_FALSE(waiting.done());
    s.pair.first.abort();
    s.loop.settle();
    CHECK(waiting.done());
    CHECK_FALSE(waiting.error());
}

TEST_CASE("stream_socket: reading into nothing ends at once")
{
    sockets s;
    test::completion<std::size_t> reading;
    s.b.async_read_some(asio::mutable_buffer(), reading.handler());
    s.loop.settle();
    CHECK(reading.done());
    CHECK_FALSE(reading.error());
}

TEST_CASE("stream_socket: several buffers are one read, or one write")
{
    sockets s;
    test::completion<std::size_t> done;
    const std::array<asio::const_buffer, 2> parts{asio::buffer("abc", 3), asio::buffer("def", 3)};
    s.a.async_write_some(parts, done.handler());
    s.loop.settle();
    CHECK(done.value() == 6);
    char first[2];
    char second[4];
    const std::array<asio::mutable_buffer, 2> room{asio::buffer(first), asio::buffer(second)};
    test::completion<std::size_t> read;
    s.b.async_read_some(room, read.handler());
    s.loop.settle();
    CHECK(read.value() == 6);
    CHECK(std::string(second, 4) == "cdef");
}

TEST_CASE("stream_socket: operations that wait at one that is destroyed are aborted")
{
    test::loop loop;
    auto pair = std::make_unique<rill::testing::connected_streams>(stream_pair(loop.executor()));
    std::optional<rill::stream_socket> socket(std::move(pair->first.socket()));
    test::completion<> waited;
    test::completion<> failed;
    test::completion<std::size_t> read;
    char room[8];
    socket->async_wait(rill::stream_socket::wait_read, waited.handler());
    socket->async_wait(rill::stream_socket::wait_error, failed.handler());
    socket->async_read_some(asio::buffer(room), read.handler());
    loop.settle();
    socket.reset();
    loop.settle();
    CHECK(waited.error() == asio::error::operation_aborted);
    CHECK(failed.error() == asio::error::operation_aborted);
    CHECK(read.error() == asio::error::operation_aborted);
}

TEST_CASE("stream_socket: a loop may end while operations on a simulated one wait")
{
    const auto held = std::make_shared<int>();
    {
        test::abandoned_loop loop;
        auto pair = stream_pair(loop.executor());
        pair.first.socket().async_wait(rill::stream_socket::wait_read, [held](rill::error_code) {});
        loop.settle();
        loop.spawn([pair = std::move(pair)]() mutable -> awaitable<void> {
            co_await pair.second.reader().read_all();
        });
        loop.settle();
        CHECK(held.use_count() > 1);
    }
    CHECK(held.use_count() == 1);
}

} // namespace
