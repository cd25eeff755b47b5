// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/stream.hpp>

#include <sys/types.h>

#include <filesystem>

namespace rill::app::detail {

// A unix socket that is for the process's own user.

/// Makes the directory if need be, for this user alone: in one that others may write to, they could
/// put a socket of their own in the place of ours. Throws, naming it, if it is another's.
void make_private_directory(const std::filesystem::path& directory);

/// Of sockets that are called by the number of their process. A service that was killed leaves its
/// own behind; the next one to start takes it away.
void remove_sockets_of_the_dead(const std::filesystem::path& directory);

/// The file that a server makes within its life is this user's alone.
class private_files {
public:
    private_files();
    ~private_files();

    private_files(const private_files&) = delete;
    private_files& operator=(const private_files&) = delete;

private:
    mode_t before_; // the process's mask
};

/// Whether a client is a process of this user's, or of root's.
bool is_of_this_user(stream& client);

} // namespace rill::app::detail
