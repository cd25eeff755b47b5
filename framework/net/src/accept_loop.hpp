// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/network_backend.hpp>
#include <rill/endpoint.hpp>
#include <rill/error.hpp>
#include <rill/task.hpp>

#include <memory>

namespace rill::RILL_FORM::net_detail {

class accept_failure;
class session_set;

/// Takes what comes in at one address, and starts a session for each.
class accept_loop {
public:
    accept_loop(std::unique_ptr<incoming> from, accept_failure& failure) noexcept;

    const endpoint& local() const noexcept { return from_->local(); }

    /// Once. Its task keeps the set, and with that the server that has both.
    void start(const std::shared_ptr<session_set>& sessions);

    /// Accepts those who wait, also beyond the limit, and closes: each of them has been told that he
    /// is connected, and would be reset.
    void end(const std::shared_ptr<session_set>& sessions);

    /// The listener is closed, and the task ends.
    void close();

private:
    awaitable<void> run(std::shared_ptr<session_set> sessions);
    void accept_those_who_wait(const std::shared_ptr<session_set>& sessions);
    awaitable<error_code> accept_some(const std::shared_ptr<session_set>& sessions);
    error_code accept_what_is_there(const std::shared_ptr<session_set>& sessions);
    error_code accept_one(const std::shared_ptr<session_set>& sessions);

    std::unique_ptr<incoming> from_; // stays, closed or not, to the loop's end
    accept_failure& failure_;        // of all that the server listens on
    task<void> task_;                // empty before start() and after close()
};

} // namespace rill::RILL_FORM::net_detail
