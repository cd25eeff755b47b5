// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace rill::RILL_FORM {

/// The stream ended before everything that was asked for had come. Mirrors
/// asyncio.IncompleteReadError. Its code is asio::error::eof.
class incomplete_read_error : public system_error {
public:
    incomplete_read_error(std::string partial, std::optional<std::size_t> expected);

    /// What had come. It is no longer in the reader.
    const std::string& partial() const noexcept;

    /// How many bytes were asked for; empty where a separator was.
    std::optional<std::size_t> expected() const noexcept;

private:
    std::string partial_;
    std::optional<std::size_t> expected_;
};

/// No separator within the limit; everything stays in the reader. Mirrors
/// asyncio.LimitOverrunError. Its code is asio::error::message_size.
class limit_overrun_error : public system_error {
public:
    limit_overrun_error(const char* what, std::size_t consumed);

    /// Bytes that may be skipped without losing a separator; where one was found beyond the limit,
    /// the bytes in front of it.
    std::size_t consumed() const noexcept;

private:
    std::size_t consumed_;
};

/// A line longer than the limit; it is dropped, with what is still to come of it. Mirrors the ValueError of
/// StreamReader.readline. Its code is asio::error::message_size.
class line_too_long : public system_error {
public:
    explicit line_too_long(const char* what);
};

// Implementation

inline incomplete_read_error::incomplete_read_error(
    std::string partial, std::optional<std::size_t> expected
)
    : system_error(
          asio::error::eof,
          std::to_string(partial.size()) + " bytes read of " +
              (expected ? std::to_string(*expected) + " expected" : "a message without its end")
      )
    , partial_(std::move(partial))
    , expected_(expected)
{}

inline const std::string& incomplete_read_error::partial() const noexcept
{
    return partial_;
}

inline std::optional<std::size_t> incomplete_read_error::expected() const noexcept
{
    return expected_;
}

inline limit_overrun_error::limit_overrun_error(const char* what, std::size_t consumed)
    : system_error(asio::error::message_size, what)
    , consumed_(consumed)
{}

inline std::size_t limit_overrun_error::consumed() const noexcept
{
    return consumed_;
}

inline line_too_long::line_too_long(const char* what)
    : system_error(asio::error::message_size, what)
{}

} // namespace rill::RILL_FORM
