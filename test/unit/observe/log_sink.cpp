// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/log/write.hpp>
#include <rill/log.hpp>
#include <rill/log_capture.hpp>
#include <rill/log_line.hpp>
#include <rill/log_sink.hpp>
#include <rill/run.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace log = rill::log;
using real_clock = std::chrono::steady_clock;
using strings = std::vector<std::string>;

constexpr auto long_ago = real_clock::time_point::min();
constexpr auto however_long = real_clock::time_point::max();

/// Keeps its lines, as a user's sink might.
class list_sink : public log::sink {
public:
    void write(const log::record& line) noexcept override
    {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::string(name_of(line.level)) + ": " + log::text_line(line));
    }

    strings lines() const
    {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    strings lines_;
};

/// A thread is held in its write() until the test lets it go on.
class slow_sink : public log::sink {
public:
    void write(const log::record&) noexcept override
    {
        entered.release();
        go_on.acquire();
        ++written;
    }

    bool flush(real_clock::time_point) noexcept override
    {
        written_at_flush = written.load();
        return true;
    }

    std::binary_semaphore entered{0};
    std::binary_semaphore go_on{0};
    std::atomic<int> written = 0;
    int written_at_flush = -1;
};

/// Has lost some, and more when it is flushed.
class lossy_sink : public log::sink {
public:
    explicit lossy_sink(bool flushes)
        : flushes_(flushes)
    {}

    void write(const log::record&) noexcept override { ++lost_; }

    bool flush(real_clock::time_point until) noexcept override
    {
        ++flushed;
        flushed_until = until;
        lost_ += 10;
        return flushes_;
    }

    std::uint64_t dropped() const noexcept override { return lost_; }

    int flushed = 0;
    real_clock::time_point flushed_until;

private:
    bool flushes_;
    std::atomic<std::uint64_t> lost_ = 0;
};

} // namespace

TEST_CASE("log sink: it gets level, message, fields and the task's name, of every thread")
{
    list_sink sink;
    const log::installed_sink installed(sink);
    log::info("outside", {{"number", 1}, {"text", "two words"}});
    rill::run([]() -> rill::awaitable<void> {
        log::warning("in a task");
        co_return;
    });
    std::thread([] { log::error("from a thread"); }).join();
    CHECK(
        sink.lines() ==
        strings{
            "info: outside number=1 text=\"two words\"",
            "warning: in a task task=main",
            "error: from a thread",
        }
    );
}

TEST_CASE("log sink: lines below its level are not written, and enabled() says so")
{
    for (const auto least :
         {log::level::debug, log::level::info, log::level::warning, log::level::error}) {
        list_sink sink;
        const log::installed_sink installed(sink, least);
        log::debug("0");
        log::info("1");
        log::warning("2");
        log::error("3");
        const auto count = static_cast<std::size_t>(3 - static_cast<int>(least) + 1);
        CHECK(sink.lines().size() == count);
        CHECK(log::enabled(least));
        CHECK(log::enabled(log::level::debug) == (least == log::level::debug));
        CHECK(log::enabled(log::level::warning) == (least <= log::level::warning));
    }
    CHECK_FALSE(log::enabled(log::level::info)); // without a sink
    CHECK(log::enabled(log::level::warning));
}

TEST_CASE("log sink: a line that was asked for by a capture that has gone does not reach it")
{
    const auto nobody = [] { return std::string(); };
    list_sink sink;
    {
        const log::installed_sink installed(sink);
        log::detail::write(log::level::debug, "below", {}, nobody);
        log::detail::write(log::level::info, "at its level", {}, nobody);
    }
    CHECK(sink.lines() == strings{"info: at its level"});
}

TEST_CASE("log sink: once it is removed it gets nothing, and another one may be installed")
{
    list_sink first;
    list_sink second;
    log::installed_sink installed(first);
    CHECK_THROWS_AS(log::installed_sink(second, log::level::debug), std::logic_error);
    CHECK_FALSE(log::enabled(log::level::debug)); // who was refused has not changed the level
    log::info("to the first");
    CHECK(installed.remove(however_long));
    CHECK(installed.remove(however_long));
    log::info("to nobody");
    const log::installed_sink other(second);
    log::info("to the second");
    CHECK(first.lines() == strings{"info: to the first"});
    CHECK(second.lines() == strings{"info: to the second"});
}

TEST_CASE("log sink: a capture takes its lines")
{
    list_sink sink;
    const log::installed_sink installed(sink, log::level::error);
    {
        log::capture captured;
        log::debug("captured");
        captured.expect("captured");
    }
    log::error("written");
    CHECK(sink.lines() == strings{"error: written"});
}

TEST_CASE("log sink: it may come and go while other threads write")
{
    std::atomic<bool> stop = false;
    std::vector<std::thread> writers;
    for (int i = 0; i < 3; ++i)
        writers.emplace_back([&stop] {
            while (!stop)
                log::info("written", {{"dropped", log::dropped()}});
        });
    for (int round = 0; round < 500; ++round) {
        auto sink = std::make_unique<list_sink>();
        {
            const log::installed_sink installed(*sink);
            log::info("a line of its own");
        }
        CHECK(sink->lines().size() >= 1);
        sink.reset(); // a writer that is still in it is found by the sanitizers
    }
    stop = true;
    for (auto& writer : writers)
        writer.join();
}

TEST_CASE("log sink: it is not gone, nor flushed, before the last writer has left it")
{
    slow_sink sink;
    std::optional<log::installed_sink> installed(std::in_place, sink);
    std::thread writer([] { log::info("slow"); });
    sink.entered.acquire();
    std::atomic<bool> removed = false;
    std::thread remover([&] {
        installed.reset();
        removed = true;
    });
    while (log::enabled(log::level::info)) // until it has been taken away
        std::this_thread::yield();
    log::info("too late");
    CHECK_FALSE(removed);
    sink.go_on.release();
    remover.join();
    writer.join();
    CHECK(sink.written == 1);
    CHECK(sink.written_at_flush == 1);
}

TEST_CASE("log sink: whoever must end does not wait for a writer beyond his time")
{
    slow_sink sink;
    log::installed_sink installed(sink);
    std::thread writer([] { log::info("slow"); });
    sink.entered.acquire();
    CHECK_FALSE(installed.remove(long_ago));
    CHECK(sink.written_at_flush == 0); // it was told to flush nevertheless
    sink.go_on.release();
    writer.join();
}

TEST_CASE("log sink: it is flushed once, until the time given, and what it cannot flush is said")
{
    for (const bool flushes : {true, false}) {
        lossy_sink sink(flushes);
        {
            log::installed_sink installed(sink);
            CHECK(installed.remove(however_long) == flushes);
        }
        CHECK(sink.flushed == 1);
        CHECK(sink.flushed_until == however_long);
    }
}

TEST_CASE("log sink: lines that it lost are counted, while it is installed and afterwards")
{
    const auto before = log::dropped();
    {
        lossy_sink sink(true);
        const log::installed_sink installed(sink);
        log::info("lost");
        CHECK(log::dropped() - before == 1);
    }
    CHECK(log::dropped() - before == 11);
}

TEST_CASE("log sink: a line that a sink logs itself is counted as dropped, and nothing else")
{
    class talkative : public log::sink {
    public:
        void write(const log::record&) noexcept override
        {
            ++lines;
            log::error("I have a line");
        }

        int lines = 0;
    };

    const auto before = log::dropped();
    talkative sink;
    const log::installed_sink installed(sink);
    log::info("first");
    log::info("second");
    CHECK(sink.lines == 2);
    CHECK(log::dropped() - before == 2);
}
