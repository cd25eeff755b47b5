// SPDX-License-Identifier: BSL-1.0
//
// The README's service, as a process.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <child.hpp>
#include <doctest/doctest.h>
#include <stdlib.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

namespace asio = boost::asio;

namespace {

/// The indented lines of the README from one that begins so to the next that is empty.
std::string lines_from(const std::string& first)
{
    std::ifstream readme(RILL_README);
    std::string lines;
    std::string line;
    while (std::getline(readme, line) && line != "    " + first) {
    }
    while (std::getline(readme, line) && line.starts_with("    "))
        lines += line.substr(4) + "\n";
    return lines;
}

/// The working directory is an empty one while this lives.
class empty_directory {
public:
    empty_directory()
    {
        std::string name = (std::filesystem::temp_directory_path() / "rill-readme-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        path_ = name;
        std::filesystem::current_path(path_);
    }

    empty_directory(const empty_directory&) = delete;
    empty_directory& operator=(const empty_directory&) = delete;

    ~empty_directory()
    {
        std::filesystem::current_path(before_);
        std::filesystem::remove_all(path_);
    }

private:
    std::filesystem::path before_ = std::filesystem::current_path();
    std::filesystem::path path_;
};

} // namespace

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

TEST_CASE("README: the wrong settings shown get the answer shown")
{
    const empty_directory here;
    std::ofstream("my.toml") << lines_from("$ cat my.toml");
    test::child service({"--check-config", "--config", "my.toml"});
    CHECK(service.wait() == 78);
    CHECK(service.text() == lines_from("$ service --check-config --config my.toml"));
    CHECK(service.text() != "");
}
