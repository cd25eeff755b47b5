// SPDX-License-Identifier: BSL-1.0
#include "haproxy_header.hpp"

#include "sockets.hpp"

#include <rill/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <tuple>

namespace rill::RILL_FORM::net_detail {

namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view line_start = "PROXY ";
constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t block_head = 16; // signature, version and command, family, length
constexpr std::size_t unix_size = 108; // of a path, padded with zeros

constexpr std::uint8_t version_2 = 0x20; // and the command
constexpr std::uint8_t local = 0;
constexpr std::uint8_t relayed = 1;

constexpr std::uint8_t unspecified = 0x00; // family and kind
constexpr std::uint8_t tcp_v4 = 0x11;
constexpr std::uint8_t udp_v4 = 0x12;
constexpr std::uint8_t tcp_v6 = 0x21;
constexpr std::uint8_t udp_v6 = 0x22;
constexpr std::uint8_t unix_stream = 0x31;
constexpr std::uint8_t unix_datagram = 0x32;

[[noreturn]] void refuse(const std::string& why)
{
    throw_error(
        error_code(EPROTO, boost::asio::error::get_system_category()),
        "the header of the PROXY protocol: " + why
    );
}

/// As far as both go.
bool agree(std::string_view a, std::string_view b)
{
    const std::size_t n = std::min(a.size(), b.size());
    return a.substr(0, n) == b.substr(0, n);
}

// Version 1

/// Up to the next blank, which goes as well.
std::string_view take_word(std::string_view& text)
{
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

ip::address address_in(std::string_view word, bool v6)
{
    error_code ec;
    ip::address address;
    const std::string_view allowed = v6 ? "0123456789abcdefABCDEF:." : "0123456789.";
    if (word.find_first_not_of(allowed) != word.npos)
        ec = boost::asio::error::invalid_argument; // a scope, or a zero that would end it early
    else if (v6)
        address = ip::make_address_v6(std::string(word), ec);
    else
        address = ip::make_address_v4(std::string(word), ec);
    if (ec)
        refuse(std::string("one of its addresses is none of ") + (v6 ? "IPv6" : "IPv4"));
    return address;
}

unsigned short port_in(std::string_view word)
{
    unsigned short port = 0;
    const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), port);
    const bool all = ec == std::errc() && end == word.data() + word.size();
    if (!all || (word.size() > 1 && word.front() == '0'))
        refuse("one of its ports is none");
    return port;
}

// Version 2

/// That a family and kind come with; empty for what there is not.
std::optional<std::size_t> size_of_addresses(std::uint8_t family)
{
    switch (family) {
    case unspecified: return 0;
    case tcp_v4:
    case udp_v4: return 12;
    case tcp_v6:
    case udp_v6: return 36;
    case unix_stream:
    case unix_datagram: return 2 * unix_size;
    default: return std::nullopt;
    }
}

template <class Address>
endpoint tcp_at(std::string_view address, std::string_view port)
{
    typename Address::bytes_type bytes;
    std::memcpy(bytes.data(), address.data(), bytes.size());
    const auto high = static_cast<std::uint8_t>(port[0]);
    const auto low = static_cast<std::uint8_t>(port[1]);
    return ip::tcp::endpoint(Address(bytes), static_cast<unsigned short>(high << 8 | low));
}

template <class Address>
relayed_addresses tcp_addresses(std::string_view block)
{
    constexpr std::size_t size = std::tuple_size<typename Address::bytes_type>();
    return {
        tcp_at<Address>(block, block.substr(2 * size)),
        tcp_at<Address>(block.substr(size), block.substr(2 * size + 2)),
    };
}

endpoint unix_at(std::string_view path)
{
    path = path.substr(0, path.find_last_not_of('\0') + 1);
    return boost::asio::local::stream_protocol::endpoint(std::string(path));
}

relayed_addresses unix_addresses(std::string_view block)
{
    return {unix_at(block.substr(0, unix_size)), unix_at(block.substr(unix_size, unix_size))};
}

// Writing

struct tcp_pair {
    ip::tcp::endpoint source;
    ip::tcp::endpoint destination;
};

ip::tcp::endpoint as_tcp(const endpoint& e)
{
    return ip::tcp::endpoint(address_of(e), port_of(e));
}

bool is_v4(const ip::address& a)
{
    return a.is_v4() || a.to_v6().is_v4_mapped();
}

ip::address as_v4(const ip::address& a)
{
    return a.is_v4() ? a : ip::make_address_v4(ip::v4_mapped, a.to_v6());
}

/// Without a scope, which means something on one machine only.
ip::address as_v6(const ip::address& a)
{
    if (a.is_v4())
        return ip::make_address_v6(ip::v4_mapped, a.to_v4());
    return ip::address_v6(a.to_v6().to_bytes());
}

/// Both of one family.
tcp_pair same_family(const relayed_addresses& a)
{
    const ip::tcp::endpoint from = as_tcp(a.source);
    const ip::tcp::endpoint to = as_tcp(a.destination);
    const auto convert = is_v4(from.address()) && is_v4(to.address()) ? &as_v4 : &as_v6;
    return {{convert(from.address()), from.port()}, {convert(to.address()), to.port()}};
}

std::string line_of(const tcp_pair& a)
{
    return std::string(a.source.address().is_v4() ? "PROXY TCP4 " : "PROXY TCP6 ") +
           a.source.address().to_string() + " " + a.destination.address().to_string() + " " +
           std::to_string(a.source.port()) + " " + std::to_string(a.destination.port()) + "\r\n";
}

void append_number(std::string& to, std::size_t n)
{
    to += static_cast<char>(n >> 8 & 0xff);
    to += static_cast<char>(n & 0xff);
}

