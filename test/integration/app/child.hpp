// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

namespace test {

/// Children that are started while it lives may have fewer descriptors.
class descriptor_limit {
public:
    explicit descriptor_limit(rlim_t most)
    {
        REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
        const rlimit fewer{most, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &fewer) == 0);
    }

    ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

    descriptor_limit(const descriptor_limit&) = delete;
    descriptor_limit& operator=(const descriptor_limit&) = delete;

private:
    rlimit before_{};
};

/// The probe as a child process: standard output and error come together through one pipe.
class child {
public:
    enum class output { read, unread, closed }; // what becomes of its standard error

    explicit child(
        const std::vector<std::string>& arguments,
        const std::vector<std::string>& environment = {},
        const std::string& name = "probe",
        output out = output::read
    )
        : child(RILL_PROBE, words_of(name, arguments), environment, {}, out)
    {}

    /// Started as a service manager does that hands over sockets: they are its descriptors from 3 on,
    /// and it is told by name (sd_listen_fds(3)). The numbers here are to be higher than its own.
    struct handed_over {
        std::vector<int> sockets;
        std::string names; // with colons between them
    };

    child(const std::vector<std::string>& arguments, const handed_over& what)
        : child(
              "/bin/sh", // LISTEN_PID is known to the process alone
              words_of(
                  "sh", {"-c", "export LISTEN_PID=$$; exec \"$0\" \"$@\"", RILL_PROBE}, arguments
              ),
              {"LISTEN_FDS=" + std::to_string(what.sockets.size()), "LISTEN_FDNAMES=" + what.names},
              what.sockets,
              output::read
          )
    {}

    child(const child&) = delete;
    child& operator=(const child&) = delete;

    ~child()
    {
        if (id_ > 0) {
            ::kill(id_, SIGKILL);
            ::waitpid(id_, nullptr, 0);
        }
        ::close(reader_);
    }

    void signal(int number) const { ::kill(id_, number); }

    pid_t id() const { return id_; }

    /// Reads until `text` has come. False: it ended, or ten seconds passed.
    bool says(const std::string& text)
    {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (text_.find(text, looked_at_) == std::string::npos)
            if (std::chrono::steady_clock::now() > deadline || !read_some())
                return false;
        looked_at_ = text_.find(text, looked_at_) + text.size();
        return true;
    }

    /// Reads until it closes its output, for at most so long.
    bool ends_within(std::chrono::milliseconds limit)
    {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        for (;;) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                deadline - std::chrono::steady_clock::now()
            );
            pollfd readable{reader_, POLLIN, 0};
            if (left.count() <= 0 || ::poll(&readable, 1, static_cast<int>(left.count())) <= 0)
                return false;
            if (!read_some())
                return true;
        }
    }

    /// Waits for its end: the exit code, or minus the signal that ended it.
    int wait()
    {
        while (read_some()) {
        }
        return reap();
    }

    int reap()
    {
        int status = 0;
        ::waitpid(id_, &status, 0);
        id_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    const std::string& text() const { return text_; }

private:
    child(
        const char* program,
        const std::vector<std::string>& words,
        const std::vector<std::string>& environment,
        const std::vector<int>& handed_over,
        output out
    )
    {
        std::array<int, 2> pipe{};
        REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
        auto argv = pointers(words);
        auto envp = pointers(environment);
        posix_spawn_file_actions_t files;
        ::posix_spawn_file_actions_init(&files);
        for (int number = 3; const int socket : handed_over)
            ::posix_spawn_file_actions_adddup2(&files, socket, number++);
        ::posix_spawn_file_actions_adddup2(&files, pipe[1], STDOUT_FILENO);
        if (out == output::closed)
            ::posix_spawn_file_actions_addclose(&files, STDERR_FILENO);
        else
            ::posix_spawn_file_actions_adddup2(&files, pipe[1], STDERR_FILENO);
        const int error = ::posix_spawn(&id_, program, &files, nullptr, argv.data(), envp.data());
        ::posix_spawn_file_actions_destroy(&files);
        REQUIRE(error == 0);
        ::close(pipe[1]);
        reader_ = pipe[0];
    }

    static std::vector<std::string> words_of(
        const std::string& name,
        std::vector<std::string> first,
        const std::vector<std::string>& more = {}
    )
    {
        first.insert(first.begin(), name);
        first.insert(first.end(), more.begin(), more.end());
        return first;
    }

    static std::vector<char*> pointers(const std::vector<std::string>& words)
    {
        std::vector<char*> pointers;
        for (const auto& word : words)
            pointers.push_back(const_cast<char*>(word.c_str()));
        pointers.push_back(nullptr);
        return pointers;
    }

    bool read_some()
    {
        pollfd readable{reader_, POLLIN, 0};
        if (::poll(&readable, 1, 15'000) <= 0)
            return false;
        std::array<char, 4096> buffer{};
        const auto count = ::read(reader_, buffer.data(), buffer.size());
        if (count <= 0)
            return false;
        text_.append(buffer.data(), static_cast<std::size_t>(count));
        return true;
    }

    pid_t id_ = 0;
    int reader_ = -1;
    std::string text_;
    std::size_t looked_at_ = 0;
};

} // namespace test
