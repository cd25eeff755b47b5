// SPDX-License-Identifier: BSL-1.0
//
// The only file that knows CLI11.
#include "command_line.hpp"

#include <rill/app/run.hpp>
#include <rill/detail/described/suggest.hpp>

#include <CLI/CLI.hpp>

namespace rill::app::detail {

namespace {

constexpr const char* footer =
    "Settings: defaults, then FILE, then conf.d/*.toml beside it, then variables such as\n"
    "RILL_SERVER__PORT=8080, then --set. SIGTERM stops the service when running requests have\n"
    "ended; a second one ends it at once.";

/// The option that was meant by an unknown one.
std::string suggestion(const CLI::App& app, const std::string& unknown)
{
    std::vector<std::string> names;
    for (const auto* option : app.get_options())
        for (const auto& name : option->get_lnames())
            names.push_back("--" + name);
    return rill::described::did_you_mean(unknown.substr(0, unknown.find('=')), names);
}

} // namespace

std::string program_name(int argc, const char* const* argv)
{
    const std::string path = argc > 0 && argv[0] ? argv[0] : "";
    const auto name = path.substr(path.rfind('/') + 1);
    return name.empty() ? "service" : name;
}

command_line parse_command_line(int argc, const char* const* argv, const std::string& about)
{
    command_line parsed;
    const auto name = program_name(argc, argv);
    CLI::App app{about, name};
    app.footer(footer);
    app.allow_extras();
    app.set_help_flag("-h,--help", "Print this help and exit");
    app.set_version_flag(
        "--version", name + " (rill " RILL_VERSION ")", "Print the version and exit"
    );
    bool check = false;
    bool print = false;
    bool reference = false;
    const auto* config =
        app.add_option("--config", parsed.file, "Read settings from FILE")->option_text("FILE");
    app.add_option("--set", parsed.assignments, "Set one key, as in server.port=8080")
        ->option_text("KEY=VALUE")
        ->allow_extra_args(false);
    app.add_flag("--check-config", check, "Report what is wrong with the settings and exit");
    app.add_flag(
        "--print-config", print, "Print the settings in effect, each with its origin, and exit"
    );
    app.add_flag(
        "--print-reference", reference, "Print a commented conf file with every default and exit"
    );

    const auto refuse = [&](const std::string& problem) {
        parsed.exit_code = exit_usage;
        parsed.text = name + ": " + problem + "\nTry '" + name + " --help'.\n";
    };
    try {
        app.parse(argc, argv);
        if (config->count() > 0 && parsed.file.empty()) // --config "$UNSET": no defaults instead
            refuse("--config needs a value");
        if (const auto extras = app.remaining(); !extras.empty()) {
            const bool option = extras.front().starts_with('-');
            refuse(
                (option ? "unknown option '" : "unexpected argument '") + extras.front() + "'" +
                (option ? suggestion(app, extras.front()) : "")
            );
        }
    } catch (const CLI::CallForHelp&) {
        parsed.exit_code = exit_ok;
        parsed.text = app.help();
    } catch (const CLI::CallForVersion&) {
        parsed.exit_code = exit_ok;
        parsed.text = app.version() + "\n";
    } catch (const CLI::ArgumentMismatch& error) { // "--config: 1 required TEXT missing"
        const std::string text = error.what();
        refuse(text.substr(0, text.find(':')) + " needs a value");
    } catch (const CLI::ParseError& error) {
        refuse(error.what());
    }
    parsed.action = reference ? action::print_reference
                    : check   ? action::check_config
                    : print   ? action::print_config
                              : action::serve;
    return parsed;
}

} // namespace rill::app::detail
