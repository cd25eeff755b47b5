// SPDX-License-Identifier: BSL-1.0

// What a read leaves in a socket, which decides whether the next one has to look.

#include <support/live.hpp>

#include <rill/detail/socket_receive.hpp>
#include <rill/server.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using rill::awaitable;
using rill::net_detail::socket_receive;
using namespace test;

/// Two ends of a connection of the system's. What is sent is there when send() returns.
template <class Socket>
struct ends {
    asio::io_context io;
    Socket here{io};
    Socket there{io};
    socket_receive receive;

    void send(std::string_view text)
    {
        asio::write(there, asio::buffer(text));
        here.wait(Socket::wait_read);
    }

    std::string got(std::size_t room)
    {
        std::string bytes(room, ' ');
        rill::error_code ec;
        std::size_t n = 0;
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

TEST_CASE("socket_receive: of TCP, a read says whether it has left bytes, from the third one on")
{
    tcp_ends e;
    for (int i = 0; i < 2; ++i) {
        e.send("a");
        CHECK(e.got(9) == "a");
        CHECK_FALSE(e.receive.left_nothing());
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

TEST_CASE("socket_receive: the end counts as something that is left")
{
    tcp_ends e;
    for (const char* text : {"a", "b", "c"}) {
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
        e.send("abc");
        CHECK(e.got(9) == "abc");
        CHECK_FALSE(e.receive.left_nothing());
    }
}

TEST_CASE("an end that comes together with the last bytes is seen")
{
    live l;
    l.run([]() -> awaitable<void> {
        std::vector<std::string> lines;
        bool ended = false;
        const auto handler = [&](rill::stream s) -> awaitable<void> {
            while (true) {
                std::string line(co_await s.reader().read_line());
                if (line.empty())
                    break;
                lines.push_back(std::move(line));
            }
            ended = true;
        };
        rill::server server(handler, rill::listen_address::parse("127.0.0.1:0"));
        asio::io_context io;
        tcp::socket client(io);
        client.connect({asio::ip::address_v4::loopback(), rill::port_of(server.local_endpoint())});
        for (std::size_t i = 1; i <= 4; ++i) {
            asio::write(client, asio::buffer("line\n", 5));
            CHECK(co_await eventually([&] { return lines.size() == i; }));
        }
        asio::write(
            client, asio::buffer("last\n", 5)
        ); // the loop is not asked until both are there
        client.shutdown(tcp::socket::shutdown_send);
        CHECK(co_await eventually([&] { return ended; }));
        CHECK(lines.back() == "last\n");
    });
}

} // namespace
