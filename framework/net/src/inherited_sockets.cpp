// SPDX-License-Identifier: BSL-1.0
#include <rill/inherited_sockets.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace rill {

namespace {

constexpr int first_descriptor = 3; // SD_LISTEN_FDS_START

std::optional<std::string> take_variable(const char* name)
{
    const char* value = std::getenv(name);
    if (!value)
        return std::nullopt;
    std::string taken = value;
    ::unsetenv(name);
    return taken;
}

/// -1 if it is none.
long number_of(const std::optional<std::string>& text)
{
    long number = -1;
    if (!text)
        return number;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, number);
    return error == std::errc() && stop == end ? number : -1;
}

bool make_close_on_exec(int descriptor)
{
    const int flags = ::fcntl(descriptor, F_GETFD);
    return flags >= 0 && ::fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) == 0;
}

/// Cuts the first of the names, which have colons between them, off.
std::string next_name(std::string_view& names)
{
    const auto colon = names.find(':');
    std::string first(names.substr(0, colon));
    names.remove_prefix(colon == std::string_view::npos ? names.size() : colon + 1);
    return first.empty() ? "unknown" : first;
}

std::vector<inherited_socket> take_over()
{
    const auto process = take_variable("LISTEN_PID");
    const auto count = take_variable("LISTEN_FDS");
    const auto all_names = take_variable("LISTEN_FDNAMES");
    std::vector<inherited_socket> taken;
    if (number_of(process) != ::getpid())
        return taken;
    std::string_view names = all_names ? *all_names : std::string_view();
    const long end = first_descriptor + number_of(count);
    for (int fd = first_descriptor; fd < end; ++fd) {
        std::string name = next_name(names);
        if (!make_close_on_exec(fd)) // there are fewer than was said
            break;
        taken.push_back({fd, std::move(name)});
    }
    return taken;
}

} // namespace

const std::vector<inherited_socket>& inherited_sockets()
{
    static const std::vector<inherited_socket> all = take_over();
    return all;
}

} // namespace rill
