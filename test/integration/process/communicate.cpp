// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"

#include <rill/gather.hpp>
#include <rill/task.hpp>
#include <rill/wait.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <random>

using namespace test;

namespace {

std::string any_bytes(std::size_t n)
{
    std::minstd_rand random(7);
    std::string bytes(n, '\0');
    for (char& c : bytes)
        c = static_cast<char>(random());
    return bytes;
}

command piped_cat()
{
    return command("cat").stdin_(rill::piped).stdout_(rill::piped).stderr_(rill::piped);
}

} // namespace

TEST_CASE("SP-03: communicate: it writes, reads both outputs, waits, and gives both")
{
    live().run([]() -> awaitable<void> {
        auto p =
            co_await rill::create_subprocess_exec(rill::shell_command("cat; echo error >&2; exit 4")
                                                      .stdin_(rill::piped)
                                                      .stdout_(rill::piped)
                                                      .stderr_(rill::piped));
        const auto done = co_await p.communicate("hello\n");
        CHECK(done.stdout_ == "hello\n");
        CHECK(done.stderr_ == "error\n");
        CHECK(done.returncode == 4);
        CHECK(done.command == "cat; echo error >&2; exit 4");
        CHECK(p.returncode() == 4);
    });
}

TEST_CASE("SP-03: communicate: no input and an empty one close the child's input")
{
    live().run([]() -> awaitable<void> {
        auto none = co_await rill::create_subprocess_exec(piped_cat());
        CHECK((co_await none.communicate()).returncode == 0);
        auto empty = co_await rill::create_subprocess_exec(piped_cat());
        CHECK((co_await empty.communicate("")).stdout_.empty());
        auto no_pipes = co_await rill::create_subprocess_exec(command("true"));
        CHECK((co_await no_pipes.communicate()).returncode == 0);
    });
}

TEST_CASE("SP-03: communicate: a child that does not read its input is no error")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(
            rill::shell_command("exec 0<&-; echo done").stdin_(rill::piped).stdout_(rill::piped)
        );
        const auto done = co_await p.communicate(std::string(1 << 20, 'x'));
        CHECK(done.stdout_ == "done\n");
        CHECK(done.returncode == 0);
    });
}

TEST_CASE("SP-06: communicate: large outputs of many children, nothing hangs and nothing is lost")
{
    live().run([]() -> awaitable<void> {
        const std::string input = any_bytes(1'000'000);
        const auto one = [&]() -> awaitable<void> {
            auto p = co_await rill::create_subprocess_exec(piped_cat());
            const auto done = co_await p.communicate(input);
            CHECK(done.stdout_ == input);
            CHECK(done.returncode == 0);
        };
        std::vector<awaitable<void>> all;
        for (int i = 0; i < 10; ++i)
            all.push_back(one());
        co_await rill::gather(std::move(all));
        CHECK_FALSE(has_children());
    });
}

TEST_CASE("communicate: 16 MiB of any bytes both ways, in bounded memory with a sink")
{
    live().run([]() -> awaitable<void> {
        constexpr std::size_t rounds = 256;
        const std::string piece = any_bytes(64 * 1024);
        std::size_t most_buffered = 0;
        const auto write = [&](rill::pipe_writer& to) -> awaitable<void> {
            for (std::size_t i = 0; i < rounds; ++i) {
                to.write(piece);
                most_buffered = std::max(most_buffered, to.buffered());
                co_await to.drain();
            }
        };
        std::size_t received = 0;
        bool same = true;
        std::size_t largest = 0;
        const auto take = [&](std::string_view bytes) -> awaitable<void> {
            largest = std::max(largest, bytes.size());
            for (const char c : bytes)
                same &= c == piece[received++ % piece.size()];
            co_return;
        };
        const auto done = co_await rill::run_process(
            command("cat").stdin_(rill::from_writer(write)).stdout_(rill::by_chunk(take))
        );
        CHECK(received == rounds * piece.size());
        CHECK(same);
        CHECK(most_buffered <= 64 * 1024 + piece.size());
        CHECK(largest <= 2 * rill::pipe_reader::default_limit);
        CHECK(done.stdout_.empty());
    });
}

