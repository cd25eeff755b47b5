// SPDX-License-Identifier: BSL-1.0

// What a read leaves in a socket, which decides whether the next one has to look.

#include <support/live.hpp>

#include <rill/detail/socket_receive.hpp>
#include <rill/server.hpp>
#include <rill/stream_reader.hpp>
#include <rill/task.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using rill::awaitable;
using rill::net_detail::connection_signs;
using rill::net_detail::socket_receive;
using namespace test;

/// Two ends of a connection of the system's. What is sent is there when send() returns.
template <class Socket>
struct ends {
    asio::io_context io;
    Socket here{io};
    Socket there{io};
    socket_receive receive;
    connection_signs signs;

    void send(std::string_view text)
    {
        asio::write(there, asio::buffer(text));
        here.wait(Socket::wait_read);
    }

    void answer() { signs.written = true; }

    std::string got(std::size_t room)
    {
        std::string bytes(room, ' ');
        rill::error_code ec;
        std::size_t n = 0;
        receive.watch(signs);
        if (!receive(here.native_handle(), asio::buffer(bytes), 0, ec, n) || ec)
            return "(" + ec.message() + ")";
        return bytes.substr(0, n);
    }
};

struct tcp_ends : ends<tcp::socket> {
    tcp_ends()
    {
        tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
        there.connect(acceptor.local_endpoint());
        acceptor.accept(here);
        here.non_blocking(true);
    }
};

TEST_CASE(
    "socket_receive: of TCP, a read says whether it has left bytes, after two that were answered"
)
{
    tcp_ends e;
    for (int i = 0; i < 5; ++i) {
        e.send("a");
        CHECK(e.got(9) == "a");
        CHECK_FALSE(e.receive.left_nothing());
        if (i >= 3)
            e.answer();
    }
    e.send("abc");
    CHECK(e.got(9) == "abc");
    CHECK(e.receive.left_nothing());
    e.send("abcdef");
    CHECK(e.got(3) == "abc");
    CHECK_FALSE(e.receive.left_nothing());
    CHECK(e.got(3) == "def");
    CHECK(e.receive.left_nothing());
    CHECK(e.got(3) == "(" + make_error_code(asio::error::would_block).message() + ")");
    CHECK_FALSE(e.receive.left_nothing());
}

TEST_CASE("socket_receive: nothing that is left is certain once something was written behind")
{
    tcp_ends e;
    for (const char* text : {"a", "b", "c"}) {
        e.answer();
        e.send(text);
        CHECK(e.got(9) == text);
    }
    CHECK(e.receive.left_nothing());
    CHECK(e.receive.may_err());
    e.answer();
    CHECK_FALSE(e.receive.may_err());
    e.signs.cut = true;
    CHECK(e.receive.may_err());
}

TEST_CASE("socket_receive: the peer's end counts as something that is left")
{
    tcp_ends e;
    for (const char* text : {"a", "b", "c"}) {
        e.answer();
        e.send(text);
        CHECK(e.got(9) == text);
    }
    CHECK(e.receive.left_nothing());
    asio::write(e.there, asio::buffer("last", 4));
    e.there.shutdown(tcp::socket::shutdown_send);
    e.here.wait(tcp::socket::wait_read);
    CHECK(e.got(9) == "last");
    CHECK_FALSE(e.receive.left_nothing());
    CHECK(e.got(9) == "(" + make_error_code(asio::error::eof).message() + ")");
}

TEST_CASE("socket_receive: a socket that cannot be asked is read as any other")
{
    ends<asio::local::stream_protocol::socket> e;
    asio::local::connect_pair(e.here, e.there);
    for (int i = 0; i < 5; ++i) {
        e.answer();
        e.send("abc");
        CHECK(e.got(9) == "abc");
        CHECK_FALSE(e.receive.left_nothing());
    }
}

/// A connection whose server answers each line but "last", so that its reads are asked what they
/// have left, and what that one meets behind it.
struct served {
    awaitable<void> operator()(rill::stream s)
    {
        try {
            while (auto line = co_await s.reader().next_line()) {
                ++lines;
                if (*line != "last\n")
                    s.writer().write(std::move(*line));
            }
            met = "the end";
        } catch (const rill::system_error& e) {
            met = e.code().message();
        }
    }

    /// Connects, and has three lines answered.
    awaitable<void> begin()
    {
        client.connect({asio::ip::address_v4::loopback(), rill::port_of(server.local_endpoint())});
        for (int i = 1; i <= 3; ++i) {
            asio::write(client, asio::buffer("line\n", 5));
            CHECK(co_await eventually([&] { return client.available() == 5; }));
            char answer[5];
            asio::read(client, asio::buffer(answer));
        }
    }

    /// And then what the caller has put behind it, in the same turn of the loop.
    void send_last() { asio::write(client, asio::buffer("last\n", 5)); }

    awaitable<bool> meets(std::string what)
    {
        const bool any = co_await eventually([&] { return !met.empty(); });
        CHECK(lines == 4);
        CHECK(met == what);
        co_return any;
    }

    int lines = 0;
    std::string met; // empty: nothing so far
    asio::io_context io;
    tcp::socket client{io};
    rill::server server{std::ref(*this), rill::listen_address::parse("127.0.0.1:0")};
};

TEST_CASE("an end that comes together with the last bytes is seen")
{
    live l;
    l.run([]() -> awaitable<void> {
        served s;
        co_await s.begin();
        s.send_last();
        s.client.shutdown(tcp::socket::shutdown_send);
        CHECK(co_await s.meets("the end"));
    });
}

TEST_CASE("a reset that comes together with the last bytes is seen")
{
    live l;
    l.run([]() -> awaitable<void> {
        served s;
        co_await s.begin();
        s.send_last();
        s.client.set_option(asio::socket_base::linger(true, 0));
        s.client.close();
        CHECK(co_await s.meets(make_error_code(asio::error::connection_reset).message()));
    });
}

TEST_CASE("finish_clients: the end that comes together with the last bytes is seen")
{
    live l;
    l.run([]() -> awaitable<void> {
        served s;
        co_await s.begin();
        s.send_last();
        s.server.finish_clients();
        CHECK(co_await s.meets("the end"));
    });
}

TEST_CASE("stream_reader: an end of one's own behind the last bytes of an Asio socket is seen")
{
    live l;
    l.run([]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        asio::io_context io;
        tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
        tcp::socket peer(io);
        peer.connect(acceptor.local_endpoint());
        tcp::socket socket(executor);
        acceptor.accept(socket);
        rill::basic_stream_reader reader(socket);
        for (int i = 0; i < 4; ++i) {
            asio::write(peer, asio::buffer("line\n", 5));
            CHECK(co_await reader.read_line() == "line\n");
            asio::write(socket, asio::buffer("line\n", 5));
        }
        const auto rest = rill::create_task(reader.read_all());
        co_await rill::yield(); // it waits
        asio::write(peer, asio::buffer("last\n", 5));
        socket.shutdown(tcp::socket::shutdown_receive);
        CHECK(co_await rest == "last\n");
    });
}

} // namespace
