// SPDX-License-Identifier: BSL-1.0
#include "host_name.hpp"

#include <algorithm>

namespace rill::RILL_FORM::net_detail {

namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

std::string lower_case(std::string_view name)
{
    std::string result(name);
    std::transform(result.begin(), result.end(), result.begin(), &lower);
    return result;
}

std::string_view without_dot(std::string_view name)
{
    return name.size() > 1 && name.back() == '.' ? name.substr(0, name.size() - 1) : name;
}

bool is_possible_name(std::string_view name)
{
    constexpr std::size_t most = 253;
    return !name.empty() && name.size() <= most &&
           std::none_of(name.begin(), name.end(), [](char c) {
               return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
           });
}

bool is_localhost(std::string_view name)
{
    return without_dot(name) == "localhost" || without_dot(name).ends_with(".localhost");
}

std::string with_port(const std::string& host, unsigned short port)
{
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::vector<boost::asio::ip::address> loopback_addresses()
{
    return {boost::asio::ip::address_v4::loopback(), boost::asio::ip::address_v6::loopback()};
}

} // namespace rill::RILL_FORM::net_detail
