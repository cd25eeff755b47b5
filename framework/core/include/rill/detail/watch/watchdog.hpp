// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/watch/stack_sampler.hpp>

#include <unistd.h>

#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace rill::RILL_FORM::detail {

/// How much of a thread's time others had: while it was ready and did not run, as far as the kernel
/// tells; nothing where it does not.
class time_of_others {
public:
    time_of_others() = default;

    ~time_of_others() { close(); }

    time_of_others(const time_of_others&) = delete;
    time_of_others& operator=(const time_of_others&) = delete;

    /// From now on it tells of the calling thread.
    void follow_this_thread() noexcept;

    /// Counts from now. To be called by that thread.
    void begin() noexcept { before_ = now(); }

    /// Of what has `passed` since begin(). To be called by that thread.
    duration of(duration passed) const noexcept;

private:
    struct reading {
        duration waited{}; // by the scheduler's count, which knows nothing of a machine's host
        duration ran{};
        long sleeps = 0;
    };

    reading now() const noexcept;

    duration waited() const noexcept;

    void close() noexcept
    {
        if (fd_ >= 0)
            ::close(fd_);
    }

    int fd_ = -1; // below 0: nothing is known
    reading before_;
};

/// Watches one thread's steps from another one, and takes the calls of a step that lasts.
class watchdog {
public:
    struct finding {
        duration took{};   // without the time of others
        stack_trace calls; // empty if nobody saw it
    };

    watchdog(duration slow, duration hang, std::function<void(const std::string&)> on_hang);

    ~watchdog();

    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    /// The calling thread begins a step, of `what`.
    void begin(const std::string& what);

    /// And ends it; empty if it was not slow.
    std::optional<finding> end();

private:
    struct step {
        std::uint64_t number;
        time_point began;
        std::string what;
        bool sampled = false;
        bool hanging = false;
    };

    std::optional<step> take_step();

    void watch();

    void look(std::unique_lock<std::mutex>& lock);

    /// Without the lock: the thread can end its step meanwhile.
    stack_trace sample(std::unique_lock<std::mutex>& lock);

    void report(const std::string& text) const;

    const duration slow_;
    const duration hang_;
    const std::function<void(const std::string&)> on_hang_;

    // Of the thread that is watched
    time_of_others others_;
    sampled_thread thread_; // its id changes under the mutex

    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<step> step_;
    bool ended_ = false;
    std::thread watcher_;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/watchdog.ipp>
#endif
