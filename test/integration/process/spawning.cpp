// SPDX-License-Identifier: BSL-1.0
#include "support.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <type_traits>

using namespace test;

TEST_CASE("SP-01: process: arguments are passed as they are, and the exit code is told")
{
    live().run([]() -> awaitable<void> {
        const auto told =
            co_await rill::run_process(command("printf", "<%s>", "a b", "$HOME", "*", "", "'\"\\\n")
            );
        CHECK(told.stdout_ == "<a b><$HOME><*><><'\"\\\n>");
        auto p = co_await rill::create_subprocess_exec(command("sh", "-c", "exit 7"));
        const int status = co_await p.wait();
        CHECK(status == 7);
    });
}

TEST_CASE("SP-01: process: the shell form runs through the shell")
{
    live().run([]() -> awaitable<void> {
        auto p = co_await rill::create_subprocess_shell("test $((6 * 7)) = 42 && exit 3");
        const int status = co_await p.wait();
        CHECK(status == 3);
    });
}

TEST_CASE("SP-19: process: a program that is not found is an error, and nothing stays open")
{
    live().run([]() -> awaitable<void> {
        const std::size_t before = open_descriptors();
        const auto pipes = command("no-such-program", "x")
                               .stdin_(rill::piped)
                               .stdout_(rill::piped)
                               .stderr_(rill::piped);
        const auto start = [&]() -> awaitable<void> {
            co_await rill::create_subprocess_exec(pipes);
        };
        bool thrown = false;
        try {
            co_await start();
        } catch (const rill::spawn_error& e) {
            thrown = true;
            CHECK(e.step() == rill::spawn_step::exec);
            CHECK(e.code() == std::errc::no_such_file_or_directory);
            CHECK(
                std::string(e.what()) ==
                "cannot start 'no-such-program x': the program 'no-such-program': No such file or "
                "directory"
            );
        }
        CHECK(thrown);
        CHECK(open_descriptors() == before);
        CHECK_FALSE(has_children());
    });
}

namespace {

/// Step and cause of a start that fails.
awaitable<std::pair<rill::spawn_step, int>> failure(command c)
{
    try {
        auto p = co_await rill::create_subprocess_exec(std::move(c));
    } catch (const rill::spawn_error& e) {
        co_return std::pair(e.step(), e.code().value());
    }
    throw std::runtime_error("it has started");
}

} // namespace

TEST_CASE("spawn: each step that fails is told with its cause")
{
    scratch files;
    std::ofstream(files.file("text")) << "no program";
    live().run([&]() -> awaitable<void> {
        using rill::spawn_step;
        const auto is = [](std::pair<spawn_step, int> f, spawn_step step, int error) {
            CHECK(f.first == step);
            CHECK(f.second == error);
        };
        is(co_await failure(command(files.file("text"))), spawn_step::exec, EACCES);
        ::chmod(files.file("text").c_str(), 0700);
        is(co_await failure(command(files.file("text"))), spawn_step::exec, ENOEXEC);
        is(co_await failure(command("true").cwd("/none")), spawn_step::cwd, ENOENT);
        is(co_await failure(command("true").stdin_("/none/x")), spawn_step::open, ENOENT);
        is(co_await failure(command("true").stdin_(999)), spawn_step::descriptors, EBADF);
        is(co_await failure(command("true").resource_limit(1000, 1)), spawn_step::limits, EINVAL);
        is(co_await failure(command("true").before_exec([] { return ENOTTY; })),
           spawn_step::before_exec,
           ENOTTY);
        is(co_await failure(command("true", std::string(4 << 20, 'x'))), spawn_step::exec, E2BIG);
        CHECK_FALSE(has_children());
    });
}

namespace {

/// While it lives, so many descriptors may be open.
class descriptor_limit {
public:
    explicit descriptor_limit(rlim_t most)
    {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const rlimit few{most, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &few);
    }

    ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

    descriptor_limit(const descriptor_limit&) = delete;
    descriptor_limit& operator=(const descriptor_limit&) = delete;

private:
    rlimit before_{};
};

/// Whether it started.
awaitable<bool> start_with(rlim_t descriptors)
{
    const auto c = command("cat").stdin_(rill::piped).stdout_(rill::piped).stderr_(rill::piped);
    const descriptor_limit limit(descriptors);
    try {
        auto p = co_await rill::create_subprocess_exec(c);
        p.kill();
        co_await p.wait();
        co_return true;
    } catch (const rill::spawn_error&) {
        co_return false;
    }
}

} // namespace

