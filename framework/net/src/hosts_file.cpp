// SPDX-License-Identifier: BSL-1.0
#include "hosts_file.hpp"

#include "host_name.hpp"
#include "sockets.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

using boost::asio::ip::address;

constexpr duration look_every = std::chrono::seconds(5);
constexpr off_t most_bytes = 1024 * 1024; // it is read on the loop's thread

std::string_view next_word(std::string_view& line)
{
    constexpr std::string_view blanks = " \t\r";
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

std::string read(const std::string& path, std::size_t size)
{
    const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    std::string text(size, '\0');
    const ssize_t n = file ? ::read(file.get(), text.data(), text.size()) : 0;
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
}

bool is_same(const struct stat& a, const struct stat& b)
{
    return a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_size == b.st_size &&
           a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

/// Hosts files name IPv6 addresses also where the system was told to have none.
bool system_has_ipv6()
{
    static const bool has = [] {
        const unique_fd probe(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in6 loopback{};
        loopback.sin6_family = AF_INET6;
        loopback.sin6_addr = in6addr_loopback;
        const auto* const at = reinterpret_cast<const sockaddr*>(&loopback);
        return probe && ::bind(probe.get(), at, sizeof loopback) == 0;
    }();
    return has;
}

} // namespace

hosts_table parse_hosts(std::string_view text)
{
    hosts_table table;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        line = line.substr(0, line.find('#'));
        boost::system::error_code ec;
        const address at = boost::asio::ip::make_address(std::string(next_word(line)), ec);
        if (ec)
            continue;
        for (std::string_view name = next_word(line); !name.empty(); name = next_word(line))
            table[lower_case(name)].push_back(at);
    }
    return table;
}

hosts_file::hosts_file(std::string path)
    : path_(std::move(path))
{}

std::vector<address> hosts_file::find(const std::string& name, time_point now)
{
    if (path_.empty())
        return {};
    if (now >= look_again_) {
        refresh();
        look_again_ = now + look_every;
    }
    std::vector<address> found;
    if (const auto at = table_.find(std::string(without_dot(name))); at != table_.end())
        found = at->second;
    else if (is_localhost(name))
        found = loopback_addresses();
    if (!system_has_ipv6())
        std::erase_if(found, [](const address& a) { return a.is_v6(); });
    return found;
}

void hosts_file::refresh()
{
    struct stat file{};
    if (::stat(path_.c_str(), &file) != 0 || file.st_size > most_bytes || !S_ISREG(file.st_mode))
        file = {};
    if (is_same(file, seen_))
        return;
    seen_ = file;
    table_ = parse_hosts(read(path_, static_cast<std::size_t>(file.st_size)));
}

} // namespace rill::RILL_FORM::net_detail
