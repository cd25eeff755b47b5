// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

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
        if (!io_)
            return false;
        asio::post(*io_, std::forward<F>(f));
        return true;
    }

    void close()
    {
        const std::lock_guard lock(mutex_);
        io_ = nullptr;
    }

private:
    std::mutex mutex_;
    asio::io_context* io_; // null once the loop is gone
};

using mailbox_ptr = boost::intrusive_ptr<mailbox>;

} // namespace rill::detail
