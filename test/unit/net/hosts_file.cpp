// SPDX-License-Identifier: BSL-1.0
#include "hosts_file.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
using rill::net_detail::hosts_file;
using rill::net_detail::parse_hosts;

std::string text_of(const std::vector<boost::asio::ip::address>& all)
{
    std::string text;
    for (const auto& a : all)
        text += (text.empty() ? "" : " ") + a.to_string();
    return text;
}

/// A file that is gone with the test.
class temporary_file {
public:
    temporary_file()
    {
        std::string name = (std::filesystem::temp_directory_path() / "rill-hosts-XXXXXX").string();
        const int fd = ::mkstemp(name.data());
        if (fd < 0)
            throw std::runtime_error("mkstemp failed");
        ::close(fd);
        path_ = name;
    }

    ~temporary_file() { std::filesystem::remove(path_); }

    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;

    const std::string& path() const { return path_; }

    void write(const std::string& text) { std::ofstream(path_) << text; }

private:
    std::string path_;
};

TEST_CASE("hosts_file: a name has the addresses of all lines with it, in their order")
{
    const auto table = parse_hosts("10.0.0.1 a b\n10.0.0.2\tb\tc\n::1 b\n");
    CHECK(text_of(table.at("a")) == "10.0.0.1");
    CHECK(text_of(table.at("b")) == "10.0.0.1 10.0.0.2 ::1");
    CHECK(text_of(table.at("c")) == "10.0.0.2");
}

TEST_CASE("hosts_file: comments, blanks, capital letters and lines that make no sense")
{
    const auto table = parse_hosts("# 10.0.0.9 commented\n"
                                   "\n"
                                   "   10.0.0.1   Name.Example  # other\r\n"
                                   "not-an-address a\n"
                                   "10.0.0.2\n"
                                   "10.0.0.3 last");
    CHECK(table.size() == 2);
    CHECK(text_of(table.at("name.example")) == "10.0.0.1");
    CHECK(text_of(table.at("last")) == "10.0.0.3");
}

TEST_CASE("hosts_file: a change is seen, but not looked for more often than every 5 s")
{
    temporary_file file;
    file.write("10.0.0.1 a\n");
    hosts_file hosts(file.path());
    const rill::time_point begin{};
    CHECK(text_of(hosts.find("a", begin)) == "10.0.0.1");
    CHECK(text_of(hosts.find("a.", begin)) == "10.0.0.1");
    file.write("10.0.0.1 a\n10.0.0.22 a\n"); // of another size
    CHECK(text_of(hosts.find("a", begin + 4s)) == "10.0.0.1");
    CHECK(text_of(hosts.find("a", begin + 5s)) == "10.0.0.1 10.0.0.22");
    std::filesystem::remove(file.path());
    CHECK(hosts.find("a", begin + 10s).empty());
}

TEST_CASE(
    "hosts_file: localhost and what is below is this host, unless the file says something else"
)
{
    temporary_file file;
    file.write("10.0.0.1 other.localhost\n");
    hosts_file hosts(file.path());
    const rill::time_point now{};
    CHECK(text_of(hosts.find("localhost", now)).starts_with("127.0.0.1"));
    CHECK(text_of(hosts.find("app.localhost.", now)).starts_with("127.0.0.1"));
    CHECK(text_of(hosts.find("other.localhost", now)) == "10.0.0.1");
    CHECK(hosts.find("notlocalhost", now).empty());
}

TEST_CASE("hosts_file: a file that is too large, or none, has no names")
{
    temporary_file file;
    file.write("10.0.0.1 a\n" + std::string(1024 * 1024, '#'));
    CHECK(hosts_file(file.path()).find("a", {}).empty());
    CHECK(hosts_file("").find("localhost", {}).empty());
    CHECK(hosts_file("/").find("a", {}).empty());
}

} // namespace