TEST_CASE("communicate: 100 000 lines interleaved on two pipes come whole and in order")
{
    live().run([]() -> awaitable<void> {
        int out = 0;
        int errors = 0;
        bool in_order = true;
        const auto note = [&](int& n) {
            return [&](std::string_view line) { in_order &= line == std::to_string(++n); };
        };
        co_await rill::run_process(
            command(
                "awk",
                "BEGIN { for (i = 1; i <= 50000; ++i) { print i; print i > \"/dev/stderr\" } }"
            )
                .stdout_(rill::by_line(note(out)))
                .stderr_(rill::by_line(note(errors)))
        );
        CHECK(out == 50000);
        CHECK(errors == 50000);
        CHECK(in_order);
    });
}

TEST_CASE("by_line: the last line may lack its end, and a long one comes in pieces")
{
    live().run([]() -> awaitable<void> {
        std::vector<std::string> lines;
        const auto note = [&](std::string_view line) { lines.emplace_back(line); };
        co_await rill::run_process(command("printf", "a\n\n" + std::string(100, 'x') + "\nend")
                                       .stdout_(rill::by_line(note))
                                       .read_limit(64));
        REQUIRE(lines.size() >= 4);
        CHECK(lines[0] == "a");
        CHECK(lines[1].empty());
        CHECK(lines.back() == "end");
        std::string joined;
        for (const std::string& line : lines)
            joined += line;
        CHECK(joined == "a" + std::string(100, 'x') + "end");
    });
}

TEST_CASE("by_chunk, by_line: what they throw ends communicate, and the process goes on")
{
    live().run([]() -> awaitable<void> {
        const auto fail = [](std::string_view) { throw std::runtime_error("no more"); };
        auto p = co_await rill::create_subprocess_exec(
            rill::shell_command("echo a; exec cat").stdin_(rill::piped).stdout_(rill::by_line(fail))
        );
        CHECK_THROWS_WITH_AS(co_await p.communicate(), "no more", std::runtime_error);
        p.kill();
        co_await p.wait();
    });
}

TEST_CASE("from_writer: it is cancelled when the process has ended")
{
    live().run([]() -> awaitable<void> {
        bool cancelled = false;
        const auto wait = [&](rill::pipe_writer&) -> awaitable<void> {
            try {
                co_await rill::sleep(1h);
            } catch (const rill::system_error& e) {
                cancelled = rill::is_cancellation(e);
                throw;
            }
        };
        co_await rill::run_process(command("true").stdin_(rill::from_writer(wait)));
        CHECK(cancelled);
    });
}

TEST_CASE("communicate: an output that is too long is an error, and the process goes on")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_exec(
            command("yes").stdin_(rill::null).stdout_(rill::piped).max_output(100'000)
        );
        CHECK_THROWS_AS(co_await p.communicate(), rill::limit_overrun_error);
        CHECK_FALSE(p.poll());
    });
    CHECK_FALSE(has_children());
}

TEST_CASE("SP-28: communicate: a cancelled one keeps what it has read, and leaves the process alone"
)
{
    live().run([]() -> awaitable<void> {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        const rill::unique_fd theirs(ends[0]);
        const rill::unique_fd ours(ends[1]);
        bool ready = false;
        auto p = co_await rill::create_subprocess_exec(
            rill::shell_command("echo first; echo ready >&2; read line <&3; echo $line")
                .stdin_(rill::piped)
                .stdout_(rill::piped)
                .stderr_(rill::by_line([&](std::string_view) { ready = true; }))
                .descriptor(3, theirs.get())
        );
        auto talking = rill::create_task(p.communicate());
        CHECK(co_await eventually([&] { return ready; }));
        talking.cancel();
        co_await rill::wait(std::vector{talking});
        CHECK(talking.cancelled());
        CHECK_FALSE(p.poll());
        REQUIRE(::write(ours.get(), "second\n", 7) == 7);
        const auto done = co_await p.communicate();
        CHECK(done.stdout_ == "first\nsecond\n");
    });
}
