// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/sleep.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace mutants {

/// A descriptor that is open.
class open_file {
public:
    explicit open_file(int fd) noexcept
        : fd_(fd)
    {}

    open_file(open_file&& other) noexcept
        : fd_(std::exchange(other.fd_, -1))
    {}

    open_file& operator=(open_file&&) = delete;

    ~open_file()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }

private:
    int fd_;
};

/// Opens a device that has to be given a second before it can be used.
///
/// Broken: leaked descriptor. Nobody owns it during that second.
template <bool Broken>
rill::awaitable<open_file> open_device()
{
    using namespace std::chrono_literals;
    const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if constexpr (Broken) {
        co_await rill::sleep(1s);
        co_return open_file(fd);
    } else {
        open_file device(fd);
        co_await rill::sleep(1s);
        co_return device;
    }
}

} // namespace mutants
