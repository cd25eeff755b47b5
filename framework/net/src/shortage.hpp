// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "sockets.hpp"

#include <rill/awaitable.hpp>
#include <rill/error.hpp>

namespace rill::RILL_FORM::net_detail {

class server_journal;

/// What a server does where descriptors or memory have run out: it says so once, and waits.
///
/// A descriptor is kept back. It is given up at a shortage, so that whoever is told of it can open
/// a file; accepting goes on once it could be had again.
class shortage {
public:
    explicit shortage(server_journal& journal) noexcept;

    /// Returns once there are descriptors again.
    awaitable<void> wait(error_code why);

    /// Nobody is left who waited for descriptors: the next shortage is a new one.
    void has_passed() noexcept { reported_ = false; }

    /// Nothing is kept back any more.
    void give_up_reserve() noexcept { reserve_.reset(); }

private:
    server_journal& journal_;
    unique_fd reserve_;     // empty during a shortage, and if there never was one to be had
    bool reported_ = false; // the shortage that lasts
};

} // namespace rill::RILL_FORM::net_detail
