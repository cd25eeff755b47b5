// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <atomic>
#include <mutex>
#include <utility>

namespace rill::detail {

namespace asio = boost::asio;

/// The way into a loop for other threads. It may outlive the loop: whoever comes too late learns
/// that, where posting to the io_context itself would be a race with its end.
class mailbox : public boost::intrusive_ref_counter<mailbox> {
public:
    explicit mailbox(asio::io_context& io) noexcept
        : io_(&io)
    {}

    /// `f` is called on the loop's thread. False if the loop is gone; `f` is then untouched.
    template <class F>
    bool post(F&& f)
    {
        const std::lock_guard lock(mutex_);
        asio::io_context* io = io_.load(std::memory_order_relaxed);
        if (!io)
            return false;
        asio::post(*io, std::forward<F>(f));
        return true;
    }

    /// Whether this thread runs the loop at present.
    bool runs_here()
    {
        const std::lock_guard lock(mutex_);
        asio::io_context* io = io_.load(std::memory_order_relaxed);
        return io && io->get_executor().running_in_this_thread();
    }

    /// Whether the loop is gone. On other threads than the loop's, the answer may be late.
    bool closed() const noexcept { return !io_.load(std::memory_order_relaxed); }

    void close()
    {
        const std::lock_guard lock(mutex_);
        io_.store(nullptr, std::memory_order_relaxed);
    }

private:
    std::mutex mutex_;                  // held while somebody is inside the io_context
    std::atomic<asio::io_context*> io_; // null once the loop is gone; changes under the mutex
};

using mailbox_ptr = boost::intrusive_ptr<mailbox>;

} // namespace rill::detail
