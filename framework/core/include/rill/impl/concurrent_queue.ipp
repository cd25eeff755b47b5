// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/concurrent_queue.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void blocked_thread::remote_ended() noexcept
{
    const std::lock_guard lock(mutex_); // notified within: the waiter may be gone right after
    ended_ = true;
    changed_.notify_one();
}

RILL_DECL bool blocked_thread::wait_until(time_point deadline)
{
    std::unique_lock lock(mutex_);
    const auto ended = [this] { return ended_; };
    if (deadline != never)
        return changed_.wait_until(lock, deadline, ended);
    changed_.wait(lock, ended);
    return true;
}

RILL_DECL bool wait_for_remote_blocking(remote_operation& e, duration at_most)
{
    const auto thread = std::make_shared<blocked_thread>();
    const time_point deadline =
        deadline_after(clock::now(), at_most); // no loop, so no loop's clock
    e.begin(thread);
    if (thread->wait_until(deadline))
        return true;
    e.cancel();
    thread->wait_until(never);
    return !e.error();
}

RILL_DECL void check_may_block()
{
    if (current.loop)
        throw std::logic_error(
            "rill::concurrent_queue: a blocking call would stop the loop that runs here; await "
            "put() or get()"
        );
}

} // namespace rill::RILL_FORM::detail
