// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/log/write.hpp>
#include <rill/detail/loop/whereabouts.hpp>
#include <rill/log_record.hpp>

#include <cstdint>
#include <string_view>

/// Log lines, of the framework and of programs alike.
///
///     rill::log::info("listening", {{"address", address}, {"workers", count}});
///
/// The message is a constant and names the event; what varies goes into fields, where whoever
/// searches the log finds it by name. Each line also carries its level and the name of the current
/// task. Where a line becomes text, control characters are escaped, so no value can forge a line.
///
/// Where lines go is decided elsewhere: to the sink that is installed (rill/log_sink.hpp), such as
/// that of rill::app::run, which never makes a writer wait. Without one, warnings and errors go
/// straight to standard error and other lines nowhere, so tests of a service stay quiet. A line that
/// there is no memory for is counted.
/// Thread safety: every function may be called from any thread.
namespace rill::log {

/// Whether lines of this level are written: for fields that are dear to compute.
bool enabled(level level) noexcept;

/// Lines that were lost so far: no memory was left, or their sink lost them. That of rill::app::run
/// does when its queue is full, or standard error cannot be written.
std::uint64_t dropped() noexcept;

} // namespace rill::log

namespace rill::log::RILL_FORM {

inline void write(level level, std::string_view message, fields fields = {}) noexcept
{
    if (enabled(level))
        detail::write(
            level, message, {fields.begin(), fields.size()}, &rill::detail::current_task_name
        );
}

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

} // namespace rill::log::RILL_FORM
