// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/mutex.hpp>
#include <rill/sleep.hpp>

#include <unistd.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace mutants {

/// Writes whole lines into a descriptor, which it owns.
///
/// Broken: use after close. Whether it is open is asked before the wait for the turn, and the
/// number may be another file's afterwards.
template <bool Broken>
class pipe_writer {
public:
    pipe_writer(const rill::asio::any_io_executor& ex, int fd)
        : mutex_(ex)
        , fd_(fd)
    {}

    ~pipe_writer() { close(); }

    pipe_writer(const pipe_writer&) = delete;
    pipe_writer& operator=(const pipe_writer&) = delete;

    rill::awaitable<void> write(std::string line)
    {
        const int fd = open_descriptor();
        const auto turn = co_await mutex_.scoped();
        co_await rill::yield(); // lines of one turn would be gathered here
        write_all(Broken ? fd : open_descriptor(), line);
    }

    void close()
    {
        if (fd_ >= 0)
            ::close(std::exchange(fd_, -1));
    }

private:
    int open_descriptor() const
    {
        if (fd_ < 0)
            throw std::runtime_error("the pipe is closed");
        return fd_;
    }

    static void write_all(int fd, const std::string& line)
    {
        if (::write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
            throw std::runtime_error("the pipe takes no more");
    }

    rill::mutex mutex_;
    int fd_;
};

} // namespace mutants
