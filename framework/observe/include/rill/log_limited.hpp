// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/log/limit.hpp>
#include <rill/detail/loop/whereabouts.hpp>
#include <rill/log.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace rill::log::RILL_FORM {

/// A place in the code that may have something to say a thousand times a second, and says it at
/// most once per interval. The next line tells with the field `left_out` how many it stands for
/// besides itself.
///
///     rill::log::limited refused_; // at most one line a minute
///     refused_.warning("request refused", {{"peer", peer}, {"status", 431}});
///
/// One for each event: one object for two kinds of lines lets one hide the other. What has been left
/// out since the last line is told with the next one, or by left_out(). Lines of a level that is not
/// written do not count.
///
/// Time is that of the loop that the writing thread runs, else the real clock's. A clock that was
/// set back by more than the interval starts anew.
/// Thread safety: may be shared by threads, which then share a cache line too; where lines come in
/// numbers, each loop has one of its own.
class limited {
public:
    using duration = std::chrono::steady_clock::duration;
    using time_point = std::chrono::steady_clock::time_point;

    explicit limited(duration interval = std::chrono::minutes(1)) noexcept
        : limit_(interval)
    {}

    void write(level level, std::string_view message, fields fields = {}) noexcept
    {
        if (enabled(level))
            write_at(rill::detail::current_time(), level, message, fields);
    }

    /// With a time that the caller has.
    void
    write_at(time_point now, level level, std::string_view message, fields fields = {}) noexcept
    {
        if (enabled(level))
            limit_.write(
                now,
                level,
                message,
                {fields.begin(), fields.size()},
                &rill::detail::current_task_name
            );
    }

    void info(std::string_view message, fields fields = {}) noexcept
    {
        write(level::info, message, fields);
    }

    void warning(std::string_view message, fields fields = {}) noexcept
    {
        write(level::warning, message, fields);
    }

    void error(std::string_view message, fields fields = {}) noexcept
    {
        write(level::error, message, fields);
    }

    /// Lines since the last one that was written.
    std::uint64_t left_out() const noexcept { return limit_.left_out(); }

private:
    log::detail::limit limit_;
};

} // namespace rill::log::RILL_FORM
