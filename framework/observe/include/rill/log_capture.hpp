// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/log/write.hpp>
#include <rill/log_record.hpp>

#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rill::log {

/// Takes the lines of all levels and threads while it lives, for tests that say what a service is to
/// log; nothing reaches a sink meanwhile. One at a time.
///
///     rill::log::capture log;
///     ...
///     log.expect("client disconnected reason=");
class capture {
public:
    capture();
    ~capture();

    capture(const capture&) = delete;
    capture& operator=(const capture&) = delete;

    /// "warning: client disconnected reason=timeout task=session-3", in the order of writing.
    std::vector<std::string> lines() const;

    /// Takes out the first line that contains `text` and gives it. std::logic_error, with all lines,
    /// if there is none.
    std::string expect(std::string_view text);

    /// std::logic_error, with the lines, if any of that level or a higher one is left.
    void expect_nothing_else(level least = level::warning) const;

private:
    friend void detail::write(
        log::level, std::string_view, std::span<const field>, detail::task_name
    ) noexcept;

    struct line {
        log::level level;
        std::string text;
    };

    void add(log::level level, std::string text);

    mutable std::mutex mutex_;
    std::vector<line> lines_;
};

} // namespace rill::log
