// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility>

namespace rill {

/// A descriptor that is closed on every way out.
class unique_fd {
public:
    unique_fd() = default;

    explicit unique_fd(int fd) noexcept
        : fd_(fd)
    {}

    unique_fd(unique_fd&& other) noexcept
        : fd_(other.release())
    {}

    unique_fd& operator=(unique_fd&& other) noexcept
    {
        reset(other.release());
        return *this;
    }

    ~unique_fd() { reset(); }

    /// Whether there is one.
    explicit operator bool() const noexcept { return fd_ >= 0; }

    int get() const noexcept { return fd_; } ///< -1 if there is none.

    /// From now on it is the caller's to close.
    int release() noexcept { return std::exchange(fd_, -1); }

    /// Closes it, and takes `fd` instead.
    void reset(int fd = -1) noexcept;

private:
    int fd_ = -1;
};

} // namespace rill
