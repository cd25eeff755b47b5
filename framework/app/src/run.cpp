// SPDX-License-Identifier: BSL-1.0
#include "command_line.hpp"
#include "log_backend.hpp"
#include "supervisor.hpp"
#include "worker.hpp"

#include <rill/app/run.hpp>
#include <rill/conf/load.hpp>
#include <rill/conf/print.hpp>
#include <rill/inherited_sockets.hpp>
#include <rill/log.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace rill::app::detail {

namespace {

/// Started without standard descriptors, a program would log into the first socket it opens.
void open_standard_descriptors()
{
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(descriptor, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0)
            std::abort();
}

/// Signals that must not end a service: a peer that is gone and a file that is too large are error
/// codes, and the terminal that it was started from may go.
void ignore_signals()
{
    for (const int number : {SIGPIPE, SIGXFSZ, SIGHUP})
        std::signal(number, SIG_IGN);
}

/// While it lives, a signal that nobody waits for any more does not end the process in the middle of
/// its last lines.
class held_signals {
private:
    boost::asio::io_context unused_;
    boost::asio::signal_set signals_{unused_, SIGTERM, SIGINT, SIGHUP};
};

void print(std::FILE* to, const std::string& text)
{
    std::fwrite(text.data(), 1, text.size(), to);
    std::fflush(to);
}

conf::sources sources_of(const command_line& line)
{
    conf::sources from;
    if (!line.file.empty())
        from.file(line.file);
    from.environment();
    for (const auto& assignment : line.assignments)
        from.flag(assignment);
    return from;
}

std::string lines_of(const std::vector<conf::problem>& problems)
{
    std::string text;
    for (const auto& problem : problems)
        text += problem.text() + "\n";
    return text;
}

int serve(const std::string& name, const service& service, const conf::report& loaded)
{
    static const settings defaults;
    const settings& settings = service.settings ? *service.settings : defaults;
    ignore_signals();
    open_log(settings, STDERR_FILENO);
    std::string files;
    for (const auto& file : loaded.files)
        files += (files.empty() ? "" : ", ") + file;
    std::optional<held_signals> held;
    const auto on_start = [&] {
        held.emplace();
        log::info(
            "starting", {{"service", name}, {"settings", files.empty() ? "defaults" : files}}
        );
        for (const auto& warning : loaded.warnings)
            log::warning(warning.message, {{"setting", warning.where.text()}});
    };
    int code = exit_failure;
    try {
        code = supervise(name, service, settings, on_start);
    } catch (...) {
        log::error("the service could not run", {{"error", what(std::current_exception())}});
    }
    log::info("stopped", {{"exit_code", code}, {"log_lines_dropped", log::dropped()}});
    close_log(std::chrono::seconds{1});
    return code;
}

} // namespace

int run(int argc, char** argv, const service& service)
{
    open_standard_descriptors();
    inherited_sockets(); // while there is one thread
    const auto line = parse_command_line(argc, argv, service.table.about);
    if (line.exit_code) {
        print(*line.exit_code == exit_ok ? stdout : stderr, line.text);
        return *line.exit_code;
    }
    if (line.action == action::print_reference) {
        print(stdout, conf::reference(service.table, service.config));
        return exit_ok;
    }
    const auto loaded = conf::load(service.table, service.config, sources_of(line));
    const bool valid = loaded.problems.empty();
    if (!valid || line.action != action::serve)
        print(stderr, lines_of(loaded.problems) + lines_of(loaded.warnings));
    if (!valid)
        return exit_conf;
    switch (line.action) {
    case action::check_config: print(stdout, "the settings are valid\n"); return exit_ok;
    case action::print_config:
        print(stdout, conf::print_config(service.table, service.config, loaded));
        return exit_ok;
    default: return serve(program_name(argc, argv), service, loaded);
    }
}

} // namespace rill::app::detail
