// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/remote_operation.hpp>

#include <condition_variable>
#include <mutex>

namespace rill::RILL_FORM::detail {

/// A thread that waits, and does nothing else.
class blocked_thread final : public remote_listener {
public:
    void remote_ended() noexcept override;

    /// False if the time is up before. `never` has no end.
    bool wait_until(time_point deadline);

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool ended_ = false;
};

/// Waits for it in this thread. False if it was cancelled because the time was up.
bool wait_for_remote_blocking(remote_operation& e, duration at_most);

void check_may_block();

} // namespace rill::RILL_FORM::detail
