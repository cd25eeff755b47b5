// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/net_detail.hpp>
#include <rill/pipe_end.hpp>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace rill {

template class net_detail::read_pump<pipe_end>;
template class net_detail::write_pump<pipe_end>;
template class basic_stream_reader<pipe_end>;
template class basic_stream_writer<pipe_end>;

namespace {

constexpr std::size_t usual_capacity = 64 * 1024;
constexpr int large_capacity = 1024 * 1024; // as much as everybody may have

/// Keeps the SIGPIPE of a write from this thread, and from whoever handles it. One that was pending
/// before stays so.
class without_sigpipe {
public:
    without_sigpipe() noexcept
    {
        ::sigemptyset(&sigpipe_);
        ::sigaddset(&sigpipe_, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
    }

    ~without_sigpipe() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

    without_sigpipe(const without_sigpipe&) = delete;
    without_sigpipe& operator=(const without_sigpipe&) = delete;

    /// The write has met a pipe that nobody reads.
    void take_signal() noexcept
    {
        if (::sigismember(&before_, SIGPIPE))
            return; // whoever has blocked it looks at it himself
        const timespec at_once{};
        while (::sigtimedwait(&sigpipe_, nullptr, &at_once) < 0 && errno == EINTR)
            continue;
    }

private:
    sigset_t sigpipe_;
    sigset_t before_;
};

ssize_t write_without_sigpipe(int fd, std::span<const iovec> parts) noexcept
{
    without_sigpipe guard;
    ssize_t n = 0;
    do
        n = ::writev(fd, parts.data(), static_cast<int>(parts.size()));
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EPIPE) {
        guard.take_signal();
        errno = EPIPE;
    }
    return n;
}

} // namespace

pipe_end::pipe_end(const executor_type& ex, unique_fd end)
    : descriptor_(ex, end.get())
{
    end.release();
    descriptor_.non_blocking(true);
    descriptor_.native_non_blocking(true);
}

std::size_t pipe_end::try_read(std::span<char> room, error_code& ec) noexcept
{
    ssize_t n = 0;
    do
        n = ::read(descriptor_.native_handle(), room.data(), room.size());
    while (n < 0 && errno == EINTR);
    ec = n < 0 ? net_detail::last_error() : error_code();
    if (n == 0 && !room.empty())
        ec = asio::error::eof;
    return n > 0 ? static_cast<std::size_t>(n) : 0;
}

std::size_t pipe_end::try_write(std::span<const asio::const_buffer> data, error_code& ec) noexcept
{
    std::array<iovec, writing::most_buffers> parts{};
    std::size_t count = 0;
    for (const asio::const_buffer& b : data)
        if (count < parts.size())
            parts[count++] = {const_cast<void*>(b.data()), b.size()};
    const ssize_t n =
        write_without_sigpipe(descriptor_.native_handle(), std::span(parts.data(), count));
    ec = n < 0 ? net_detail::last_error() : error_code();
    const std::size_t written = n > 0 ? static_cast<std::size_t>(n) : 0;
    make_room_for(written);
    return written;
}

void pipe_end::make_room_for(std::size_t bytes) noexcept
{
    if (large_ || bytes < usual_capacity)
        return;
    large_ = true; // asked once: whoever has too many large pipes already is refused
    ::fcntl(descriptor_.native_handle(), F_SETPIPE_SZ, large_capacity);
}

void pipe_end::shutdown(asio::socket_base::shutdown_type what, error_code& ec)
{
    ec = {};
    if (what != asio::socket_base::shutdown_receive)
        descriptor_.close(ec);
}

} // namespace rill
