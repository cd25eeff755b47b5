// SPDX-License-Identifier: BSL-1.0
#include "chunk_parser.hpp"

#include "chars.hpp"

#include <algorithm>

namespace rill::http::detail {

namespace {

constexpr std::uint64_t size_limit = std::uint64_t{1} << 63;

// RFC 9110 section 6.5.1: not allowed in trailers, because they frame or route the message,
// modify the request, authenticate, or say how to read the content.
constexpr std::array<std::string_view, 24> forbidden_trailers{
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "max-forwards",
    "proxy-authorization",
    "range",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
};

static_assert(std::is_sorted(forbidden_trailers.begin(), forbidden_trailers.end()));

constexpr bool is_blank(char c) noexcept
{
    return c == ' ' || c == '\t';
}

} // namespace

bool chunk_parser::refuse(const char* reason) noexcept
{
    reason_ = reason;
    part_ = part::refused;
    return false;
}

chunk_parser::step chunk_parser::next(std::string_view bytes)
{
    step s;
    while (s.consumed < bytes.size()) {
        if (part_ == part::complete || part_ == part::refused)
            break;
        if (part_ == part::data) {
            const auto left = bytes.size() - s.consumed;
            const auto run = static_cast<std::size_t>(std::min<std::uint64_t>(size_, left));
            s.payload = bytes.substr(s.consumed, run);
            s.consumed += run;
            size_ -= run;
            if (size_ == 0)
                part_ = part::data_cr;
            break;
        }
        if (!byte(bytes[s.consumed]))
            break;
        ++s.consumed;
    }
    if (part_ == part::complete)
        s.state = progress::complete;
    if (part_ == part::refused)
        s.state = progress::refused;
    return s;
}

bool chunk_parser::byte(char c)
{
    switch (part_) {
    case part::size_begin:
    case part::size: return count(c) && size_digit(c);
    case part::before_extension:
    case part::value_end: return count(c) && after_size(c);
    case part::extension_begin:
    case part::extension_name:
    case part::after_name:
    case part::value_begin:
    case part::value_token: return count(c) && extension(c);
    case part::value_quoted:
    case part::value_escape: return count(c) && quoted(c);
    case part::line_end: return c == '\n' ? end_of_line() : refuse("bare CR in a chunk line");
    case part::data_cr:
        part_ = part::data_lf;
        return c == '\r' || refuse("chunk data does not end where its size says");
    case part::data_lf:
        part_ = part::size_begin;
        return c == '\n' || refuse("chunk data does not end in CRLF");
    default: return trailer(c);
    }
}

/// Bounds the chunk line and the extensions of the message. The CR that ends a line is not part
/// of it.
bool chunk_parser::count(char c)
{
    if (c == '\r')
        return true;
    if (++line_ > limits_->chunk_line)
        return refuse("chunk line too long");
    const bool in_size = part_ == part::size_begin || (part_ == part::size && hex_value(c) >= 0);
    if (!in_size && ++extensions_ > limits_->chunk_extensions)
        return refuse("too many chunk extensions");
    return true;
}

// RFC 9112 section 7.1: chunk-size = 1*HEXDIG, and a recipient must guard against overflow.
bool chunk_parser::size_digit(char c)
{
    const int digit = hex_value(c);
    if (digit < 0)
        return part_ == part::size ? after_size(c) : refuse("chunk size is no number");
    if (part_ == part::size_begin) {
        size_ = 0;
        digits_ = 0;
    }
    part_ = part::size;
    if (++digits_ > 16)
        return refuse("chunk size has too many digits");
    size_ = size_ << 4 | static_cast<unsigned>(digit);
    return size_ < size_limit || refuse("chunk size out of range");
}

// RFC 9112 section 7.1.1: chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS value ] ).
bool chunk_parser::after_size(char c)
{
    if (is_blank(c))
        part_ = part::before_extension;
    else if (c == ';')
        part_ = part::extension_begin;
    else if (c == '\r' && part_ != part::before_extension)
        part_ = part::line_end;
    else
        return refuse("unexpected character in a chunk line");
    return true;
}

bool chunk_parser::extension(char c)
{
    const bool begins = part_ == part::extension_begin || part_ == part::value_begin;
    if (is(c, tchar) && part_ != part::after_name) {
        if (part_ == part::extension_begin)
            part_ = part::extension_name;
        if (part_ == part::value_begin)
            part_ = part::value_token;
        return true;
    }
    if (begins && is_blank(c))
        return true;
    if (part_ == part::value_begin && c == '"') {
        part_ = part::value_quoted;
        return true;
    }
    if (begins)
        return refuse("chunk extension without name or value");
    if (part_ == part::value_token)
        return after_size(c);
    if (c == '=') {
        part_ = part::value_begin;
        return true;
    }
    if (is_blank(c)) {
        part_ = part::after_name;
        return true;
    }
    if (part_ == part::after_name && c != ';')
        return refuse("white space inside a chunk extension");
    return after_size(c);
}

// RFC 9110 section 5.6.4: quoted-string.
bool chunk_parser::quoted(char c)
{
    if (is(c, control_char))
        return refuse("control character in a quoted chunk extension");
    if (part_ == part::value_escape)
        part_ = part::value_quoted;
    else if (c == '\\')
        part_ = part::value_escape;
    else if (c == '"')
        part_ = part::value_end;
    return true;
}

bool chunk_parser::end_of_line()
{
    line_ = 0;
    if (size_ == 0) {
        part_ = part::trailer_begin;
        return true;
    }
    if (size_ >= size_limit - announced_)
        return refuse("chunks out of range");
    announced_ += size_;
    part_ = part::data;
    return true;
}

// RFC 9112 section 7.1.2. Whatever is valid is dropped: nothing reads trailers yet, and merging
// them into the header section is what section 7.1.2 warns of.
bool chunk_parser::trailer(char c)
{
    if (part_ == part::last_lf) {
        part_ = part::complete;
        return c == '\n' || refuse("bare CR behind the last chunk");
    }
    if (part_ == part::trailer_begin && c == '\r') {
        part_ = part::last_lf;
        return true;
    }
    if (++trailers_ > limits_->trailer_section)
        return refuse("trailer section too large");
    switch (part_) {
    case part::trailer_begin:
        if (++trailer_fields_ > limits_->trailer_fields)
            return refuse("too many trailers");
        name_size_ = 0;
        part_ = part::trailer_name;
        [[fallthrough]];
    case part::trailer_name:
        if (is(c, tchar)) {
            if (name_size_ < name_.size())
                name_[name_size_] = to_lower(c);
            ++name_size_;
            return true;
        }
        if (c != ':' || name_size_ == 0)
            return refuse("invalid trailer name");
        part_ = part::trailer_value;
        return name_size_ > name_.size() ||
               !std::binary_search(
                   forbidden_trailers.begin(),
                   forbidden_trailers.end(),
                   std::string_view(name_.data(), name_size_)
               ) ||
               refuse("forbidden trailer");
    case part::trailer_value:
        if (c == '\r')
            part_ = part::trailer_lf;
        return c == '\r' || !is(c, control_char) || refuse("control character in a trailer");
    default: // trailer_lf
        part_ = part::trailer_begin;
        return c == '\n' || refuse("bare CR in a trailer");
    }
}

} // namespace rill::http::detail
