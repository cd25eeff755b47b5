// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

namespace test {

/// rill-top as a child process: on a terminal of its own, or with its output and errors in a pipe.
class program {
public:
    enum class output { pipe, terminal };

    program(
        const std::vector<std::string>& arguments,
        std::vector<std::string> environment,
        output to = output::pipe
    )
    {
        std::vector<std::string> words{"rill-top"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        environment.push_back("LC_ALL=C.UTF-8");
        auto argv = pointers(words);
        auto envp = pointers(environment);
        if (to == output::terminal)
            start_on_terminal(argv, envp);
        else
            start_on_pipe(argv, envp);
    }

    ~program()
    {
        if (id_ > 0) {
            ::kill(id_, SIGKILL);
            ::waitpid(id_, nullptr, 0);
        }
        ::close(reader_);
    }

    program(const program&) = delete;
    program& operator=(const program&) = delete;

    /// Reads until `text` has come after what was found before. False: it ended, or 20 s passed.
    bool says(const std::string& text)
    {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (text_.find(text, looked_at_) == std::string::npos)
            if (std::chrono::steady_clock::now() > deadline || !read_some())
                return false;
        looked_at_ = text_.find(text, looked_at_) + text.size();
        return true;
    }

    /// Presses keys.
    void type(const std::string& keys) const
    {
        CHECK(::write(reader_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
    }

    void resize(unsigned short rows, unsigned short columns) const
    {
        const winsize size{rows, columns, 0, 0};
        CHECK(::ioctl(reader_, TIOCSWINSZ, &size) == 0);
    }

    void signal(int number) const { ::kill(id_, number); }

    /// Waits for its end: the exit code, or minus the signal that ended it.
    int wait()
    {
        while (read_some()) {
        }
        int status = 0;
        ::waitpid(id_, &status, 0);
        id_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    const std::string& text() const { return text_; }

private:
    void start_on_pipe(std::vector<char*>& argv, std::vector<char*>& envp)
    {
        std::array<int, 2> pipe{};
        REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
        id_ = ::fork();
        REQUIRE(id_ >= 0);
        if (id_ == 0) {
            ::dup2(pipe[1], STDOUT_FILENO);
            ::dup2(pipe[1], STDERR_FILENO);
            become(argv, envp);
        }
        ::close(pipe[1]);
        reader_ = pipe[0];
    }

    void start_on_terminal(std::vector<char*>& argv, std::vector<char*>& envp)
    {
        const winsize size{24, 80, 0, 0};
        id_ = ::forkpty(&reader_, nullptr, nullptr, &size);
        REQUIRE(id_ >= 0);
        if (id_ == 0)
            become(argv, envp);
    }

    [[noreturn]] static void become(std::vector<char*>& argv, std::vector<char*>& envp)
    {
        ::execve(RILL_TOP, argv.data(), envp.data());
        ::_exit(127);
    }

    static std::vector<char*> pointers(std::vector<std::string>& words)
    {
        std::vector<char*> pointers;
        for (std::string& word : words)
            pointers.push_back(word.data());
        pointers.push_back(nullptr);
        return pointers;
    }

    bool read_some()
    {
        pollfd readable{reader_, POLLIN, 0};
        if (::poll(&readable, 1, 25'000) <= 0)
            return false;
        std::array<char, 4096> bytes;
        const auto n = ::read(reader_, bytes.data(), bytes.size()); // -1: the terminal is closed
        if (n <= 0)
            return false;
        text_.append(bytes.data(), static_cast<std::size_t>(n));
        return true;
    }

    pid_t id_ = 0;
    int reader_ = -1; // and writer, of a terminal
    std::string text_;
    std::size_t looked_at_ = 0;
};

} // namespace test
