// SPDX-License-Identifier: BSL-1.0
#include "services.hpp"

#include "client.hpp"

#include <rill/error.hpp>
#include <rill/gather.hpp>
#include <rill/timeout.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

namespace top {

namespace {

constexpr std::string_view suffix = ".sock";

std::optional<std::uint64_t> number_in(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

bool is_ours(const std::string& directory)
{
    struct stat status{};
    return ::lstat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == ::geteuid();
}

rill::awaitable<service_info> info_of(std::string socket)
{
    client service = co_await client::connect(std::move(socket));
    co_return co_await service.info();
}

/// Empty: nobody listens at the socket any more.
rill::awaitable<std::optional<found_service>> look_at(found_service service, rill::duration limit)
{
    try {
        service.info = co_await rill::timeout(limit, info_of(service.socket));
    } catch (const rill::timeout_error&) {
        service.problem = "does not answer";
    } catch (const boost::system::system_error& error) {
        if (rill::is_cancellation(std::current_exception()))
            throw;
        if (error.code() == boost::system::errc::connection_refused ||
            error.code() == boost::system::errc::no_such_file_or_directory)
            co_return std::nullopt;
        service.problem = error.code().message();
    } catch (const std::runtime_error& error) {
        service.problem = error.what();
    }
    co_return service;
}

} // namespace

std::string runtime_directory()
{
    const char* of_session = std::getenv("XDG_RUNTIME_DIR");
    if (of_session && *of_session)
        return std::string(of_session) + "/rill";
    return "/tmp/rill-" + std::to_string(::geteuid());
}

std::string socket_of(const std::string& target)
{
    if (const auto pid = number_in(target))
        return runtime_directory() + "/" + std::to_string(*pid) + std::string(suffix);
    std::error_code ignored;
    if (target.find('/') == std::string::npos && !std::filesystem::exists(target, ignored))
        throw usage_error(
            "there is neither a command nor a socket '" + target +
            "'; the commands are tree, ps, loops and list"
        );
    return target;
}

std::vector<found_service> sockets_in(const std::string& directory)
{
    std::vector<found_service> found;
    if (!is_ours(directory))
        return found;
    std::error_code ignored; // what goes while we look is not there
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
        const std::string name = entry.path().filename();
        const auto pid = number_in(std::string_view(name).substr(0, name.find('.')));
        if (pid && name == std::to_string(*pid) + std::string(suffix) && entry.is_socket(ignored))
            found.push_back({*pid, entry.path(), {}, {}});
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        return a.pid < b.pid;
    });
    return found;
}

rill::awaitable<std::vector<found_service>> find_services(rill::duration limit)
{
    std::vector<rill::awaitable<std::optional<found_service>>> looks;
    for (found_service& service : sockets_in(runtime_directory()))
        looks.push_back(look_at(std::move(service), limit));
    auto answers = co_await rill::gather(std::move(looks));
    std::vector<found_service> services;
    for (auto& service : answers)
        if (service)
            services.push_back(std::move(*service));
    co_return services;
}

rill::awaitable<std::string> only_service(rill::duration limit)
{
    const std::vector<found_service> services = co_await find_services(limit);
    if (services.empty())
        throw usage_error(
            "no service of yours is running: there is no socket in " + runtime_directory() +
            "; name its pid or socket"
        );
    if (services.size() > 1)
        throw usage_error(
            "several services are running; name one of them\n" + services_text(services)
        );
    co_return services.front().socket;
}

} // namespace top
