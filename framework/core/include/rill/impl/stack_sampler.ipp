// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/stack_sampler.hpp>

#include <signal.h>

namespace rill::RILL_FORM::detail {

RILL_DECL stack_trace stack_sampler::sample(sampled_thread& thread, pid_t id, std::uint64_t step)
{
    const std::lock_guard lock(mutex_);
    if (!usable_)
        return {};
    request wanted(thread, id, step);
    wanted_ = &wanted;
    if (::syscall(SYS_tgkill, ::getpid(), id, SIGURG) != 0) {
        wanted_ = nullptr;
        return {};
    }
    if (!is_answered_within_a_second() && withdraw(wanted))
        return {};
    return wanted.answered ? wanted.calls : stack_trace();
}

RILL_DECL stack_sampler::stack_sampler()
{
    stack_trace::here(); // the first time, it loads what it needs
    ::sem_init(&answered_, 0, 0);
    struct sigaction before{};
    ::sigaction(SIGURG, nullptr, &before);
    usable_ = before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN;
    if (!usable_)
        return;
    struct sigaction action{};
    action.sa_handler = &on_signal;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGURG, &action, nullptr);
}

RILL_DECL bool stack_sampler::is_answered_within_a_second() noexcept
{
    timespec until{};
    ::clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 1;
    while (::sem_clockwait(&answered_, CLOCK_MONOTONIC, &until) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

RILL_DECL bool stack_sampler::withdraw(request& r) noexcept
{
    request* expected = &r;
    if (wanted_.compare_exchange_strong(expected, nullptr))
        return true;
    while (::sem_wait(&answered_) != 0)
        continue;
    return false;
}

RILL_DECL void stack_sampler::on_signal(int)
{
    const int before = errno;
    instance().answer();
    errno = before;
}

RILL_DECL void stack_sampler::answer() noexcept
{
    request* r = wanted_;
    if (!r || r->id != this_thread() || !wanted_.compare_exchange_strong(r, nullptr))
        return;
    if (r->thread.step == r->step) {
        r->calls.take();
        r->thread.calls = r->calls;
    }
    r->answered = true;
    ::sem_post(&answered_);
}

} // namespace rill::RILL_FORM::detail
