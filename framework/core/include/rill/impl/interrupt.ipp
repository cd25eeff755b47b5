// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/interrupt.hpp>

#include <pthread.h>
#include <sys/eventfd.h>

#include <cstdint>

namespace rill::RILL_FORM::detail {

RILL_DECL interrupt_watch::interrupt_watch(asio::io_context& io, std::function<void()> on_first)
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

RILL_DECL interrupt_watch::~interrupt_watch()
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

RILL_DECL void interrupt_watch::event::listen(const std::shared_ptr<event>& self)
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

RILL_DECL interrupt_watch::action interrupt_watch::disposition() noexcept
{
    struct sigaction present = {};
    ::sigaction(SIGINT, nullptr, &present);
    return (present.sa_flags & SA_SIGINFO) ? nullptr : present.sa_handler;
}

RILL_DECL void interrupt_watch::take_over(int fd)
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

RILL_DECL void interrupt_watch::on_signal(int)
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

RILL_DECL void interrupt_watch::give_back_in_child()
{
    if (disposition() == &on_signal)
        ::signal(SIGINT, SIG_DFL);
}

} // namespace rill::RILL_FORM::detail
