// SPDX-License-Identifier: BSL-1.0
//
// The only file that knows spdlog.
#include "log_backend.hpp"
#include "log_line.hpp"
#include "published.hpp"

#include <rill/app/log.hpp>
#include <rill/app/log_capture.hpp>
#include <rill/task.hpp>

#include <poll.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace rill::app {

namespace {

/// Writes to a descriptor, on spdlog's own thread. What cannot be written is counted.
class descriptor_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit descriptor_sink(int descriptor)
        : descriptor_{descriptor}
    {}

    std::uint64_t lost() const { return lost_; }

    std::uint64_t flushes() const { return flushes_; }

private:
    void sink_it_(const spdlog::details::log_msg& message) override
    {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        if (!write_all({line.data(), line.size()}))
            ++lost_;
    }

    void flush_() override { ++flushes_; }

    bool write_all(std::string_view bytes) const
    {
        while (!bytes.empty()) {
            const auto written = ::write(descriptor_, bytes.data(), bytes.size());
            if (written >= 0) {
                bytes.remove_prefix(static_cast<std::size_t>(written));
            } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                pollfd writable{descriptor_, POLLOUT, 0};
                ::poll(&writable, 1, -1);
            } else if (errno != EINTR) {
                return false;
            }
        }
        return true;
    }

    int descriptor_;
    std::atomic<std::uint64_t> lost_ = 0;
    std::atomic<std::uint64_t> flushes_ = 0;
};

struct backend {
    std::shared_ptr<descriptor_sink> sink;
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
    bool json;
};

constinit detail::published<backend> active;
constinit detail::published<log::capture> captured;
std::atomic<log::level> lowest = log::level::warning;
std::atomic<std::uint64_t> lost_besides = 0; // by logs that are closed, or before a line was queued

spdlog::level::level_enum spdlog_level(log::level level)
{
    switch (level) {
    case log::level::debug: return spdlog::level::debug;
    case log::level::info: return spdlog::level::info;
    case log::level::warning: return spdlog::level::warn;
    case log::level::error: break;
    }
    return spdlog::level::err;
}

std::string_view name_of(log::level level)
{
    const auto name = spdlog::level::to_string_view(spdlog_level(level));
    return {name.data(), name.size()};
}

std::string current_task_name()
{
    const auto task = current_task();
    return task ? task->name() : std::string{};
}

bool is_json(log_format format, int descriptor)
{
    return format == log_format::json || (format == log_format::automatic && !::isatty(descriptor));
}

std::unique_ptr<spdlog::pattern_formatter> formatter(bool json)
{
    if (json)
        return std::make_unique<spdlog::pattern_formatter>(
            R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
            spdlog::pattern_time_type::utc,
            "\n"
        );
    return std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%d %H:%M:%S.%e %-7l %v", spdlog::pattern_time_type::local, "\n"
    );
}

std::uint64_t lost_by(backend& log)
{
    return log.sink->lost() + log.pool->overrun_counter();
}

void write_at_once(log::level level, std::string_view line)
{
    std::string text{name_of(level)};
    (text += ": ") += line;
    text += '\n';
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

} // namespace

void detail::open_log(const settings& settings, int descriptor)
{
    const bool json = is_json(settings.log_format, descriptor);
    auto log = std::make_unique<backend>();
    log->json = json;
    log->sink = std::make_shared<descriptor_sink>(descriptor);
    log->sink->set_formatter(formatter(json));
    log->pool = std::make_shared<spdlog::details::thread_pool>(settings.log_queue, 1);
    log->logger = std::make_shared<spdlog::async_logger>(
        "", log->sink, log->pool, spdlog::async_overflow_policy::overrun_oldest
    );
    log->logger->set_level(spdlog::level::trace);
    log->logger->set_error_handler([](const std::string&) { ++lost_besides; });
    lowest = settings.log_level;
    if (!active.publish(*log))
        throw std::logic_error("rill::app: the log is open already");
    log.release(); // close_log takes it back
}

bool detail::close_log(std::chrono::milliseconds patience)
{
    std::unique_ptr<backend> log{active.take_back()};
    lowest = log::level::warning;
    if (!log)
        return true;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const auto wait_while = [deadline](auto condition) {
        while (condition() && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        return !condition();
    };
    // The lines of those who are writing come before the flush, and cannot push it out.
    const bool unused = wait_while([] { return active.in_use(); });
    const auto before = log->sink->flushes();
    log->logger->flush();
    const bool flushed = wait_while([&] { return log->sink->flushes() == before; });
    lost_besides += lost_by(*log);
    if (!unused || !flushed) { // never destroyed: it is in use, or its thread in an endless write
        static auto& abandoned = *new std::vector<std::unique_ptr<backend>>;
        abandoned.push_back(std::move(log));
    }
    return flushed;
}

bool log::enabled(level level) noexcept
{
    return level >= lowest.load(std::memory_order_relaxed) || !captured.empty();
}

log::capture::capture()
{
    if (!captured.publish(*this))
        throw std::logic_error("rill::app::log::capture: there is another one");
}

log::capture::~capture()
{
    captured.take_back();
    while (captured.in_use())
        std::this_thread::yield();
}

std::uint64_t log::dropped() noexcept
{
    const detail::published<backend>::use log(active);
    return lost_besides + (log ? lost_by(*log) : 0);
}

void log::write(level level, std::string_view message, fields fields) noexcept
try {
    if (!enabled(level))
        return;
    const auto task = current_task_name();
    if (const detail::published<capture>::use to{captured}) {
        to->add(
            level, std::string(name_of(level)) + ": " + detail::text_line(message, fields, task)
        );
        return;
    }
    const detail::published<backend>::use log(active);
    if (!log && level < level::warning) // it has been closed since it was asked for
        return;
    if (!log)
        return write_at_once(level, detail::text_line(message, fields, task));
    const auto line = log->json ? detail::json_line(message, fields, task)
                                : detail::text_line(message, fields, task);
    log->logger->log(spdlog_level(level), spdlog::string_view_t{line.data(), line.size()});
} catch (...) { // there is no memory for the line
    ++lost_besides;
}

} // namespace rill::app
