// SPDX-License-Identifier: BSL-1.0
#include "transfer_codings.hpp"

#include "chars.hpp"

#include <cstddef>

namespace rill::http::detail {

namespace {

void skip_blanks(std::string_view& text) noexcept
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
}

bool take(std::string_view& text, char c) noexcept
{
    if (!text.starts_with(c))
        return false;
    text.remove_prefix(1);
    return true;
}

/// Empty if the text does not begin with one.
std::string_view take_token(std::string_view& text) noexcept
{
    std::size_t size = 0;
    while (size < text.size() && is(text[size], tchar))
        ++size;
    const auto token = text.substr(0, size);
    text.remove_prefix(size);
    return token;
}

// RFC 9110 section 5.6.4.
bool take_quoted_string(std::string_view& text) noexcept
{
    if (!take(text, '"'))
        return false;
    while (!text.empty()) {
        if (take(text, '"'))
            return true;
        take(text, '\\');
        if (!text.empty())
            text.remove_prefix(1);
    }
    return false;
}

// RFC 9112 section 7: *( OWS ";" OWS token BWS "=" BWS ( token / quoted-string ) ).
bool take_parameters(std::string_view& text) noexcept
{
    while (true) {
        skip_blanks(text);
        if (!take(text, ';'))
            return true;
        skip_blanks(text);
        if (take_token(text).empty())
            return false;
        skip_blanks(text);
        if (!take(text, '='))
            return false;
        skip_blanks(text);
        if (take_token(text).empty() && !take_quoted_string(text))
            return false;
    }
}

} // namespace

// RFC 9112 sections 6.1 and 7: a list of codings that ends in chunked, once and without parameters.
// `identity` is none of RFC 9112's, and an empty element is refused though RFC 9110 section
// 5.6.1.2 would let it pass: readers differ about both.
transfer_codings read_transfer_codings(std::string_view value) noexcept
{
    auto all = transfer_codings::chunked;
    while (true) {
        skip_blanks(value);
        const auto coding = take_token(value);
        if (equals_lower(coding, "chunked")) {
            skip_blanks(value);
            return value.empty() ? all : transfer_codings::invalid;
        }
        if (coding.empty() || equals_lower(coding, "identity") || !take_parameters(value) ||
            !take(value, ','))
            return transfer_codings::invalid;
        all = transfer_codings::unknown;
    }
}

} // namespace rill::http::detail
