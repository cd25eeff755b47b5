// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/context.hpp>
#include <rill/app/settings.hpp>
#include <rill/awaitable.hpp>
#include <rill/schema.hpp>

#include <concepts>
#include <functional>
#include <utility>

namespace rill::app {

/// The process ends with one of these; a second signal ends it with 128 + the signal's number.
enum exit_code : int {
    exit_ok = 0,
    exit_failure = 1, // serve threw, or did not end in time when it was asked to
    exit_usage = 2,   // the command line is wrong
    exit_conf = 78,   // a setting is wrong (EX_CONFIG)
};

/// A service's main: reads the command line and the settings, starts the log and the workers, and
/// stops them on SIGTERM or SIGINT. Gives the exit code. On SIGHUP the certificates of [server.tls]
/// are read again, for connections to come: what cannot be used changes nothing, and the log says so.
/// SIGPIPE and SIGXFSZ are ignored.
///
/// `serve` is awaitable<void>(const Config&, context&), or awaitable<void>(const Config&) for a
/// service that may be cancelled at any time. It runs once per worker, each a thread with a loop
/// of its own, and ends when the service ends: if it returns everywhere, so does run. An exception
/// that leaves it stops all workers.
///
/// `Config` is a described struct (see rill/schema.hpp); if one of its members is an
/// app::settings, that one says how many workers there are, how long a stop may take and what is
/// logged. Settings come from defaults, --config FILE with conf.d/ beside it, the environment
/// (RILL_SERVER__PORT) and --set server.port=8080, the later the stronger.
template <class Config, class Serve>
int run(int argc, char** argv, Serve serve);

// Implementation

namespace detail {

/// A service without its types.
struct service {
    const rill::described::table& table;
    void* config;
    const app::settings* settings; // in `config`; null if it has none
    bool heeds_stop;               // false: a stop cancels it at once
    std::function<awaitable<void>(context&)> serve;
};

int run(int argc, char** argv, const service& service);

/// The member of `config` that is an app::settings.
template <class Config, template <class...> class List, class... Descriptor>
const settings* find_settings(const Config& config, List<Descriptor...>)
{
    const settings* found = nullptr;
    const auto look = [&found](const auto& member) {
        if constexpr (std::same_as<decltype(member), const settings&>)
            found = &member;
    };
    (look(config.*Descriptor::pointer), ...);
    return found;
}

} // namespace detail

template <class Config, class Serve>
int run(int argc, char** argv, Serve serve)
{
    constexpr bool heeds_stop = std::invocable<Serve&, const Config&, context&>;
    static_assert(
        heeds_stop || std::invocable<Serve&, const Config&>,
        "serve is awaitable<void>(const Config&, rill::app::context&) or awaitable<void>(const "
        "Config&)"
    );
    Config config{};
    const auto start = [&config, &serve](context& here) -> awaitable<void> {
        if constexpr (heeds_stop)
            return serve(std::as_const(config), here);
        else
            return serve(std::as_const(config));
    };
    using members = boost::describe::describe_members<Config, boost::describe::mod_public>;
    return detail::run(
        argc,
        argv,
        {rill::described::table_of<Config>(),
         &config,
         detail::find_settings(config, members{}),
         heeds_stop,
         start}
    );
}

} // namespace rill::app
