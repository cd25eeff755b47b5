// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/stack_trace.hpp>

#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>

namespace rill::detail {

inline pid_t this_thread() noexcept
{
    return static_cast<pid_t>(::syscall(SYS_gettid));
}

/// A thread whose calls another one may ask for. What it is in is numbered, so that nobody gets the
/// calls of something else. The thread's own, but for the number.
struct sampled_thread {
    pid_t id = 0;
    std::atomic<std::uint64_t> step = 0;
    stack_trace calls; // of the present step, once somebody has asked
};

/// Takes the calls that another thread is in, by a signal that this handles: SIGURG, which nobody
/// misses where it is not expected. A system call that sleeps may end early by it. A program that
/// handles SIGURG itself keeps it, and there are no calls then.
class stack_sampler {
public:
    static stack_sampler& instance()
    {
        static stack_sampler all;
        return all;
    }

    /// The calls go to the thread itself as well. Empty if it is in another step by now, does not
    /// answer in time, because it blocks signals say, or is gone.
    stack_trace sample(sampled_thread& thread, pid_t id, std::uint64_t step)
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

private:
    struct request {
        request(sampled_thread& t, pid_t i, std::uint64_t s) noexcept
            : thread(t)
            , id(i)
            , step(s)
        {}

        sampled_thread& thread;
        pid_t id;
        std::uint64_t step;
        stack_trace calls; // the answer
        std::atomic<bool> answered = false;
    };

    stack_sampler()
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

    bool is_answered_within_a_second() noexcept
    {
        timespec until{};
        ::clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += 1;
        while (::sem_clockwait(&answered_, CLOCK_MONOTONIC, &until) != 0)
            if (errno != EINTR)
                return false;
        return true;
    }

    /// False if the thread answers after all.
    bool withdraw(request& r) noexcept
    {
        request* expected = &r;
        if (wanted_.compare_exchange_strong(expected, nullptr))
            return true;
        while (::sem_wait(&answered_) != 0)
            continue;
        return false;
    }

    static void on_signal(int)
    {
        const int before = errno;
        instance().answer();
        errno = before;
    }

    void answer() noexcept
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

    std::mutex mutex_; // one request at a time
    std::atomic<request*> wanted_ = nullptr;
    sem_t answered_;
    bool usable_ = false;
};

} // namespace rill::detail
