// SPDX-License-Identifier: BSL-1.0
#include "log_backend.hpp"

#include <rill/log.hpp>
#include <rill/run.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace log = rill::log;

rill::app::settings with_format(rill::app::log_format format)
{
    rill::app::settings settings;
    settings.log_format = format;
    settings.log_queue = 64;
    return settings;
}

/// Both ends of a pipe; the read end gives what was written so far.
class pipe_ends {
public:
    pipe_ends()
    {
        std::signal(SIGPIPE, SIG_IGN); // as rill::app::run does
        REQUIRE(::pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    }

    pipe_ends(const pipe_ends&) = delete;
    pipe_ends& operator=(const pipe_ends&) = delete;

    ~pipe_ends()
    {
        close_reader();
        ::close(ends_[1]);
    }

    int writer() const { return ends_[1]; }

    void close_reader()
    {
        if (ends_[0] >= 0)
            ::close(ends_[0]);
        ends_[0] = -1;
    }

    std::string text() const
    {
        std::string all;
        std::array<char, 4096> buffer{};
        for (;;) {
            const auto count = ::read(ends_[0], buffer.data(), buffer.size());
            if (count <= 0)
                return all;
            all.append(buffer.data(), static_cast<std::size_t>(count));
        }
    }

private:
    std::array<int, 2> ends_{};
};

rill::awaitable<void> log_a_line()
{
    log::info("from a task", {{"key", 1}});
    co_return;
}

} // namespace

TEST_CASE("log: a json line has time, level, task, message and fields")
{
    const pipe_ends pipe;
    rill::app::detail::open_log(with_format(rill::app::log_format::automatic), pipe.writer());
    rill::run(log_a_line());
    CHECK(rill::app::detail::close_log(10s));
    const auto line = pipe.text();
    CHECK(line.starts_with(R"({"time":"20)"));
    CHECK(line.ends_with(
        "Z\",\"level\":\"info\",\"task\":\"main\",\"message\":\"from a task\",\"key\":1}\n"
    ));
}

TEST_CASE("log: a text line has the same, and lines below the level are not written")
{
    const pipe_ends pipe;
    auto settings = with_format(rill::app::log_format::text);
    settings.log_level = log::level::warning;
    rill::app::detail::open_log(settings, pipe.writer());
    CHECK_FALSE(log::enabled(log::level::info));
    CHECK(log::enabled(log::level::warning));
    log::info("not this one");
    log::warning("this one", {{"key", "v"}});
    CHECK(rill::app::detail::close_log(10s));
    const auto line = pipe.text();
    CHECK(line.ends_with(" warning this one key=v\n"));
    CHECK(line.find("not") == std::string::npos);
}

TEST_CASE("log: a reader that stands still makes nobody wait; lines that are lost are counted")
{
    static const auto& pipe = *new pipe_ends; // outlives the thread that is left behind
    const auto before = log::dropped();
    rill::app::detail::open_log(with_format(rill::app::log_format::json), pipe.writer());
    const std::string text(1000, 'x');
    for (int i = 0; i < 2000; ++i) // the pipe holds 64 KiB, the queue 64 lines
        log::info("flood", {{"text", text}});
    CHECK(log::dropped() - before > 1500);
    CHECK_FALSE(rill::app::detail::close_log(10ms));
}

TEST_CASE("log: a full disk and a closed pipe lose lines, and nothing else")
{
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(full >= 0);
    pipe_ends closed;
    closed.close_reader();
    for (const int descriptor : {full, closed.writer()}) {
        const auto before = log::dropped();
        rill::app::detail::open_log(with_format(rill::app::log_format::json), descriptor);
        for (int i = 0; i < 10; ++i)
            log::info("lost");
        CHECK(rill::app::detail::close_log(10s));
        CHECK(log::dropped() - before == 10);
    }
    ::close(full);
}

TEST_CASE("log: it may be closed and opened while other threads write")
{
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    REQUIRE(nowhere >= 0);
    std::atomic<bool> stop = false;
    std::vector<std::thread> writers;
    for (int i = 0; i < 3; ++i)
        writers.emplace_back([&stop] {
            while (!stop)
                log::info("written", {{"dropped", log::dropped()}});
        });
    for (int round = 0; round < 200; ++round) {
        rill::app::detail::open_log(with_format(rill::app::log_format::json), nowhere);
        log::info("a line of its own");
        CHECK(rill::app::detail::close_log(10s));
    }
    stop = true;
    for (auto& writer : writers)
        writer.join();
    ::close(nowhere);
}

TEST_CASE("log: there is one at a time")
{
    const pipe_ends pipe;
    rill::app::detail::open_log(with_format(rill::app::log_format::json), pipe.writer());
    CHECK_THROWS_AS(
        rill::app::detail::open_log(with_format(rill::app::log_format::json), pipe.writer()),
        std::logic_error
    );
    log::info("to the first");
    CHECK(rill::app::detail::close_log(10s));
    CHECK(pipe.text().find("to the first") != std::string::npos);
}
