// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "head_parser.hpp"

#include <rill/http/settings.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rill::http::detail {

/// The framing guard over a chunked body (RFC 9112 section 7.1): removes chunk lines, checks and
/// drops extensions and trailers, and refuses with 400 what the grammar does not allow.
///
/// Takes bytes as they come, in pieces of any size, with the same verdict for all of them, and
/// keeps a fixed few bytes of state.
class chunk_parser {
public:
    explicit chunk_parser(const settings& s) noexcept
        : limits_(&s)
    {}

    struct step {
        std::size_t consumed = 0; // bytes taken, the payload included
        std::string_view payload; // content among them, at their end; may be empty
        progress state = progress::more;
    };

    /// Reads `bytes` up to the end of one run of content, of the body, or of `bytes`. More of the
    /// same bytes is left exactly if `consumed` is smaller than their number.
    step next(std::string_view bytes);

    void reset() noexcept { *this = chunk_parser(*limits_); }

    /// Content so far, the chunk that is being read counted in full.
    std::uint64_t announced() const noexcept { return announced_; }

    std::string_view reason() const noexcept { return reason_; }

private:
    enum class part : std::uint8_t {
        size_begin, // first digit of a size
        size,
        before_extension, // white space before a semicolon
        extension_begin,  // behind a semicolon
        extension_name,
        after_name, // white space before an equals sign or semicolon
        value_begin,
        value_token,
        value_quoted,
        value_escape, // behind a backslash
        value_end,    // behind a quoted value
        line_end,     // LF wanted
        data,
        data_cr,
        data_lf,
        trailer_begin,
        trailer_name,
        trailer_value,
        trailer_lf,
        last_lf,
        complete,
        refused,
    };

    bool byte(char c);
    bool size_digit(char c);
    bool after_size(char c);
    bool extension(char c);
    bool quoted(char c);
    bool trailer(char c);
    bool end_of_line();
    bool count(char c);
    bool refuse(const char* reason) noexcept;

    const settings* limits_;
    std::uint64_t size_ = 0; // of the current chunk; while in data, what is left of it
    std::uint64_t announced_ = 0;
    std::size_t line_ = 0;       // bytes of the current chunk line
    std::size_t extensions_ = 0; // bytes of all extensions
    std::size_t trailers_ = 0;   // bytes of all trailer lines
    std::size_t trailer_fields_ = 0;
    std::size_t name_size_ = 0;   // of the trailer that is being read
    std::array<char, 24> name_{}; // its beginning in lower case; no forbidden name is longer
    int digits_ = 0;
    part part_ = part::size_begin;
    const char* reason_ = "";
};

} // namespace rill::http::detail
