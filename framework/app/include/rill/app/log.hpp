// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

/// Log lines of a service, written while rill::app::run runs.
///
///     rill::app::log::info("listening", {{"address", address}, {"workers", count}});
///
/// The message is a constant and names the event; what varies goes into fields, where whoever
/// searches the log finds it by name. Each line also carries its time, level and the name of the
/// current task. Control characters are escaped, so no value can forge a line.
///
/// Writing never waits: lines go through a bounded queue to a thread of their own. If the queue is
/// full, the oldest line is dropped and counted, as is a line that there is no memory for. Outside of run, warnings and errors go straight
/// to standard error and other lines nowhere, so tests of a service stay quiet.
/// Thread safety: every function may be called from any thread.
namespace rill::app::log {

enum class level { debug, info, warning, error };

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

void write(level level, std::string_view message, fields fields = {}) noexcept;

/// Whether lines of this level are written: for fields that are dear to compute.
bool enabled(level level) noexcept;

/// Lines that were lost so far: the queue was full, or standard error could not be written.
std::uint64_t dropped() noexcept;

inline void debug(std::string_view message, fields fields = {}) noexcept
{
    write(level::debug, message, fields);
}

inline void info(std::string_view message, fields fields = {}) noexcept
{
    write(level::info, message, fields);
}

inline void warning(std::string_view message, fields fields = {}) noexcept
{
    write(level::warning, message, fields);
}

inline void error(std::string_view message, fields fields = {}) noexcept
{
    write(level::error, message, fields);
}

} // namespace rill::app::log
