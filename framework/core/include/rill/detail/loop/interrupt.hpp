// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <utility>

namespace rill::RILL_FORM::detail {

namespace asio = boost::asio;

/// Takes SIGINT while it lives: the first one calls a function on the loop, the second one ends the
/// process as SIGINT does by default.
///
/// It does so on the main thread only, and only where nobody has said what SIGINT is to do. It is
/// no asio::signal_set, which would count as a second set beside one of the program's own: that one
/// replaces this here, and is left alone in the end. What fails leaves SIGINT as it is.
class interrupt_watch {
public:
    interrupt_watch(asio::io_context& io, std::function<void()> on_first);

    /// One that came too late for the loop has its default effect.
    ~interrupt_watch();

    interrupt_watch(const interrupt_watch&) = delete;
    interrupt_watch& operator=(const interrupt_watch&) = delete;

    /// Whether the function was called.
    bool seen() const noexcept { return event_ && event_->seen; }

private:
    using action = void (*)(int);

    /// The descriptor that the signal makes readable. Asio's handler may come late, and keeps it.
    struct event {
        event(asio::io_context& io, int fd, std::function<void()> f)
            : on_first(std::move(f))
            , descriptor(io, fd)
        {}

        static void listen(const std::shared_ptr<event>& self);

        std::function<void()> on_first; // empty once nobody listens
        asio::posix::stream_descriptor descriptor;
        bool seen = false;
    };

    static bool on_main_thread() noexcept { return ::syscall(SYS_gettid) == ::getpid(); }

    static action disposition() noexcept;

    void take_over(int fd);

    static void on_signal(int);

    /// The parent's loop is not to hear of a signal to its child.
    static void give_back_in_child();

    // There is one main thread, and one loop at a time runs on it.
    RILL_ONE_PER_PROGRAM static inline std::atomic<int> wake_fd = -1;
    RILL_ONE_PER_PROGRAM static inline std::atomic<int> arrived = 0;
    static_assert(std::atomic<int>::is_always_lock_free);

    std::shared_ptr<event> event_; // null where SIGINT was left as it is
    struct sigaction before_ = {};
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/interrupt.ipp>
#endif
