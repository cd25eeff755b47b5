// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/http/method.hpp>
#include <rill/http/settings.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace rill::http::detail {

/// A piece of the head, by its place: the buffer that holds the head may move.
struct slice {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;

    std::string_view in(const char* base) const noexcept { return {base + offset, size}; }
};

struct field_slice {
    slice name;
    slice value; // without whitespace around it
};

/// What a complete request head says. Slices count from the head's first byte.
struct head {
    http::method method = http::method::other;
    slice method_name;
    slice target; // as sent
    slice path;   // without query; for an absolute-form target without scheme and authority
    slice query;  // behind the question mark; empty without one
    slice
        host; // whom it is for: as an absolute-form target says, else Host; may be empty in HTTP/1.0
    bool http_1_1 = true;
    bool keep_alive = true;
    bool expect_continue = false;
    bool chunked = false;
    bool has_length = false;
    std::uint64_t content_length = 0;
    std::vector<field_slice> fields;
    std::size_t size = 0; // bytes up to the content, the final empty line included

    bool has_body() const noexcept { return chunked || content_length > 0; }
};

enum class progress : std::uint8_t {
    more,     // needs bytes that have not arrived
    complete, // the part is whole and valid
    refused,  // invalid or beyond a limit; answer with status() and close
};

/// The framing guard over a request head: finds its end, splits it, and refuses whatever two
/// readers could understand differently (RFC 9110, RFC 9112; each rule names its section).
///
/// parse() gets all bytes from the head's first one, and is called again with the same bytes and
/// more behind them; it looks at each byte once. The verdict depends on the bytes alone, never
/// on how they were cut into reads. No I/O, and no memory but the list of fields.
class head_parser {
public:
    explicit head_parser(const settings& s) noexcept
        : limits_(&s)
    {}

    /// Offsets are 32 bits wide, so one head takes at most 4 GiB.
    progress parse(std::string_view bytes);

    /// Starts over, for the next head of the connection.
    void reset() noexcept;

    /// Of the list of fields, which is empty, unless that is as small as most are.
    void give_back_memory() noexcept;

    const head& result() const noexcept { return head_; } ///< Once parse() says complete.
    int status() const noexcept { return status_; }       ///< Once parse() says refused.

    /// Whether more has come than empty lines.
    bool begun() const noexcept { return part_ != part::request_line || scanned_ > line_begin_; }

    /// The broken rule, in words that are none of the peer's.
    std::string_view reason() const noexcept { return reason_; }

private:
    enum class part : std::uint8_t { request_line, fields, complete, refused };
    enum class target_form : std::uint8_t { origin, absolute, authority, asterisk };

    bool refuse(int status, const char* reason) noexcept;
    std::size_t last_line_end() const noexcept;
    bool too_long() noexcept;
    bool line(std::string_view text);
    bool request_line(std::string_view text);
    bool target(std::string_view text);
    bool absolute_form(std::string_view text);
    bool split_path(std::string_view text);
    bool version(std::string_view text);
    bool field(std::string_view text);
    bool framing_field(std::string_view name, std::string_view value);
    bool host(std::string_view value);
    bool content_length(std::string_view value);
    bool transfer_encoding(std::string_view value);
    bool connection(std::string_view value);
    bool expect(std::string_view value);
    bool finish();
    bool check_host();
    bool check_body();

    slice to_slice(std::string_view text) const noexcept;

    const settings* limits_;
    const char* base_ = nullptr; // first byte, valid during parse() only
    std::size_t line_begin_ = 0; // of the line that is being read
    std::size_t scanned_ = 0;    // bytes known to hold no line end
    std::size_t fields_begin_ = 0;
    part part_ = part::request_line;
    target_form form_ = target_form::origin;
    bool has_host_ = false;
    bool has_transfer_encoding_ = false;
    bool unknown_coding_ = false; // ends in chunked, with codings before it that we lack
    bool connection_close_ = false;
    bool connection_keep_alive_ = false;
    bool unknown_expectation_ = false;
    slice authority_;             // of an absolute-form target
    std::size_t host_field_ = 0;  // which field Host is
    std::size_t empty_lines_ = 0; // before the request line
    int status_ = 0;
    const char* reason_ = "";
    head head_;
};

} // namespace rill::http::detail
