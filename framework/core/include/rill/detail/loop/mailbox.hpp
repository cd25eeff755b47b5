// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <atomic>
#include <mutex>
#include <utility>

namespace rill::RILL_FORM::detail {

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
    bool runs_here();

    /// Whether the loop is gone. On other threads than the loop's, the answer may be late.
    bool closed() const noexcept { return !io_.load(std::memory_order_relaxed); }

    void close();

private:
    std::mutex mutex_;                  // held while somebody is inside the io_context
    std::atomic<asio::io_context*> io_; // null once the loop is gone; changes under the mutex
};

using mailbox_ptr = boost::intrusive_ptr<mailbox>;

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/mailbox.ipp>
#endif
