// SPDX-License-Identifier: BSL-1.0
//
// Where the sockets of services are: <runtime directory>/<pid>.sock.
#pragma once

#include "table.hpp"

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace top {

/// The command line does not say enough, or says what cannot be.
class usage_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// $XDG_RUNTIME_DIR/rill, or /tmp/rill-<user id> where that is not set.
std::string runtime_directory();

/// The socket that `target` names: a pid, or the path of one. usage_error for a mere word that is
/// no file: it was meant as a command.
std::string socket_of(const std::string& target);

/// The sockets in `directory`, in order of pid. None if there is no such directory, or if it is
/// another user's: whoever owns it could answer in the name of our services.
std::vector<found_service> sockets_in(const std::string& directory);

/// Asks the services of this user who they are, all at once, for at most `limit`. Sockets that a
/// service left behind when it ended are passed over.
rill::awaitable<std::vector<found_service>> find_services(rill::duration limit);

/// The socket of the only service of this user; usage_error, which lists them, if there are none
/// or several.
rill::awaitable<std::string> only_service(rill::duration limit);

} // namespace top