TEST_CASE("SP-19: process: out of descriptors at any point of a start, nothing is left of it")
{
    live().run([]() -> awaitable<void> {
        const std::size_t before = open_descriptors(); // one of them is the count's own
        rlim_t more = 0;
        while (!co_await start_with(before - 1 + more)) {
            ++more;
            CHECK(open_descriptors() == before);
            CHECK_FALSE(has_children());
        }
        CHECK(more >= 6);
        CHECK(open_descriptors() == before);
    });
}

TEST_CASE("spawn: a user that may not be had is told")
{
    if (::geteuid() == 0)
        return; // tested by the next case
    live().run([]() -> awaitable<void> {
        const auto [step, error] = co_await failure(command("true").user(0));
        CHECK(step == rill::spawn_step::user);
        CHECK(error == EPERM);
    });
}

TEST_CASE("spawn: user and group can be chosen, and supplementary groups do not stay")
{
    if (::geteuid() != 0)
        return; // nobody else may
    live().run([]() -> awaitable<void> {
        const auto id = co_await rill::run_process(
            rill::shell_command("id -u; id -g; id -G").user(65534).group(65534)
        );
        CHECK(id.stdout_ == "65534\n65534\n65534\n");
        const auto groups =
            co_await rill::run_process(command("id", "-G").user(65534).group(65534).groups({7, 8}));
        CHECK(groups.stdout_ == "65534 7 8\n");
    });
}

TEST_CASE("SP-22: process: session, process group, directory and environment can be chosen")
{
    scratch directory;
    live().run([&]() -> awaitable<void> {
        const std::string ids = // its session and its group: are they its own?
            "set -- $(cat /proc/$$/stat); echo $(($6 == $$)) $(($5 == $$))";
        auto c = rill::shell_command(ids);
        CHECK((co_await rill::run_process(c)).stdout_ == "0 1\n");
        CHECK((co_await rill::run_process(c.new_group(false))).stdout_ == "0 0\n");
        CHECK((co_await rill::run_process(c.new_session())).stdout_ == "1 1\n");

        const std::filesystem::path where = directory.file("");
        const auto pwd = co_await rill::run_process(command("pwd", "-P").cwd(where));
        CHECK(std::filesystem::equivalent(pwd.stdout_.substr(0, pwd.stdout_.size() - 1), where));

        ::setenv("RILL_OURS", "ours", 1);
        const auto show = rill::shell_command("echo $RILL_OURS-$RILL_NEW");
        CHECK(
            (co_await rill::run_process(command(show).env("RILL_NEW", "a b"))).stdout_ ==
            "ours-a b\n"
        );
        CHECK((co_await rill::run_process(command(show).env_remove("RILL_OURS"))).stdout_ == "-\n");
        const auto bare = co_await rill::run_process(command("env").env_clear().env("A", "1"));
        CHECK(bare.stdout_ == "A=1\n");
        ::unsetenv("RILL_OURS");
    });
}

TEST_CASE("SP-22: process: paths are taken as program and as argument; PATH of its own counts")
{
    scratch files;
    std::ofstream(files.file("rill-tool")) << "#!/bin/sh\necho found $1\n";
    ::chmod(files.file("rill-tool").c_str(), 0700);
    live().run([&]() -> awaitable<void> {
        const std::filesystem::path tool = files.file("rill-tool");
        CHECK(
            (co_await rill::run_process(command(tool, tool.filename()))).stdout_ ==
            "found rill-tool\n"
        );
        auto c = command("rill-tool", "x").env("PATH", files.file("") + ":/usr/bin:/bin");
        CHECK((co_await rill::run_process(c)).stdout_ == "found x\n");
    });
}

TEST_CASE("SP-29: process: what is no text is refused at compile time, zero bytes when it is made")
{
    static_assert(!std::is_constructible_v<command, int>);
    static_assert(!std::is_constructible_v<command, const char*, int>);
    static_assert(!std::is_constructible_v<command, const char*, double>);
    static_assert(std::is_constructible_v<command, std::string_view, std::filesystem::path>);
    CHECK_THROWS_AS(command(""), std::invalid_argument);
    CHECK_THROWS_AS(command("echo", std::string("a\0b", 3)), std::invalid_argument);
    CHECK_THROWS_AS(command("echo").env("A=B", "x"), std::invalid_argument);
    CHECK_THROWS_AS(command("echo").stdin_(rill::merged), std::invalid_argument);
    CHECK_THROWS_AS(command("echo").stdout_(rill::from_text("x")), std::invalid_argument);
}

