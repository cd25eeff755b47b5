// SPDX-License-Identifier: BSL-1.0
//
// The README's service, as a process.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <child.hpp>
#include <doctest/doctest.h>

#include <csignal>
#include <string>

namespace asio = boost::asio;

TEST_CASE("README: the service greets, and drains: an idle connection does not hold it up")
{
    test::child service({"--set=server.listen=127.0.0.1:0", "--set=server.http.keep_alive_grace=0s"}
    );
    REQUIRE(service.says("\"listening\",\"address\":\"127.0.0.1:"));
    REQUIRE(service.says("\"}"));
    const std::string& log = service.text();
    const auto port = std::stoul(log.substr(log.find("127.0.0.1:") + 10));

    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), static_cast<unsigned short>(port)});
    const std::string request = "GET /hello/you HTTP/1.1\r\nHost: a\r\n\r\n";
    asio::write(socket, asio::buffer(request));
    std::string answer;
    asio::read_until(socket, asio::dynamic_buffer(answer), "Hello, you!\n");
    CHECK(answer.starts_with("HTTP/1.1 200"));

    service.signal(SIGTERM);
    boost::system::error_code end;
    asio::read(socket, asio::dynamic_buffer(answer), end);
    CHECK(end == asio::error::eof);
    CHECK(service.wait() == 0);
}
