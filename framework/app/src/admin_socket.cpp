// SPDX-License-Identifier: BSL-1.0
#include "admin_socket.hpp"

#include "private_socket.hpp"

#include <rill/log.hpp>

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <utility>

namespace rill::app::detail {

namespace {

constexpr std::size_t most_clients = 8;

server_options options_of_server()
{
    server_options options;
    options.max_connections(most_clients);
    options.limit(longest_command);
    return options;
}

/// Of the place that all services of this user share.
void prepare_directory(const std::filesystem::path& directory)
{
    make_private_directory(directory);
    remove_sockets_of_the_dead(directory);
}

} // namespace

std::string admin_socket_path(const std::string& setting)
{
    if (setting != "auto")
        return setting;
    const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
    const std::string directory = runtime && *runtime ? std::string(runtime) + "/rill"
                                                      : "/tmp/rill-" + std::to_string(::geteuid());
    return directory + "/" + std::to_string(::getpid()) + ".sock";
}

admin_socket::admin_socket(const std::string& path, std::string program)
    : desk_(std::move(program))
{
    if (path.empty())
        return;
    try {
        if (path == admin_socket_path("auto"))
            prepare_directory(std::filesystem::path(path).parent_path());
        const private_files only_ours;
        server_.emplace(
            [this](stream client) { return serve(std::move(client)); },
            listen_address::parse("unix:" + path),
            options_of_server()
        );
    } catch (const std::exception& e) {
        log::warning(
            "there is no admin socket, rill-top cannot attach",
            {{"path", path}, {"error", e.what()}}
        );
    }
}

admin_socket::~admin_socket() = default;

awaitable<void> admin_socket::serve(stream client)
{
    if (is_of_this_user(client))
        co_await desk_.serve(std::move(client));
}

void admin_socket::observe(std::vector<observed_loop> loops)
{
    desk_.observe(std::move(loops));
}

awaitable<void> admin_socket::end()
{
    if (server_)
        co_await server_->drain(duration::zero());
}

} // namespace rill::app::detail
