// SPDX-License-Identifier: BSL-1.0
#include "http_connect.hpp"

#include "host_name.hpp"
#include "sockets.hpp"

#include <boost/asio/error.hpp>

#include <cerrno>
#include <charconv>
#include <cstdint>

namespace rill::RILL_FORM::net_detail {

namespace {

constexpr std::size_t longest_head = 16 * 1024;

/// RFC 4648 section 4.
std::string base64(std::string_view data)
{
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    std::uint32_t bits = 0;
    int held = 0; // of them, in `bits`
    for (const char c : data) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (held += 8; held >= 6; held -= 6)
            text += digits[bits >> (held - 6) & 63];
    }
    if (held > 0)
        text += digits[bits << (6 - held) & 63];
    while (text.size() % 4 != 0)
        text += '=';
    return text;
}

error_code code_of(int status)
{
    switch (status) {
    case 401:
    case 403:
    case 407: return asio::error::access_denied;
    case 408:
    case 504: return asio::error::timed_out;
    case 502:
    case 503: return asio::error::host_unreachable;
    default: return asio::error::connection_refused;
    }
}

/// "HTTP/1.1 407 Proxy Authentication Required"; 0 if it is none.
int status_of(std::string_view line)
{
    constexpr std::string_view version = "HTTP/1.";
    constexpr std::size_t status_at = version.size() + 2;
    if (!line.starts_with(version) || line.size() < status_at + 3)
        return 0;
    int status = 0;
    const char* const digits = line.data() + status_at;
    const auto [end, error] = std::from_chars(digits, digits + 3, status);
    return error == std::errc() && end == digits + 3 && status >= 100 ? status : 0;
}

} // namespace

http_connect::http_connect(const proxy& via, const std::string& host, unsigned short port)
{
    const std::string target = with_port(host, port);
    output_ = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
    if (!via.user().empty())
        output_ +=
            "Proxy-Authorization: Basic " + base64(via.user() + ":" + via.password()) + "\r\n";
    output_ += "\r\n";
}

std::size_t http_connect::receive(std::string_view data)
{
    std::size_t used = 0;
    while (used < data.size() && !over_) {
        head_ += data[used++];
        if (head_.ends_with("\r\n\r\n") || head_.ends_with("\n\n")) // RFC 9112 2.2
            judge();
        else if (head_.size() >= longest_head)
            throw_error(asio::error::message_size, "the head of the proxy's answer has no end");
    }
    return used;
}

/// The head has come. What a successful answer says of a content is to be ignored.
void http_connect::judge()
{
    std::string_view line = std::string_view(head_).substr(0, head_.find('\n'));
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    const int status = status_of(line);
    if (status == 0)
        throw_error(
            error_code(EPROTO, asio::error::get_system_category()), "the proxy does not speak HTTP"
        );
    if (status >= 300)
        throw_error(code_of(status), "the proxy answered \"" + std::string(line.substr(9)) + "\"");
    over_ = status >= 200; // else it is an interim answer
    head_.clear();
}

} // namespace rill::RILL_FORM::net_detail
