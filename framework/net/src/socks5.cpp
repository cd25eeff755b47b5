// SPDX-License-Identifier: BSL-1.0
#include "socks5.hpp"

#include "sockets.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

#include <cassert>
#include <cerrno>

namespace rill::RILL_FORM::net_detail {

namespace {

constexpr std::uint8_t version = 5;
constexpr std::uint8_t no_authentication = 0;
constexpr std::uint8_t by_password = 2;
constexpr std::uint8_t connect_command = 1;
constexpr std::uint8_t kind_v4 = 1;
constexpr std::uint8_t kind_name = 3;
constexpr std::uint8_t kind_v6 = 4;
constexpr std::size_t port_size = 2;

void add(std::string& to, std::size_t byte)
{
    to += static_cast<char>(byte);
}

/// With its size in front, for which there is one byte: host names and credentials are not longer.
void add_sized(std::string& to, std::string_view text)
{
    assert(text.size() <= 255);
    add(to, text.size());
    to += text;
}

std::string credentials_of(const proxy& via)
{
    std::string text;
    if (via.user().empty())
        return text;
    add(text, 1); // the version of RFC 1929
    add_sized(text, via.user());
    add_sized(text, via.password());
    return text;
}

template <class Address>
void add_address(std::string& to, std::uint8_t kind, const Address& a)
{
    add(to, kind);
    for (const unsigned char byte : a.to_bytes())
        add(to, byte);
}

std::string request_for(const std::string& host, unsigned short port)
{
    std::string text;
    for (const std::uint8_t byte : {version, connect_command, std::uint8_t(0)})
        add(text, byte);
    boost::system::error_code not_numeric;
    const auto numeric = boost::asio::ip::make_address(host, not_numeric);
    if (not_numeric) {
        add(text, kind_name);
        add_sized(text, host);
    } else if (numeric.is_v4()) {
        add_address(text, kind_v4, numeric.to_v4());
    } else {
        add_address(text, kind_v6, numeric.to_v6());
    }
    add(text, port >> 8);
    add(text, port & 0xff);
    return text;
}

struct reply_text {
    error_code code;
    const char* what;
};

/// RFC 1928 section 6.
reply_text meaning_of(std::uint8_t reply)
{
    switch (reply) {
    case 2: return {asio::error::access_denied, "its rules do not allow the connection"};
    case 3: return {asio::error::network_unreachable, "the network is unreachable"};
    case 4: return {asio::error::host_unreachable, "the host is unreachable"};
    case 5: return {asio::error::connection_refused, "the connection was refused"};
    case 6: return {asio::error::timed_out, "the time to live has expired"};
    case 7: return {asio::error::operation_not_supported, "it does not support CONNECT"};
    case 8:
        return {asio::error::address_family_not_supported, "it does not support such addresses"};
    default: return {asio::error::connection_refused, "a general failure"};
    }
}

[[noreturn]] void refuse(error_code ec, const std::string& what)
{
    throw_error(ec, "the SOCKS proxy says: " + what);
}

[[noreturn]] void refuse_nonsense()
{
    throw_error(
        error_code(EPROTO, asio::error::get_system_category()), "the proxy does not speak SOCKS 5"
    );
}

} // namespace

socks5::socks5(const proxy& via, const std::string& host, unsigned short port)
    : credentials_(credentials_of(via))
    , request_(request_for(host, port))
{
    add(output_, version);
    add(output_, credentials_.empty() ? 1 : 2); // as many ways are offered
    add(output_, no_authentication);
    if (!credentials_.empty())
        add(output_, by_password);
}

std::size_t socks5::receive(std::string_view data)
{
    std::size_t used = 0;
    while (!over_ && used < data.size()) {
        const std::string_view piece = data.substr(used, wanted_ - input_.size());
        input_ += piece;
        used += piece.size();
        if (input_.size() == wanted_)
            take();
    }
    return used;
}

void socks5::expect(step what, std::size_t bytes)
{
    step_ = what;
    wanted_ = bytes;
    input_.clear();
}

void socks5::take()
{
    switch (step_) {
    case step::method: on_method(); break;
    case step::credentials: on_credentials(); break;
    case step::reply: on_reply(); break;
    case step::name_size: expect(step::rest, at(0) + port_size); break;
    case step::rest: // where the proxy connects from is of no use here
        over_ = true;
        break;
    }
}

void socks5::on_method()
{
    if (at(0) != version)
        refuse_nonsense();
    if (at(1) == no_authentication) {
        send_request();
    } else if (at(1) == by_password && !credentials_.empty()) {
        output_ += credentials_;
        expect(step::credentials, 2);
    } else {
        refuse(
            asio::error::access_denied,
            credentials_.empty() ? "it wants a user" : "no way of authentication is good enough"
        );
    }
}

void socks5::on_credentials()
{
    if (at(1) != 0)
        refuse(asio::error::access_denied, "user or password is wrong");
    send_request();
}

void socks5::send_request()
{
    output_ += request_;
    expect(step::reply, 4);
}

void socks5::on_reply()
{
    if (at(0) != version)
        refuse_nonsense();
    if (at(1) != 0) {
        const reply_text meaning = meaning_of(at(1));
        refuse(meaning.code, meaning.what);
    }
    switch (at(3)) {
    case kind_v4: expect(step::rest, 4 + port_size); break;
    case kind_v6: expect(step::rest, 16 + port_size); break;
    case kind_name: expect(step::name_size, 1); break;
    default: refuse_nonsense();
    }
}

} // namespace rill::RILL_FORM::net_detail
