// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/log_capture.hpp>
#include <rill/log_limited.hpp>
#include <rill/log_sink.hpp>
#include <rill/sleep.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace log = rill::log;
using strings = std::vector<std::string>;

constexpr rill::time_point start{1h};

class counting_sink : public log::sink {
public:
    void write(const log::record& line) noexcept override
    {
        ++lines;
        for (const log::field& f : line.fields)
            if (f.key() == "left_out")
                left_out += f.natural();
    }

    std::atomic<std::uint64_t> lines = 0;
    std::atomic<std::uint64_t> left_out = 0; // as the lines told
};

} // namespace

TEST_CASE("log limited: one line per interval, a minute by default; the next tells what it left out"
)
{
    const log::capture captured;
    log::limited full;
    full.write_at(start, log::level::warning, "full", {{"limit", 10}});
    full.write_at(start + 1s, log::level::warning, "full", {{"limit", 11}});
    full.write_at(start + 60s - 1ns, log::level::warning, "full", {{"limit", 12}});
    CHECK(full.left_out() == 2);
    full.write_at(start + 60s, log::level::error, "full", {{"limit", 13}});
    CHECK(full.left_out() == 0);
    full.write_at(start + 120s, log::level::error, "full");
    CHECK(
        captured.lines() ==
        strings{
            "warning: full limit=10",
            "error: full limit=13 left_out=2",
            "error: full",
        }
    );
}

TEST_CASE("log limited: the time is that of the loop, and the line has its task")
{
    log::capture captured;
    test::loop loop;
    loop.run([]() -> rill::awaitable<void> {
        log::limited refused(10s);
        for (int i = 0; i < 21; ++i) {
            refused.info("refused", {{"number", i}});
            co_await rill::sleep(1s);
        }
    });
    const auto lines = captured.lines();
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].starts_with("info: refused number=0 task="));
    CHECK(lines[1].starts_with("info: refused number=10 left_out=9 task="));
    CHECK(lines[2].starts_with("info: refused number=20 left_out=9 task="));
}

TEST_CASE("log limited: what its level keeps out is neither written nor counted")
{
    log::limited quiet; // there is no sink, so warnings and errors are all that is written
    log::limited quiet_then;
    for (int i = 0; i < 2; ++i) {
        quiet.info("by the way");
        quiet_then.write_at(start, log::level::info, "by the way");
    }
    CHECK(quiet.left_out() == 0);
    CHECK(quiet_then.left_out() == 0);
    const log::capture captured;
    quiet.warning("first");
    quiet.error("second");
    CHECK(captured.lines() == strings{"warning: first"});
    CHECK(quiet.left_out() == 1);
}

TEST_CASE(
    "log limited: a clock that is behind by less than the interval keeps it silent, by more not"
)
{
    const log::capture captured;
    log::limited l(1min);
    l.write_at(start, log::level::info, "first");
    l.write_at(start - 1min, log::level::info, "of a thread that was late");
    l.write_at(start - 61s, log::level::info, "set back");
    CHECK(captured.lines() == strings{"info: first", "info: set back left_out=1"});
}

TEST_CASE("log limited: an interval of zero leaves nothing out, one without end all but the first")
{
    const log::capture captured;
    log::limited all(0s);
    log::limited once(rill::forever);
    for (const auto now : {start, start, start + 100h}) {
        all.write_at(now, log::level::info, "all");
        once.write_at(now, log::level::info, "once");
    }
    CHECK(captured.lines() == strings{"info: all", "info: once", "info: all", "info: all"});
    CHECK(once.left_out() == 2);
}

TEST_CASE("log limited: threads that share it write one line per interval, and all are counted")
{
    constexpr std::uint64_t repeats = 200;
    counting_sink sink;
    const log::installed_sink installed(sink);
    std::vector<log::limited> shared(2'000);
    std::atomic<std::size_t> arrived = 0;
    const auto write = [&] {
        std::size_t due = 0;
        for (auto& event : shared) {
            ++arrived;
            due += 2;
            for (int looks = 0; arrived < due; ++looks) // on two free cores both write at once
                if (looks > 1'000)
                    std::this_thread::yield();
            for (std::uint64_t i = 0; i < repeats; ++i)
                event.write_at(start, log::level::info, "busy");
        }
    };
    std::thread other(write);
    write();
    other.join();
    CHECK(sink.lines == shared.size());
    std::uint64_t left_out = sink.left_out;
    for (const auto& event : shared)
        left_out += event.left_out();
    CHECK(left_out == shared.size() * (2 * repeats - 1));
}
