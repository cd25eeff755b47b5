// SPDX-License-Identifier: BSL-1.0
#include <rill/error.hpp>
#include <rill/network.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace rill {

namespace {

using asio::ip::address;
using asio::ip::address_v4;
using asio::ip::address_v6;
using bytes = address_v6::bytes_type;

constexpr unsigned all_bits = 128;
constexpr unsigned mapped_bits = 96; // of ::ffff:0:0/96, where IPv4 is

/// With IPv4 in IPv6's clothes.
bytes bytes_of(const address& a) noexcept
{
    if (a.is_v6())
        return a.to_v6().to_bytes();
    bytes mapped{};
    mapped[10] = mapped[11] = 0xff;
    const auto v4 = a.to_v4().to_bytes();
    std::copy(v4.begin(), v4.end(), mapped.begin() + mapped_bits / 8);
    return mapped;
}

bool is_v4(const bytes& b) noexcept
{
    return address_v6(b).is_v4_mapped();
}

bytes cut_behind(bytes b, unsigned prefix) noexcept
{
    for (unsigned i = 0; i < b.size(); ++i) {
        const unsigned kept = std::clamp(prefix, 8 * i, 8 * i + 8) - 8 * i;
        b[i] = static_cast<unsigned char>(b[i] & (0xff00u >> kept));
    }
    return b;
}

std::string text_of(const bytes& b)
{
    const address_v6 v6(b);
    return v6.is_v4_mapped() ? make_address_v4(asio::ip::v4_mapped, v6).to_string()
                             : v6.to_string();
}

[[noreturn]] void refuse(std::string_view text, const std::string& why)
{
    throw std::invalid_argument(
        "\"" + std::string(text) + "\" is no network: " + why +
        "; write it like 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32"
    );
}

address parse_address(std::string_view text, std::string_view part)
{
    error_code ec;
    const auto parsed = asio::ip::make_address(std::string(part), ec);
    if (ec)
        refuse(text, "\"" + std::string(part) + "\" is no IP address");
    if (parsed.is_v6() && parsed.to_v6().scope_id() != 0)
        refuse(text, "an address with a zone is none of a network");
    return parsed;
}

/// In the bits of its own family.
unsigned parse_prefix(std::string_view text, std::string_view part, const address& a)
{
    unsigned prefix = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), prefix);
    if (error != std::errc() || end != part.data() + part.size())
        refuse(text, "\"" + std::string(part) + "\" is no length of a prefix in bits");
    const unsigned most = a.is_v4() ? 32 : all_bits;
    if (prefix > most)
        refuse(
            text,
            std::string(a.is_v4() ? "IPv4" : "IPv6") + " has " + std::to_string(most) + " bits"
        );
    return prefix;
}

} // namespace

network network::parse(std::string_view text)
{
    const auto slash = text.find('/');
    const address a = parse_address(text, text.substr(0, slash));
    const unsigned before = a.is_v4() ? mapped_bits : 0;
    const unsigned prefix = slash == std::string_view::npos
                                ? all_bits
                                : before + parse_prefix(text, text.substr(slash + 1), a);
    const bytes all = bytes_of(a);
    const network made(cut_behind(all, prefix), prefix);
    if (made.first_ != all)
        refuse(
            text,
            "it has bits behind its prefix: " + to_string(made) + " is the network, " +
                text_of(all) + " the address alone"
        );
    return made;
}

bool network::contains(const asio::ip::address& a) const noexcept
{
    const bytes looked_for = bytes_of(a);
    return is_v4(looked_for) == is_v4(first_) && cut_behind(looked_for, prefix_) == first_;
}

std::string to_string(const network& n)
{
    const unsigned before = is_v4(n.first_) ? mapped_bits : 0;
    return text_of(n.first_) + "/" + std::to_string(n.prefix_ - before);
}

} // namespace rill
