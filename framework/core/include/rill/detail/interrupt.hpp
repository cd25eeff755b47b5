// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace rill::detail {

namespace asio = boost::asio;

/// Takes SIGINT while it lives: the first one calls a function on the loop, the second one ends the
/// process as SIGINT does by default.
///
/// It does so on the main thread only, and only where nobody has said what SIGINT is to do. It is
/// no asio::signal_set, which would count as a second set beside one of the program's own: that one
/// replaces this here, and is left alone in the end. What fails leaves SIGINT as it is.
class interrupt_watch {
public:
    interrupt_watch(asio::io_context& io, std::function<void()> on_first)
    {
        if (!on_main_thread() || disposition() != SIG_DFL)
            return;
        const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
            return;
        try {
            event_ = std::make_shared<event>(io, fd, std::move(on_first));
        } catch (...) {
            ::close(fd);
            return;
        }
        event::listen(event_);
        take_over(fd);
    }

    /// One that came too late for the loop has its default effect.
    ~interrupt_watch()
    {
        if (!event_)
            return;
        const bool ours = disposition() == &on_signal;
        if (ours)
            ::sigaction(SIGINT, &before_, nullptr);
        wake_fd = -1;
        const bool missed = arrived > 0 && !event_->seen;
        event_->on_first = nullptr;
        if (missed && ours)
            ::raise(SIGINT);
    }

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

        static void listen(const std::shared_ptr<event>& self)
        {
            auto arrive = [weak = std::weak_ptr(self)](const boost::system::error_code& ec) {
                const auto e = weak.lock();
                if (ec || !e || !e->on_first)
                    return;
                e->seen = true;
                e->on_first();
            };
            self->descriptor.async_wait(asio::posix::stream_descriptor::wait_read, arrive);
        }

        std::function<void()> on_first; // empty once nobody listens
        asio::posix::stream_descriptor descriptor;
        bool seen = false;
    };

    static bool on_main_thread() noexcept { return ::syscall(SYS_gettid) == ::getpid(); }

    static action disposition() noexcept
    {
        struct sigaction present = {};
        ::sigaction(SIGINT, nullptr, &present);
        return (present.sa_flags & SA_SIGINFO) ? nullptr : present.sa_handler;
    }

    void take_over(int fd)
    {
        [[maybe_unused]] static const int fork_hook =
            ::pthread_atfork(nullptr, nullptr, &give_back_in_child);
        arrived = 0;
        wake_fd = fd;
        struct sigaction ours = {};
        ours.sa_handler = &on_signal;
        ours.sa_flags = SA_RESTART;
        ::sigemptyset(&ours.sa_mask);
        ::sigaction(SIGINT, &ours, &before_);
    }

    static void on_signal(int)
    {
        const int error = errno;
        if (arrived.fetch_add(1) == 0) {
            const std::uint64_t one = 1;
            [[maybe_unused]] const auto written = ::write(wake_fd, &one, sizeof one);
        } else {
            ::signal(SIGINT, SIG_DFL);
            ::raise(SIGINT); // takes effect when this returns
        }
        errno = error;
    }

    /// The parent's loop is not to hear of a signal to its child.
    static void give_back_in_child()
    {
        if (disposition() == &on_signal)
            ::signal(SIGINT, SIG_DFL);
    }

    // There is one main thread, and one loop at a time runs on it.
    static inline std::atomic<int> wake_fd = -1;
    static inline std::atomic<int> arrived = 0;
    static_assert(std::atomic<int>::is_always_lock_free);

    std::shared_ptr<event> event_; // null where SIGINT was left as it is
    struct sigaction before_ = {};
};

} // namespace rill::detail
