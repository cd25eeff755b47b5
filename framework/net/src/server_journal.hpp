// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/net_detail.hpp>
#include <rill/server_statistics.hpp>

#include <exception>

namespace rill::RILL_FORM::net_detail {

/// What a server has to tell: its statistics, and to the loop's exception handler what nobody else
/// catches.
class server_journal {
public:
    explicit server_journal(loop_core& core) noexcept
        : core_(&core)
    {}

    server_statistics statistics;

    /// In the name of the running task. Once the loop has ended it goes to standard error.
    void report(const char* what, std::exception_ptr error) noexcept;

    void loop_ended() noexcept { core_ = nullptr; }

private:
    loop_core* core_; // null once the loop has ended
};

} // namespace rill::RILL_FORM::net_detail
