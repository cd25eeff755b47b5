// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "sockets.hpp"

#include <rill/clock.hpp>
#include <rill/error.hpp>

#include <chrono>

namespace rill::RILL_FORM::net_detail {

class server_journal;

/// What a server does where it cannot accept: it says so once, waits a moment, and tries again.
///
/// A descriptor is kept back. It is given up where descriptors or memory have run out, so that
/// whoever is told of it can open a file; accepting goes on once it could be had again.
class accept_failure {
public:
    static constexpr duration backoff = std::chrono::milliseconds(100); // between two tries

    explicit accept_failure(server_journal& journal) noexcept;

    /// Accepting has failed, and not for a single connection's reasons.
    void begin(error_code why) noexcept;

    /// Whether it is worth it, a moment after it began.
    bool may_try_again() noexcept;

    /// Nobody is left who waited to be accepted: the next failure is a new one.
    void has_passed() noexcept { reported_ = {}; }

    /// Nothing is kept back any more.
    void give_up_reserve() noexcept { reserve_.reset(); }

private:
    server_journal& journal_;
    unique_fd reserve_;     // empty during a shortage, and if there never was one to be had
    error_code reported_;   // of the failure that lasts
    bool shortage_ = false; // is what it is
    bool waited_ = false;   // since it began
};

} // namespace rill::RILL_FORM::net_detail
