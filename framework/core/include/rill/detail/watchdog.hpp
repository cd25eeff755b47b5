// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/describe.hpp>
#include <rill/detail/stack_trace.hpp>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace rill::detail {

/// Takes the calls that another thread is in, by a signal that it handles: SIGURG, which nobody
/// misses where it is not expected. A system call that sleeps may end early by it.
class stack_sampler {
public:
    static stack_sampler& instance()
    {
        static stack_sampler all;
        return all;
    }

    /// Empty if the thread does not answer in time.
    stack_trace sample(pthread_t thread)
    {
        const std::lock_guard lock(mutex_);
        wanted_ = true;
        if (::pthread_kill(thread, SIGURG) != 0)
            return {};
        timespec until{};
        ::clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 1;
        if (::sem_timedwait(&answered_, &until) != 0)
            return {};
        return sampled_;
    }

private:
    stack_sampler()
    {
        stack_trace::here(); // the first time, it loads what it needs
        ::sem_init(&answered_, 0, 0);
        struct sigaction action{};
        action.sa_handler = &on_signal;
        action.sa_flags = SA_RESTART;
        ::sigemptyset(&action.sa_mask);
        ::sigaction(SIGURG, &action, nullptr);
    }

    static void on_signal(int)
    {
        stack_sampler& self = instance();
        if (!self.wanted_.exchange(false))
            return;
        const int before = errno;
        self.sampled_.take();
        ::sem_post(&self.answered_);
        errno = before;
    }

    std::mutex mutex_;
    std::atomic<bool> wanted_ = false;
    stack_trace sampled_;
    sem_t answered_;
};

/// A step, as the thread sees it that watches.
struct watched_step {
    time_point began{};
    std::string what;
    std::optional<duration> kept_waiting; // by then, when this was first looked at
    bool sampled = false;
    bool hanging = false;
    stack_trace calls;
};

/// Watches one thread's steps from another one, and takes the calls of a step that lasts.
class watchdog {
public:
    struct finding {
        duration took{};   // without the time in which the thread was ready and did not run
        stack_trace calls; // empty if nobody saw it
    };

    watchdog(duration slow, duration hang, std::function<void(const std::string&)> on_hang)
        : slow_(slow)
        , hang_(hang)
        , on_hang_(std::move(on_hang))
        , thread_([this] { watch(); })
    {}

    ~watchdog()
    {
        {
            const std::lock_guard lock(mutex_);
            ended_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }

    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    /// The calling thread begins a step, of `what`.
    void begin(const std::string& what)
    {
        const std::lock_guard lock(mutex_);
        step_.emplace();
        step_->began = clock::now();
        step_->what = what;
        owner_ = ::pthread_self();
        thread_local const auto id = static_cast<pid_t>(::syscall(SYS_gettid));
        owner_id_ = id;
    }

    /// And ends it; empty if it was not slow.
    std::optional<finding> end()
    {
        const std::unique_lock lock(mutex_);
        const auto step = std::exchange(step_, std::nullopt);
        if (!step)
            return std::nullopt;
        duration took = clock::now() - step->began;
        if (took < slow_)
            return std::nullopt;
        if (step->kept_waiting)
            took -= time_kept_waiting(owner_id_) - *step->kept_waiting;
        if (took < slow_)
            return std::nullopt;
        return finding{took, step->calls};
    }

private:
    /// How long the thread was ready in its life, and did not run, as the kernel counts it.
    static duration time_kept_waiting(pid_t thread)
    {
        char path[64];
        std::snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", static_cast<int>(thread));
        unsigned long long ran = 0;
        unsigned long long waited = 0;
        if (std::FILE* f = std::fopen(path, "re")) {
            if (std::fscanf(f, "%llu %llu", &ran, &waited) != 2)
                waited = 0;
            std::fclose(f);
        }
        return std::chrono::nanoseconds(waited);
    }

    void watch()
    {
        std::unique_lock lock(mutex_);
        const duration pace = std::max<duration>(slow_ / 4, std::chrono::milliseconds(1));
        while (!changed_.wait_for(lock, pace, [this] { return ended_; }))
            if (step_)
                look(lock);
    }

    void look(std::unique_lock<std::mutex>& lock)
    {
        const duration lasts = clock::now() - step_->began;
        if (!step_->kept_waiting)
            step_->kept_waiting = time_kept_waiting(owner_id_);
        if (lasts >= slow_ && !step_->sampled) {
            step_->sampled = true;
            sample();
        }
        if (lasts >= hang_ && !step_->hanging) {
            step_->hanging = true;
            sample();
            const std::string text = step_->what + " has kept the loop for " +
                                     text_of(std::chrono::round<std::chrono::milliseconds>(lasts)) +
                                     " and goes on" + step_->calls.text(24);
            lock.unlock();
            report(text);
            lock.lock();
        }
    }

    /// The thread may be about to end its step, and wait for the mutex: that is then what it is in.
    void sample() { step_->calls = stack_sampler::instance().sample(owner_); }

    void report(const std::string& text) const
    {
        if (on_hang_)
            on_hang_(text);
        else
            std::fprintf(stderr, "rill: %s\n", text.c_str());
    }

    const duration slow_;
    const duration hang_;
    const std::function<void(const std::string&)> on_hang_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<watched_step> step_;
    pthread_t owner_{};
    pid_t owner_id_ = 0;
    bool ended_ = false;
    std::thread thread_;
};

} // namespace rill::detail
