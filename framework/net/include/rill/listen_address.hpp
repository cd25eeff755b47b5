// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/endpoint.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace rill {

/// Where a server listens, as settings write it: one place or several.
///
///     127.0.0.1:7007   one IPv4 address
///     [::1]:7007       one IPv6 address
///     *:7007, :7007    all interfaces, IPv4 and IPv6
///     localhost:7007   each address of a name, which start_server looks up
///     unix:/run/x      a unix socket
///     unix:@name       one with an abstract name, which is no file
///     fd:web, fd:3     sockets that whoever started the process listens on: see inherited_sockets
///
/// Port 0 takes any free one. What is listed twice counts once.
class listen_address {
public:
    struct place {
        std::string text;                ///< As it was written.
        std::vector<endpoint> endpoints; ///< Empty where one of the following is not.
        std::string host = {};           ///< A name that has to be looked up.
        unsigned short port = 0;         ///< Of that host.
        std::string inherited_name = {}; ///< What is behind "fd:".
    };

    /// std::invalid_argument that says what is wrong with `text`, in terms of the text.
    static listen_address parse(std::string_view text);

    /// The same for several; at least one.
    static listen_address parse_list(const std::vector<std::string>& texts);

    /// One place that has these addresses, at least one. One that this machine has no such family for
    /// is passed over if there are others.
    explicit listen_address(std::vector<endpoint> at);
    explicit listen_address(const endpoint& at);

    /// At least one.
    explicit listen_address(std::vector<place> places);

    const std::vector<place>& places() const noexcept { return places_; }

    /// Those of all places that have any.
    std::vector<endpoint> endpoints() const;

    /// As it was written; several are separated by commas.
    std::string text() const;

private:
    void remove_duplicates();

    std::vector<place> places_;
};

/// The same with the addresses of each name in its place. Errors and cancellation: as those of
/// look_up for a host.
awaitable<listen_address> look_up(listen_address at);

} // namespace rill
