// SPDX-License-Identifier: BSL-1.0
#include "head_parser.hpp"

#include "authority.hpp"
#include "chars.hpp"
#include "kept_memory.hpp"
#include "transfer_codings.hpp"

#include <algorithm>
#include <cstring>

namespace rill::http::detail {

namespace {

constexpr std::uint64_t length_limit = std::uint64_t{1} << 63;
constexpr std::size_t empty_lines_limit = 8;

} // namespace

void head_parser::reset() noexcept
{
    auto fields = std::move(head_.fields);
    fields.clear();
    *this = head_parser(*limits_);
    head_.fields = std::move(fields);
}

void head_parser::give_back_memory() noexcept
{
    give_back_if_large(head_.fields);
}

bool head_parser::refuse(int status, const char* reason) noexcept
{
    status_ = status;
    reason_ = reason;
    part_ = part::refused;
    return false;
}

slice head_parser::to_slice(std::string_view text) const noexcept
{
    return {
        static_cast<std::uint32_t>(text.data() - base_),
        static_cast<std::uint32_t>(text.size()),
    };
}

/// The last offset at which the line that is being read may have its CR.
std::size_t head_parser::last_line_end() const noexcept
{
    if (part_ != part::fields)
        return line_begin_ + limits_->request_line;
    // The empty line that ends the section is not counted, so it may come behind the limit.
    const std::size_t end = fields_begin_ + limits_->header_section;
    return std::max(line_begin_, end < 2 ? 0 : end - 2);
}

bool head_parser::too_long() noexcept
{
    return part_ == part::fields ? refuse(431, "header section too large")
                                 : refuse(414, "request line too long");
}

progress head_parser::parse(std::string_view bytes)
{
    if (part_ == part::refused)
        return progress::refused;
    if (part_ == part::complete)
        return progress::complete;
    base_ = bytes.data();
    while (true) {
        // RFC 9112 section 2.2: a line ends in CRLF. A lone LF is accepted nowhere, since readers
        // differ about it, and a bare CR is invalid. Both are control characters, as is anything
        // else that RFC 9110 section 5.5 forbids, so one scan finds line ends and bad bytes.
        const std::size_t last = last_line_end();
        const std::size_t stop = std::min(bytes.size(), last + 1);
        const auto found = static_cast<std::size_t>(
            find_control(base_, base_ + std::min(scanned_, stop), base_ + stop) - base_
        );
        scanned_ = found;
        if (found == stop)
            return bytes.size() <= last || too_long() ? progress::more : progress::refused;
        if (base_[found] == '\r' && found + 1 == bytes.size())
            return progress::more;
        if (base_[found] != '\r' || base_[found + 1] != '\n') {
            refuse(400, "control character or bare CR in the head");
            return progress::refused;
        }
        const std::string_view text(base_ + line_begin_, found - line_begin_);
        line_begin_ = scanned_ = found + 2;
        if (!line(text))
            return progress::refused;
        if (part_ == part::complete)
            return progress::complete;
    }
}

bool head_parser::line(std::string_view text)
{
    if (part_ == part::fields)
        return text.empty() ? finish() : field(text);
    // RFC 9112 section 2.2: at least one empty line is ignored. Some clients send a few behind a body.
    if (text.empty() && ++empty_lines_ <= empty_lines_limit)
        return true;
    part_ = part::fields;
    fields_begin_ = line_begin_;
    return request_line(text);
}

// RFC 9112 section 3: method SP request-target SP HTTP-version, with single spaces.
bool head_parser::request_line(std::string_view text)
{
    const auto first = text.find(' ');
    if (first == std::string_view::npos)
        return refuse(400, "request line without target");
    const auto method = text.substr(0, first);
    if (!is_token(method)) // RFC 9110 section 9.1
        return refuse(400, "method is not a token");
    const auto rest = text.substr(first + 1);
    const auto second = rest.find(' ');
    if (second == std::string_view::npos)
        return refuse(400, "request line without version");
    head_.method = to_method(method);
    head_.method_name = to_slice(method);
    return version(rest.substr(second + 1)) && target(rest.substr(0, second));
}

// RFC 9112 section 2.3: case-sensitive, one digit each. RFC 9110 section 2.5: a message of a later
// minor version is read as one of the latest that the recipient knows.
bool head_parser::version(std::string_view text)
{
    if (text == "HTTP/1.1")
        return true;
    const bool well_formed = text.size() == 8 && text.substr(0, 5) == "HTTP/" &&
                             is(text[5], digit_char) && text[6] == '.' && is(text[7], digit_char);
    if (!well_formed || text[5] != '1')
        return refuse(well_formed ? 505 : 400, "unknown version");
    head_.http_1_1 = text[7] != '0';
    return true;
}

// RFC 9112 section 3.2: four forms, of which each method allows certain ones.
bool head_parser::target(std::string_view text)
{
    if (text.empty() || !all(text, target_char))
        return refuse(400, "target is empty or has characters that need escaping");
    head_.target = to_slice(text);
    if (head_.method == method::connect) { // section 3.2.3
        const auto to = parse_authority(text);
        form_ = target_form::authority;
        head_.path = {head_.target.offset, 0};
        if (!to.valid || to.port.empty())
            return refuse(400, "CONNECT without host and port");
        return true;
    }
    if (text.front() == '/') { // section 3.2.1
        form_ = target_form::origin;
        return split_path(text);
    }
    if (text == "*") { // section 3.2.4
        form_ = target_form::asterisk;
        head_.path = head_.target;
        if (head_.method != method::options)
            return refuse(400, "* without OPTIONS");
        return true;
    }
    return absolute_form(text);
}

bool head_parser::split_path(std::string_view text)
{
    const auto mark = text.find('?');
    head_.path = to_slice(text.substr(0, mark));
    if (mark != std::string_view::npos)
        head_.query = to_slice(text.substr(mark + 1));
    return true;
}

// RFC 9112 section 3.2.2, with the http and https schemes of RFC 9110 section 4.2. User
// information is refused, as RFC 9110 section 4.2.4 advises, and so is an empty host (4.2.1).
bool head_parser::absolute_form(std::string_view text)
{
    form_ = target_form::absolute;
    const auto colon = text.find("://");
    const auto scheme = text.substr(0, colon);
    if (colon == std::string_view::npos ||
        !(equals_lower(scheme, "https") || equals_lower(scheme, "http")))
        return refuse(400, "target has none of the four forms");
    const auto rest = text.substr(colon + 3);
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    if (!parse_authority(rest.substr(0, end)).valid)
        return refuse(400, "invalid authority in the target");
    authority_ = to_slice(rest.substr(0, end));
    return split_path(rest.substr(end));
}

// RFC 9112 section 5: field-name ":" OWS field-value OWS. The line's bytes are valid already.
bool head_parser::field(std::string_view text)
{
    if (head_.fields.size() == limits_->header_fields)
        return refuse(431, "too many fields");
    std::size_t colon = 0;
    while (colon < text.size() && is(text[colon], tchar))
        ++colon;
    // Section 5.1: no space before the colon. Section 5.2: a line that begins with white space
    // continues the one before (obs-fold), which a server may refuse.
    if (colon == 0 || colon == text.size() || text[colon] != ':')
        return refuse(400, "invalid field name, space before the colon, or obs-fold");
    const auto name = text.substr(0, colon);
    const auto value = trim(text.substr(colon + 1));
    head_.fields.push_back({to_slice(name), to_slice(value)});
    return framing_field(name, value);
}

/// The fields that decide where the message ends and whom it is for.
bool head_parser::framing_field(std::string_view name, std::string_view value)
{
    switch (name.size()) {
    case 4: return is_word(name, "host") ? host(value) : true;
    case 6: return is_word(name, "expect") ? expect(value) : true;
    case 10: return is_word(name, "connection") ? connection(value) : true;
    case 14: return is_word(name, "content-length") ? content_length(value) : true;
    case 17: return is_word(name, "transfer-encoding") ? transfer_encoding(value) : true;
    default: return true;
    }
}

// RFC 9112 section 3.2: more than one Host, or an invalid one, is refused. An empty one names no
// http resource (RFC 9110 section 4.2.1).
bool head_parser::host(std::string_view value)
{
    if (has_host_)
        return refuse(400, "repeated Host");
    has_host_ = true;
    if (!parse_authority(value).valid)
        return refuse(400, "invalid Host");
    host_field_ = head_.fields.size() - 1;
    head_.host = to_slice(value);
    return true;
}

// RFC 9110 section 8.6: 1*DIGIT. The same value twice or in a list could be repaired, says the
// RFC; refusing it is allowed too, and leaves nothing for readers to disagree about.
bool head_parser::content_length(std::string_view value)
{
    if (head_.has_length)
        return refuse(400, "repeated Content-Length");
    head_.has_length = true;
    if (value.empty() || value.size() > 19 || !all(value, digit_char))
        return refuse(400, "invalid Content-Length");
    std::uint64_t length = 0; // 19 digits do not overflow 64 bits
    for (const char c : value)
        length = length * 10 + static_cast<std::uint64_t>(c - '0');
    if (length >= length_limit)
        return refuse(400, "Content-Length out of range");
    head_.content_length = length;
    return true;
}

// Codings that are well-formed but unknown get 501 from finish(). Two lines would be one list; they
// are refused because not every reader puts them together.
bool head_parser::transfer_encoding(std::string_view value)
{
    if (has_transfer_encoding_)
        return refuse(400, "repeated Transfer-Encoding");
    has_transfer_encoding_ = true;
    const auto codings = read_transfer_codings(value);
    if (codings == transfer_codings::invalid)
        return refuse(400, "invalid Transfer-Encoding, or it does not end in chunked");
    head_.chunked = codings == transfer_codings::chunked;
    unknown_coding_ = codings == transfer_codings::unknown;
    return true;
}

// RFC 9110 section 7.6.1: a list of tokens.
bool head_parser::connection(std::string_view value)
{
    if (is_word(value, "keep-alive")) { // what most clients send
        connection_keep_alive_ = true;
        return true;
    }
    bool valid = true;
    for_each_element(value, [&](std::string_view option) {
        valid = valid && is_token(option);
        connection_close_ = connection_close_ || equals_lower(option, "close");
        connection_keep_alive_ = connection_keep_alive_ || equals_lower(option, "keep-alive");
    });
    return valid || refuse(400, "invalid Connection");
}

// RFC 9110 section 10.1.1: any other expectation may be answered with 417; finish() does it, so
// that a framing error further down is still a 400.
bool head_parser::expect(std::string_view value)
{
    if (equals_lower(value, "100-continue"))
        head_.expect_continue = true;
    else
        unknown_expectation_ = true;
    return true;
}

/// The rules that need the whole head: those that refuse with 400 first, whatever the order of
/// the fields, then 417 and 501.
bool head_parser::finish()
{
    if (!check_host() || !check_body())
        return false;
    if (unknown_expectation_)
        return refuse(417, "unknown expectation");
    if (unknown_coding_)
        return refuse(501, "unknown transfer coding"); // RFC 9112 section 6.1
    if (form_ == target_form::authority)
        return refuse(501, "CONNECT is not implemented"); // RFC 9110 section 9.1
    if (!head_.http_1_1)
        head_.expect_continue = false; // RFC 9110 section 10.1.1
    // RFC 9112 section 9.3
    head_.keep_alive = !connection_close_ && (head_.http_1_1 || connection_keep_alive_);
    head_.size = line_begin_;
    part_ = part::complete;
    return true;
}

// RFC 9112 section 3.2. Section 3.2.2: an absolute-form target overrules Host, which is to be valid
// all the same. The field takes the target's value too, so that nobody goes by the other one.
bool head_parser::check_host()
{
    if (head_.http_1_1 && !has_host_)
        return refuse(400, "missing Host");
    if (form_ != target_form::absolute)
        return true;
    head_.host = authority_;
    if (has_host_)
        head_.fields[host_field_].value = authority_;
    return true;
}

// RFC 9112 section 6.1: both length and coding is an attempt at smuggling; in HTTP/1.0 a coding
// means that the framing is faulty.
bool head_parser::check_body()
{
    if (has_transfer_encoding_ && head_.has_length)
        return refuse(400, "Content-Length with Transfer-Encoding");
    if (has_transfer_encoding_ && !head_.http_1_1)
        return refuse(400, "Transfer-Encoding in HTTP/1.0");
    return true;
}

} // namespace rill::http::detail
