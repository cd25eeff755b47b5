// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/percent.hpp>

#include <charconv>

namespace rill::RILL_FORM::net_detail {

bool percent_decode(std::string_view text, std::string& out)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        if (text.size() - i < 3)
            return false;
        const char* const digits = text.data() + i + 1;
        unsigned value = 0;
        const auto [end, error] = std::from_chars(digits, digits + 2, value, 16);
        if (error != std::errc() || end != digits + 2 || value == 0)
            return false;
        out.push_back(static_cast<char>(value));
        i += 2;
    }
    return true;
}

} // namespace rill::RILL_FORM::net_detail
