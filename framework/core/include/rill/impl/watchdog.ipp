// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/describe.hpp>
#include <rill/detail/watch/watchdog.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>
#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL void time_of_others::follow_this_thread() noexcept
{
    close();
    fd_ = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
}

RILL_DECL duration time_of_others::of(duration passed) const noexcept
{
    if (fd_ < 0)
        return {};
    const reading after = now();
    if (after.sleeps == before_.sleeps) // all but what it ran
        return passed - (after.ran - before_.ran);
    return after.waited - before_.waited;
}

RILL_DECL time_of_others::reading time_of_others::now() const noexcept
{
    if (fd_ < 0)
        return {};
    rusage used{};
    ::getrusage(RUSAGE_THREAD, &used);
    timespec ran{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ran);
    return {
        waited(),
        std::chrono::seconds(ran.tv_sec) + std::chrono::nanoseconds(ran.tv_nsec),
        used.ru_nvcsw,
    };
}

RILL_DECL duration time_of_others::waited() const noexcept
{
    char text[64]; // "time that it ran, time that it waited, slices", in nanoseconds
    const ssize_t size = ::pread(fd_, text, sizeof text, 0);
    std::string_view rest(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
    std::uint64_t waited = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), waited);
    return std::chrono::nanoseconds(waited);
}

RILL_DECL
watchdog::watchdog(duration slow, duration hang, std::function<void(const std::string&)> on_hang)
    : slow_(slow)
    , hang_(hang)
    , on_hang_(std::move(on_hang))
    , watcher_([this] { watch(); })
{}

RILL_DECL watchdog::~watchdog()
{
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    changed_.notify_one();
    watcher_.join();
}

RILL_DECL void watchdog::begin(const std::string& what)
{
    const pid_t here = this_thread();
    if (here != thread_.id)
        others_.follow_this_thread();
    const std::uint64_t number = ++thread_.step;
    thread_.calls = {};
    const std::lock_guard lock(mutex_);
    thread_.id = here;
    step_.emplace(step{number, clock::now(), what});
    others_.begin();
}

RILL_DECL std::optional<watchdog::finding> watchdog::end()
{
    ++thread_.step;                       // from here on its calls are none of that step
    const time_point over = clock::now(); // before it may have to wait for the watcher
    duration took{};
    if (step_) { // nobody else begins or ends one
        took = over - step_->began;
        if (took >= slow_)
            took -= others_.of(took);
    }
    if (!take_step() || took < slow_)
        return std::nullopt;
    return finding{took, thread_.calls};
}

RILL_DECL std::optional<watchdog::step> watchdog::take_step()
{
    const std::lock_guard lock(mutex_);
    return std::exchange(step_, std::nullopt);
}

RILL_DECL void watchdog::watch()
{
    std::unique_lock lock(mutex_);
    const duration pace = std::max<duration>(slow_ / 4, std::chrono::milliseconds(1));
    while (!changed_.wait_for(lock, pace, [this] { return ended_; }))
        if (step_)
            look(lock);
}

RILL_DECL void watchdog::look(std::unique_lock<std::mutex>& lock)
{
    const duration lasts = clock::now() - step_->began;
    if (lasts >= hang_ && !step_->hanging) {
        step_->hanging = true;
        const std::string what = step_->what;
        const stack_trace calls = sample(lock);
        lock.unlock();
        report(
            what + " has kept the loop for " +
            text_of(std::chrono::round<std::chrono::milliseconds>(lasts)) + " and goes on" +
            calls.text(24)
        );
        lock.lock();
    } else if (lasts >= slow_ && !step_->sampled) {
        step_->sampled = true;
        sample(lock);
    }
}

RILL_DECL stack_trace watchdog::sample(std::unique_lock<std::mutex>& lock)
{
    const pid_t thread = thread_.id;
    const std::uint64_t number = step_->number;
    lock.unlock();
    const stack_trace calls = stack_sampler::instance().sample(thread_, thread, number);
    lock.lock();
    return calls;
}

RILL_DECL void watchdog::report(const std::string& text) const
{
    if (on_hang_)
        on_hang_(text);
    else
        std::fprintf(stderr, "rill: %s\n", text.c_str());
}

} // namespace rill::RILL_FORM::detail
