// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace top {

enum class command { live, once, tree, ps, loops, list };

/// What the command line asks for.
struct command_line {
    top::command command = top::command::live;
    std::string target; // pid or path; empty: the only service there is
    bool json = false;
    std::chrono::milliseconds interval{1000};
    std::chrono::milliseconds timeout{5000};

    std::optional<int> exit_code; // set: print `text` and end
    std::string text;
};

inline constexpr int exit_ok = 0;
inline constexpr int exit_unreachable = 1;
inline constexpr int exit_usage = 2;

/// Without a command it is live, or once where the output is no terminal.
command_line parse_command_line(int argc, const char* const* argv, bool on_terminal);

/// "500ms", "1s", "1.5 s", "2min": more than nothing, and at most an hour.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

} // namespace top
