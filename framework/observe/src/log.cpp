// SPDX-License-Identifier: BSL-1.0
//
// Where lines go. Nothing in this library sees core or Asio, so that a program may have both in any
// form: what core knows of a line comes with it (detail/log/write.hpp), and rill/log.hpp, which
// declares some of this, is not included.
#include "published.hpp"

#include <rill/detail/log/write.hpp>
#include <rill/log_capture.hpp>
#include <rill/log_line.hpp>
#include <rill/log_sink.hpp>

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace rill::log {

namespace {

constexpr auto lowest_without_sink = level::warning;

constinit detail::published<sink> active;
constinit detail::published<capture> captured;
constinit std::atomic<level> lowest = lowest_without_sink;
constinit std::mutex changing;                         // `active` together with `lowest`
constinit std::atomic<std::uint64_t> lost_besides = 0; // what the active sink does not know of
constinit thread_local bool inside_sink = false;

void write_to_standard_error(const record& line)
{
    std::string text{name_of(line.level)};
    (text += ": ") += text_line(line);
    text += '\n';
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

void write_to(sink& to, const record& line)
{
    if (std::exchange(inside_sink, true)) { // of the sink's own making: it would never end
        ++lost_besides;
        return;
    }
    to.write(line);
    inside_sink = false;
}

} // namespace

bool enabled(level level) noexcept
{
    return level >= lowest.load(std::memory_order_relaxed) || !captured.empty();
}

std::uint64_t dropped() noexcept
{
    const detail::published<sink>::use to(active);
    return lost_besides + (to ? to->dropped() : 0);
}

void detail::write(
    level level, std::string_view message, std::span<const field> values, task_name task
) noexcept
try {
    const auto name = task();
    const record line{level, message, values, name};
    if (const published<capture>::use to{captured}) {
        to->add(level, std::string(name_of(level)) + ": " + text_line(line));
        return;
    }
    const published<sink>::use to(active);
    if (level < (to ? lowest.load() : lowest_without_sink)) // that has changed since it was asked
        return;
    if (to)
        write_to(*to, line);
    else
        write_to_standard_error(line);
} catch (...) { // there is no memory for the line
    ++lost_besides;
}

capture::capture()
{
    if (!captured.publish(*this))
        throw std::logic_error("rill::log::capture: there is another one");
}

capture::~capture()
{
    captured.take_back();
    while (captured.in_use())
        std::this_thread::yield();
}

bool sink::flush(std::chrono::steady_clock::time_point) noexcept
{
    return true;
}

std::uint64_t sink::dropped() const noexcept
{
    return 0;
}

installed_sink::installed_sink(sink& to, level least)
    : sink_{&to}
{
    const std::lock_guard lock(changing);
    if (!active.publish(to))
        throw std::logic_error("rill::log: a sink is installed already");
    lowest = least;
}

installed_sink::~installed_sink()
{
    remove(std::chrono::steady_clock::time_point::max());
}

bool installed_sink::remove(std::chrono::steady_clock::time_point until) noexcept
{
    sink* const to = std::exchange(sink_, nullptr);
    if (!to)
        return true;
    {
        const std::lock_guard lock(changing);
        active.take_back();
        lowest = lowest_without_sink;
    }
    while (active.in_use() && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    const bool unused = !active.in_use();
    // The lines of those who were writing come before the flush, and cannot push it out.
    const bool flushed = to->flush(until);
    lost_besides += to->dropped();
    return unused && flushed;
}

} // namespace rill::log
