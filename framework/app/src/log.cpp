// SPDX-License-Identifier: BSL-1.0
//
// The only file that knows spdlog.
#include "log_backend.hpp"
#include "log_line.hpp"

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

std::atomic<backend*> active = nullptr;
std::atomic<log::capture*> captured = nullptr;
std::atomic<log::level> lowest = log::level::warning;
std::atomic<std::uint64_t> lost_before = 0; // by logs that are closed

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
    log->logger->set_error_handler([](const std::string&) {}); // the sink counts
    lowest = settings.log_level;
    active = log.release();
}

bool detail::close_log(std::chrono::milliseconds patience)
{
    const std::unique_ptr<backend> log{active.exchange(nullptr)};
    lowest = log::level::warning;
    if (!log)
        return true;
    const auto before = log->sink->flushes();
    log->logger->flush();
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (log->sink->flushes() == before && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    const bool flushed = log->sink->flushes() != before;
    lost_before += lost_by(*log);
    if (!flushed) { // never destroyed: that would wait for a write that does not end
        static auto& abandoned = *new std::vector<std::shared_ptr<spdlog::details::thread_pool>>;
        abandoned.push_back(log->pool);
    }
    return flushed;
}

bool log::enabled(level level) noexcept
{
    return level >= lowest.load(std::memory_order_relaxed) || captured;
}

log::capture::capture()
{
    capture* none = nullptr;
    if (!captured.compare_exchange_strong(none, this))
        throw std::logic_error("rill::app::log::capture: there is another one");
}

log::capture::~capture()
{
    captured = nullptr;
}

std::uint64_t log::dropped() noexcept
{
    backend* log = active;
    return lost_before + (log ? lost_by(*log) : 0);
}

void log::write(level level, std::string_view message, fields fields)
{
    if (!enabled(level))
        return;
    const auto task = current_task_name();
    if (capture* to = captured) {
        to->add(
            level, std::string(name_of(level)) + ": " + detail::text_line(message, fields, task)
        );
        return;
    }
    backend* log = active;
    if (!log)
        return write_at_once(level, detail::text_line(message, fields, task));
    const auto line = log->json ? detail::json_line(message, fields, task)
                                : detail::text_line(message, fields, task);
    log->logger->log(spdlog_level(level), spdlog::string_view_t{line.data(), line.size()});
}

} // namespace rill::app