TEST_CASE("SP-30: process: code can run in the child before the program")
{
    live().run([]() -> awaitable<void> {
        const auto c = command("pwd").before_exec([] { return ::chdir("/usr") == 0 ? 0 : errno; });
        CHECK((co_await rill::run_process(c)).stdout_ == "/usr\n");
    });
}

TEST_CASE("SP-21: process: no descriptor but the wanted ones reaches a child")
{
    live().run([]() -> awaitable<void> {
        const rill::unique_fd unmarked(::open("/dev/null", O_RDONLY)); // without close-on-exec
        const rill::unique_fd wanted(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
        auto other = co_await rill::create_subprocess_exec(
            command("cat").stdin_(rill::piped).stdout_(rill::piped)
        );
        const std::string list = "cd /proc/$$/fd && for n in *; do test ! -e $n || echo $n; done";
        CHECK(co_await output_of_shell(list) == "0\n1\n2\n");
        const auto c = rill::shell_command(list + "; readlink 7").descriptor(7, wanted.get());
        CHECK((co_await rill::run_process(c)).stdout_ == "0\n1\n2\n7\n/dev/zero\n");
        other.stdin_().close(); // nobody else holds it, so the end is seen
        CHECK(co_await other.stdout_().read_all() == "");
        co_await other.wait();
    });
}

TEST_CASE("spawn: descriptors may take each other's places")
{
    live().run([]() -> awaitable<void> {
        const rill::unique_fd a(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        const rill::unique_fd b(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
        auto c = rill::shell_command(
                     "cd /proc/$$/fd; readlink " + std::to_string(a.get()) + " " +
                     std::to_string(b.get())
        )
                     .descriptor(a.get(), b.get())
                     .descriptor(b.get(), a.get());
        CHECK((co_await rill::run_process(c)).stdout_ == "/dev/zero\n/dev/null\n");
    });
}

TEST_CASE("spawn: a child has no signal blocked or ignored")
{
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    sigset_t some;
    sigset_t mask;
    ::sigemptyset(&some);
    ::sigaddset(&some, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &some, &mask);
    live().run([]() -> awaitable<void> {
        const std::string text =
            co_await output_of_shell("grep -E 'Sig(Blk|Ign)' /proc/self/status");
        CHECK(text == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    });
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    std::signal(SIGPIPE, before);
}

TEST_CASE("spawn: resource limits are the child's")
{
    live().run([]() -> awaitable<void> {
        const auto c = rill::shell_command("ulimit -n").resource_limit(RLIMIT_NOFILE, 64);
        CHECK((co_await rill::run_process(c)).stdout_ == "64\n");
    });
}

TEST_CASE("spawn: standard streams may be files, descriptors and one another")
{
    scratch files;
    live().run([&]() -> awaitable<void> {
        const std::string log = files.file("log");
        const auto both = rill::shell_command("echo out; echo error >&2");
        co_await rill::run_process(command(both).stdout_(log).stderr_(rill::merged));
        co_await rill::run_process(command(both).stdout_(rill::append_to(log)).stderr_(rill::null));
        CHECK(
            (co_await rill::run_process(command("cat").stdin_(log))).stdout_ == "out\nerror\nout\n"
        );
        const rill::unique_fd fd(::open(log.c_str(), O_RDONLY | O_CLOEXEC));
        CHECK(
            (co_await rill::run_process(command("cat").stdin_(fd.get()))).stdout_ ==
            "out\nerror\nout\n"
        );
        CHECK(
            (co_await rill::run_process(command(both).stderr_(rill::merged))).stdout_ ==
            "out\nerror\n"
        );
    });
}

TEST_CASE("command: its text is what one would type")
{
    CHECK(
        to_string(command("git", "log", "--format=%h %s", "it's", "")) ==
        "git log '--format=%h %s' 'it'\\''s' ''"
    );
    CHECK(to_string(rill::shell_command("a | b")) == "a | b");
}
