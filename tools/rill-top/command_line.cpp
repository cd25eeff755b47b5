// SPDX-License-Identifier: BSL-1.0
//
// The only file that knows CLI11.
#include "command_line.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace top {

namespace {

constexpr const char* about = "Shows the loops and tasks of a running Rill service, live or once.";

constexpr const char* footer =
    "Commands:\n"
    "  tree   the tasks below their parents, with their stacks\n"
    "  ps     a table of the tasks\n"
    "  loops  a table of the loops, and their slowest steps\n"
    "  list   the services of this user that are running\n"
    "Without a command it is the live screen, which explains its keys when h is pressed, or\n"
    "--once where the output is no terminal.\n"
    "\n"
    "Without TARGET it is the only service there is. The socket of a pid is\n"
    "$XDG_RUNTIME_DIR/rill/PID.sock, or /tmp/rill-UID/PID.sock where that variable is not set.\n"
    "NO_COLOR turns colours off.\n"
    "\n"
    "Ends with 0, with 1 if the service cannot be reached, and with 2 if the command line is\n"
    "wrong or leaves open which service is meant.";

constexpr std::array<std::pair<std::string_view, command>, 4> commands{{
    {"tree", command::tree},
    {"ps", command::ps},
    {"loops", command::loops},
    {"list", command::list},
}};

std::optional<command> command_named(std::string_view name)
{
    for (const auto& [known, meant] : commands)
        if (known == name)
            return meant;
    return std::nullopt;
}

/// What is wrong with the combination of what was given; empty: nothing.
std::string contradiction(const command_line& parsed, bool once)
{
    const bool live = parsed.command == command::live || parsed.command == command::once;
    if (parsed.json && live)
        return "--json goes with tree, ps, loops or list";
    if (once && !live)
        return "--once is for the live view; tree, ps, loops and list print once anyway";
    if (parsed.command == command::list && !parsed.target.empty())
        return "list takes no target";
    return "";
}

CLI::Validator a_duration()
{
    return CLI::Validator(
        [](const std::string& text) {
            return parse_duration(text)
                       ? ""
                       : "'" + text + "' is no duration up to 1h such as 500ms, 1s or 2min";
        },
        "DURATION"
    );
}

/// Tells COMMAND from TARGET. Gives what is wrong with them; empty: nothing.
std::string take_words(command_line& parsed, const std::string& first, const std::string& second)
{
    if (const auto named = command_named(first)) {
        parsed.command = *named;
        parsed.target = second;
        return "";
    }
    parsed.target = first;
    return second.empty() ? "" : "there is no command '" + first + "'";
}

} // namespace

command_line parse_command_line(int argc, const char* const* argv, bool on_terminal)
{
    command_line parsed;
    std::string first;
    std::string second;
    std::string interval = "1s";
    std::string timeout = "5s";
    bool once = false;
    CLI::App app{about, "rill-top"};
    app.footer(footer);
    app.set_help_flag("-h,--help", "Print this help and exit");
    app.set_version_flag("--version", "rill-top " RILL_VERSION, "Print the version and exit");
    app.add_option("COMMAND", first, "tree, ps, loops or list; without it, the live screen")
        ->option_text(" ");
    app.add_option("TARGET", second, "A pid, or the path of an admin socket")->option_text(" ");
    app.add_flag("--json", parsed.json, "Print one JSON document (tree, ps, loops, list)");
    app.add_flag("--once", once, "Print the live view once, as plain text");
    app.add_option("--interval", interval, "Time between two looks of the live view (1s)")
        ->option_text("DURATION")
        ->check(a_duration());
    app.add_option("--timeout", timeout, "How long the service may take to answer (5s)")
        ->option_text("DURATION")
        ->check(a_duration());

    const auto refuse = [&](const std::string& problem) {
        parsed.exit_code = exit_usage;
        parsed.text = "rill-top: " + problem + "\nTry 'rill-top --help'.\n";
    };
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        parsed.exit_code = exit_ok;
        parsed.text = app.help();
        return parsed;
    } catch (const CLI::CallForVersion&) {
        parsed.exit_code = exit_ok;
        parsed.text = app.version() + "\n";
        return parsed;
    } catch (const CLI::ParseError& error) {
        refuse(error.what());
        return parsed;
    }
    parsed.interval = *parse_duration(interval);
    parsed.timeout = *parse_duration(timeout);
    std::string problem = take_words(parsed, first, second);
    if (problem.empty())
        problem = contradiction(parsed, once);
    if (!problem.empty())
        refuse(problem);
    else if (parsed.command == command::live && (once || !on_terminal))
        parsed.command = command::once;
    return parsed;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text)
{
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc())
        return std::nullopt;
    std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
    if (unit.starts_with(' '))
        unit.remove_prefix(1);
    const double ms = unit == "ms"    ? number
                      : unit == "s"   ? number * 1000
                      : unit == "min" ? number * 60'000
                      : unit == "h"   ? number * 3'600'000
                                      : 0;
    if (!(ms >= 1 && ms <= 3'600'000))
        return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(ms));
}

} // namespace top
