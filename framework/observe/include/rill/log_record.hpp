// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace rill::log {

enum class level { debug, info, warning, error };

/// "debug", "info", "warning" or "error".
constexpr std::string_view name_of(level level) noexcept
{
    switch (level) {
    case level::debug: return "debug";
    case level::info: return "info";
    case level::warning: return "warning";
    case level::error: break;
    }
    return "error";
}

/// A name and a value. It refers to text it was made from, so it lives no longer than the call.
class field {
public:
    enum class kind { text, integer, natural, real, boolean };

    field(std::string_view key, std::string_view value)
        : key_{key}
        , text_{value}
    {}

    field(std::string_view key, const char* value)
        : key_{key}
        , text_{value}
    {}

    field(std::string_view key, const std::string& value)
        : key_{key}
        , text_{value}
    {}

    template <std::signed_integral T>
    field(std::string_view key, T value)
        : key_{key}
        , kind_{kind::integer}
        , integer_{value}
    {}

    template <std::unsigned_integral T>
    field(std::string_view key, T value)
        : key_{key}
        , kind_{kind::natural}
        , natural_{value}
    {}

    field(std::string_view key, double value)
        : key_{key}
        , kind_{kind::real}
        , real_{value}
    {}

    field(std::string_view key, bool value)
        : key_{key}
        , kind_{kind::boolean}
        , natural_{value}
    {}

    std::string_view key() const { return key_; }

    std::string_view text() const { return text_; }

    kind type() const { return kind_; }

    std::int64_t integer() const { return integer_; }

    std::uint64_t natural() const { return natural_; } // also of a boolean

    double real() const { return real_; }

private:
    std::string_view key_;
    std::string_view text_;
    kind kind_ = kind::text;

    union {
        std::int64_t integer_ = 0;
        std::uint64_t natural_;
        double real_;
    };
};

using fields = std::initializer_list<field>;

/// A line as a sink gets it. It refers to text of whoever writes it, so it lives no longer than the
/// call; a sink that keeps it copies what it needs, or its text (rill/log_line.hpp).
struct record {
    log::level level;
    std::string_view message;
    std::span<const field> fields;
    std::string_view task; ///< Name of the current task; empty outside of tasks.
};

} // namespace rill::log
