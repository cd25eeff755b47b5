// SPDX-License-Identifier: BSL-1.0

// rill-top: shows the loops and tasks of a running service. See README.md.

#include "client.hpp"
#include "command_line.hpp"
#include "json_report.hpp"
#include "live.hpp"
#include "services.hpp"
#include "text.hpp"
#include "tree.hpp"

#include <rill/run.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using top::command;

rill::awaitable<top::snapshot> look(std::string socket, bool with_tasks)
{
    top::client service = co_await top::client::connect(std::move(socket));
    if (with_tasks)
        co_return co_await service.everything();
    top::snapshot of;
    of.info = co_await service.info();
    of.loops = co_await service.loops();
    co_return of;
}

/// What a command prints.
rill::awaitable<std::string> report(const top::command_line& options)
{
    if (options.command == command::once)
        co_return co_await top::run_once(options);
    if (options.command == command::list) {
        const auto services = co_await top::find_services(options.timeout);
        co_return options.json ? top::services_json(services) : top::services_text(services);
    }
    std::string socket = co_await top::resolve(options);
    const bool with_tasks = options.command != command::loops;
    const top::snapshot of =
        co_await top::within(options.timeout, look(std::move(socket), with_tasks));
    switch (options.command) {
    case command::tree: co_return options.json ? top::tree_json(of) : top::tree_text(of);
    case command::ps: co_return options.json ? top::tasks_json(of) : top::tasks_text(of);
    default: co_return options.json ? top::loops_json(of) : top::loops_text(of);
    }
}

void print(std::FILE* to, const std::string& text)
{
    std::fwrite(text.data(), 1, text.size(), to);
    std::fflush(to);
}

/// Lines stay lines; what else could move a cursor is escaped.
void complain(const std::string& text)
{
    std::string lines = "rill-top: ";
    std::istringstream from(text);
    for (std::string line; std::getline(from, line);)
        lines += top::printable(line) + "\n";
    print(stderr, lines);
}

int run(const top::command_line& options)
{
    if (options.command == command::live)
        rill::run(top::run_live(options));
    else
        print(stdout, rill::run(report(options)));
    return top::exit_ok;
}

} // namespace

int main(int argc, char** argv)
{
    const auto options = top::parse_command_line(argc, argv, ::isatty(STDOUT_FILENO) != 0);
    if (options.exit_code) {
        print(*options.exit_code == top::exit_ok ? stdout : stderr, options.text);
        return *options.exit_code;
    }
    try {
        return run(options);
    } catch (const rill::interrupted&) {
        return options.command == command::live ? top::exit_ok : 128 + SIGINT;
    } catch (const top::usage_error& error) {
        complain(error.what());
        return top::exit_usage;
    } catch (const std::exception& error) {
        complain(error.what());
        return top::exit_unreachable;
    }
}
