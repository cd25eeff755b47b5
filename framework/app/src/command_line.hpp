// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/conf/load.hpp>

#include <optional>
#include <string>
#include <vector>

namespace rill::app::detail {

enum class action { serve, check_config, print_config, print_reference };

/// What the command line asks for.
struct command_line {
    app::detail::action action = action::serve;
    std::string file; // empty: none
    std::vector<std::string> assignments;

    std::optional<int> exit_code; // set: print `text` and end
    std::string text;
};

/// The program's name without its directory.
std::string program_name(int argc, const char* const* argv);

/// `about` is the first sentence of the help.
command_line parse_command_line(int argc, const char* const* argv, const std::string& about);

} // namespace rill::app::detail
