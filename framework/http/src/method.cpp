// SPDX-License-Identifier: BSL-1.0
#include <rill/http/method.hpp>

#include <array>
#include <cstddef>

namespace rill::http {

namespace {

constexpr std::array<std::string_view, 10> names{
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "TRACE",
    "CONNECT",
    "",
};

} // namespace

method to_method(std::string_view name) noexcept
{
    if (!name.empty())
        for (std::size_t i = 0; i + 1 < names.size(); ++i)
            if (names[i] == name)
                return static_cast<method>(i);
    return method::other;
}

std::string_view to_string(method m) noexcept
{
    return names[static_cast<std::size_t>(m)];
}

} // namespace rill::http