std::string block_of(std::uint8_t command, std::uint8_t family, const std::string& addresses)
{
    std::string block(signature);
    block += static_cast<char>(version_2 | command);
    block += static_cast<char>(family);
    append_number(block, addresses.size());
    return block + addresses;
}

std::string block_of(const tcp_pair& a)
{
    std::string text;
    const auto append = [&text](const auto& bytes) {
        std::transform(bytes.begin(), bytes.end(), std::back_inserter(text), [](unsigned char c) {
            return static_cast<char>(c);
        });
    };
    const bool v4 = a.source.address().is_v4();
    for (const ip::address& address : {a.source.address(), a.destination.address()}) {
        if (v4)
            append(address.to_v4().to_bytes());
        else
            append(address.to_v6().to_bytes());
    }
    append_number(text, a.source.port());
    append_number(text, a.destination.port());
    return block_of(relayed, v4 ? tcp_v4 : tcp_v6, text);
}

std::string padded_path(const endpoint& e)
{
    constexpr std::size_t head = offsetof(sockaddr_un, sun_path);
    const char* const bytes = reinterpret_cast<const char*>(e.data());
    std::string path(bytes + std::min(head, e.size()), bytes + e.size());
    path.resize(unix_size);
    return path;
}

} // namespace

std::size_t haproxy_header::receive(std::string_view data)
{
    if (complete_ || data.empty())
        return 0;
    const char first = input_.empty() ? data.front() : input_.front();
    return first == line_start.front() ? take_line(data) : take_block(data);
}

std::size_t haproxy_header::take_line(std::string_view data)
{
    const std::size_t up_to_end = std::min(data.find('\n'), data.size() - 1) + 1;
    const std::size_t taken = std::min(up_to_end, longest_v1 - input_.size());
    input_ += data.substr(0, taken);
    if (!agree(input_, line_start))
        refuse("the connection does not begin with one");
    if (input_.back() == '\n')
        read_line();
    else if (input_.size() == longest_v1)
        refuse("its line has more than 107 bytes");
    return taken;
}

void haproxy_header::read_line()
{
    std::string_view text = input_;
    if (!text.ends_with("\r\n"))
        refuse("its line does not end with CRLF");
    text.remove_suffix(2);
    if (text.size() < line_start.size())
        refuse("its line is too short");
    text.remove_prefix(line_start.size());
    const std::string_view family = take_word(text);
    if (family != "UNKNOWN") { // behind which there may be anything
        if (family != "TCP4" && family != "TCP6")
            refuse("its protocol is none of TCP4, TCP6 and UNKNOWN");
        const bool v6 = family == "TCP6";
        const ip::address source = address_in(take_word(text), v6);
        const ip::address destination = address_in(take_word(text), v6);
        const unsigned short from = port_in(take_word(text));
        addresses_ = relayed_addresses{
            ip::tcp::endpoint(source, from),
            ip::tcp::endpoint(destination, port_in(text)), // to the end of the line
        };
    }
    complete_ = true;
}

/// How long it is, as far as that is known.
std::size_t haproxy_header::wanted_of_block() const noexcept
{
    if (input_.size() < block_head)
        return block_head;
    return block_head + (static_cast<std::size_t>(at(14)) << 8 | at(15));
}

std::size_t haproxy_header::take_block(std::string_view data)
{
    std::size_t taken = 0;
    while (!complete_ && taken < data.size()) {
        const std::string_view piece = data.substr(taken, wanted_of_block() - input_.size());
        input_ += piece;
        taken += piece.size();
        if (!agree(input_, signature))
            refuse("the connection does not begin with one");
        if (input_.size() == block_head)
            check_block();
        if (input_.size() >= block_head && input_.size() == wanted_of_block())
            read_block();
    }
    return taken;
}

bool haproxy_header::is_own() const noexcept
{
    return agree(input_, signature) && !relays();
}

bool haproxy_header::relays() const noexcept
{
    return (at(12) & 0x0f) == relayed;
}

/// What its head says.
void haproxy_header::check_block() const
{
    if (at(12) != (version_2 | local) && at(12) != (version_2 | relayed))
        refuse("its version or command is unknown");
    if (wanted_of_block() > longest_v2)
        refuse("it has more than 4096 bytes");
    if (!relays()) // whatever else it says
        return;
    const std::optional<std::size_t> addresses = size_of_addresses(at(13));
    if (!addresses)
        refuse("its family or protocol is unknown");
    if (wanted_of_block() < block_head + *addresses)
        refuse("it is too short for its addresses");
}

void haproxy_header::read_block()
{
    const std::string_view block = std::string_view(input_).substr(block_head);
    if (relays() && at(13) == tcp_v4)
        addresses_ = tcp_addresses<ip::address_v4>(block);
    else if (relays() && at(13) == tcp_v6)
        addresses_ = tcp_addresses<ip::address_v6>(block);
    else if (relays() && at(13) == unix_stream)
        addresses_ = unix_addresses(block);
    complete_ = true;
}

std::string haproxy_header_of(proxy_protocol v, const std::optional<relayed_addresses>& addresses)
{
    const bool text = v == proxy_protocol::v1;
    if (!addresses)
        return text ? "PROXY UNKNOWN\r\n" : block_of(local, unspecified, "");
    const bool from_unix = is_unix(addresses->source);
    if (from_unix != is_unix(addresses->destination) || (from_unix && text))
        return text ? "PROXY UNKNOWN\r\n" : block_of(relayed, unspecified, "");
    if (from_unix) {
        const std::string paths =
            padded_path(addresses->source) + padded_path(addresses->destination);
        return block_of(relayed, unix_stream, paths);
    }
    const tcp_pair same = same_family(*addresses);
    return text ? line_of(same) : block_of(same);
}

} // namespace rill::RILL_FORM::net_detail
