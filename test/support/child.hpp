// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

namespace test {

/// A program as a process of its own, with a limit on its descriptors. What it prints is read from a
/// pipe.
class child {
public:
    explicit child(std::vector<std::string> arguments, rlim_t descriptors = 1024)
    {
        int ends[2];
        if (::pipe(ends) != 0)
            throw std::runtime_error("pipe failed");
        pid_ = ::fork();
        if (pid_ == 0)
            become(std::move(arguments), descriptors, ends[1]);
        ::close(ends[1]);
        log_ = ends[0];
    }

    ~child()
    {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        ::close(log_);
    }

    child(const child&) = delete;
    child& operator=(const child&) = delete;

    /// The log up to the first line with `text`.
    std::string log_until(const std::string& text)
    {
        while (log.find(text) == std::string::npos || log.back() != '\n')
            if (!read_more())
                break;
        return log;
    }

    pid_t pid() const noexcept { return pid_; }

    void signal(int number) const { ::kill(pid_, number); }

    /// Ends the process and gives its exit code.
    int stop()
    {
        ::kill(pid_, SIGTERM);
        while (read_more())
            continue;
        int status = 0;
        ::waitpid(pid_, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    std::string log;

private:
    bool read_more()
    {
        char bytes[4096];
        const ssize_t n = ::read(log_, bytes, sizeof bytes);
        if (n <= 0)
            return false;
        log.append(bytes, static_cast<std::size_t>(n));
        return true;
    }

    [[noreturn]] static void
    become(std::vector<std::string> arguments, rlim_t descriptors, int output)
    {
        const rlimit limit{descriptors, descriptors};
        ::setrlimit(RLIMIT_NOFILE, &limit);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        std::vector<char*> argv;
        for (std::string& a : arguments)
            argv.push_back(a.data());
        argv.push_back(nullptr);
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }

    pid_t pid_ = -1;
    int log_ = -1;
};

} // namespace test
