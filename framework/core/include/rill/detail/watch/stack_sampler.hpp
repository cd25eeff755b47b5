// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/watch/stack_trace.hpp>
#include <rill/detail/watch/thread_text.hpp>

#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>

namespace rill::RILL_FORM::detail {

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
    RILL_ONE_PER_PROGRAM static stack_sampler& instance()
    {
        static stack_sampler all;
        return all;
    }

    /// The calls go to the thread itself as well. Empty if it is in another step by now, does not
    /// answer in time, because it blocks signals say, or is gone.
    stack_trace sample(sampled_thread& thread, pid_t id, std::uint64_t step);

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

    stack_sampler();

    bool is_answered_within_a_second() noexcept;

    /// False if the thread answers after all.
    bool withdraw(request& r) noexcept;

    static void on_signal(int);

    void answer() noexcept;

    std::mutex mutex_; // one request at a time
    std::atomic<request*> wanted_ = nullptr;
    sem_t answered_;
    bool usable_ = false;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/stack_sampler.ipp>
#endif
