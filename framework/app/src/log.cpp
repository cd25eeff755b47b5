// SPDX-License-Identifier: BSL-1.0
//
// The only file that knows spdlog.
#include "log_backend.hpp"

#include <rill/log_line.hpp>
#include <rill/log_sink.hpp>

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
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
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

/// Puts lines into a bounded queue, which a thread of spdlog's empties.
class queued_sink final : public log::sink {
public:
    queued_sink(const settings& settings, int descriptor)
        : json_{is_json(settings.log_format, descriptor)}
        , out_{std::make_shared<descriptor_sink>(descriptor)}
        , pool_{std::make_shared<spdlog::details::thread_pool>(settings.log_queue, 1)}
        , logger_{std::make_shared<spdlog::async_logger>(
              "", out_, pool_, spdlog::async_overflow_policy::overrun_oldest
          )}
    {
        out_->set_formatter(formatter(json_));
        logger_->set_level(spdlog::level::trace);
        logger_->set_error_handler([this](const std::string&) { ++lost_; });
    }

    void write(const log::record& line) noexcept override
    try {
        const auto text = json_ ? log::json_members(line) : log::text_line(line);
        logger_->log(spdlog_level(line.level), spdlog::string_view_t{text.data(), text.size()});
    } catch (...) { // there is no memory for the line
        ++lost_;
    }

    bool flush(std::chrono::steady_clock::time_point until) noexcept override
    try {
        const auto before = out_->flushes();
        logger_->flush();
        while (out_->flushes() == before && std::chrono::steady_clock::now() < until)
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        flushed_ = out_->flushes() != before;
        return flushed_;
    } catch (...) {
        return false;
    }

    std::uint64_t dropped() const noexcept override
    {
        return lost_ + out_->lost() + pool_->overrun_counter();
    }

    bool flushed() const { return flushed_; }

private:
    bool json_;
    bool flushed_ = false;
    std::atomic<std::uint64_t> lost_ = 0; // before they were queued
    std::shared_ptr<descriptor_sink> out_;
    std::shared_ptr<spdlog::details::thread_pool> pool_;
    std::shared_ptr<spdlog::async_logger> logger_;
};

struct opened_log {
    opened_log(const settings& settings, int descriptor)
        : sink{settings, descriptor}
        , installed{sink, settings.log_level}
    {}

    queued_sink sink;
    log::installed_sink installed;
};

std::atomic<opened_log*> opened = nullptr; // two threads may want to close it

} // namespace

void detail::open_log(const settings& settings, int descriptor)
{
    opened = new opened_log(settings, descriptor); // close_log takes it back
}

bool detail::close_log(std::chrono::milliseconds patience)
{
    std::unique_ptr<opened_log> log{opened.exchange(nullptr)};
    if (!log)
        return true;
    const bool unused = log->installed.remove(std::chrono::steady_clock::now() + patience);
    const bool flushed = log->sink.flushed();
    if (!unused) { // never destroyed: it is in use, or its thread in an endless write
        static auto& abandoned = *new std::vector<std::unique_ptr<opened_log>>;
        abandoned.push_back(std::move(log));
    }
    return flushed;
}

} // namespace rill::app
