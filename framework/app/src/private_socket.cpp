// SPDX-License-Identifier: BSL-1.0
#include "private_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <stdexcept>
#include <string>
#include <system_error>

namespace rill::app::detail {

void make_private_directory(const std::filesystem::path& directory)
{
    const std::string path = directory.string();
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        throw std::system_error(errno, std::system_category(), "making " + path);
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) ||
        found.st_uid != ::geteuid() || (found.st_mode & 0077) != 0)
        throw std::runtime_error(path + " is not a directory of this user's alone");
}

void remove_sockets_of_the_dead(const std::filesystem::path& directory)
{
    std::error_code ignored;
    for (const auto& file : std::filesystem::directory_iterator(directory, ignored)) {
        const std::string name = file.path().stem().string();
        pid_t process = 0;
        const char* const end = name.data() + name.size();
        const bool is_number = std::from_chars(name.data(), end, process).ptr == end && process > 0;
        if (is_number && file.path().extension() == ".sock" && ::kill(process, 0) != 0 &&
            errno == ESRCH)
            std::filesystem::remove(file.path(), ignored);
    }
}

private_files::private_files()
    : before_(::umask(0177))
{}

private_files::~private_files()
{
    ::umask(before_);
}

bool is_of_this_user(stream& client)
{
    ucred peer{};
    socklen_t size = sizeof peer;
    const int fd = client.socket().native_handle();
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    return peer.uid == ::geteuid() || peer.uid == 0;
}

} // namespace rill::app::detail
