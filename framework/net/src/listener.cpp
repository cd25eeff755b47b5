// SPDX-License-Identifier: BSL-1.0
#include "listener.hpp"

#include <rill/detail/stream_traits.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

std::string unix_path_of(const endpoint& e)
{
    constexpr std::string_view prefix = "unix:";
    if (e.data()->sa_family != AF_UNIX)
        return {};
    std::string path = to_string(e).substr(prefix.size());
    return path.starts_with('@') ? std::string() : path;
}

/// Removes a socket file that nobody listens on any more. Whatever else is there stays, and bind
/// says that the address is in use.
void remove_stale(const std::string& path, const endpoint& at)
{
    struct stat file{};
    if (::lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode))
        return;
    const unique_fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe || ::connect(probe.get(), at.data(), static_cast<socklen_t>(at.size())) == 0)
        return;
    if (errno == ECONNREFUSED)
        ::unlink(path.c_str());
}

void set(int fd, int level, int option, const std::string& what)
{
    const int on = 1;
    if (::setsockopt(fd, level, option, &on, sizeof on) != 0)
        throw_last_error(what);
}

unique_fd open_listening(const endpoint& at, const server_options& options)
{
    const std::string what = "listening on " + to_string(at);
    unique_fd fd = open_socket(at, what);
    const int family = at.data()->sa_family;
    if (family == AF_UNIX)
        remove_stale(unix_path_of(at), at);
    else
        set(fd.get(), SOL_SOCKET, SO_REUSEADDR, what);
    if (family == AF_INET6) // so that IPv4 can have a socket of its own at the same port
        set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, what);
    if (options.share_port)
        set(fd.get(), SOL_SOCKET, SO_REUSEPORT, what);
    if (::bind(fd.get(), at.data(), static_cast<socklen_t>(at.size())) != 0)
        throw_last_error(what);
    if (::listen(fd.get(), options.accept_queue) != 0)
        throw_last_error(what);
    return fd;
}

endpoint local_of(int fd)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw_last_error("asking for the address of a listening socket");
    return endpoint(&address, size);
}

} // namespace

listener::listener(
    const asio::io_context::executor_type& ex, const endpoint& at, const server_options& options
)
    : socket_(ex)
{
    unique_fd fd = open_listening(at, options);
    local_ = local_of(fd.get());
    path_ = unix_path_of(at);
    socket_.assign(fd.get());
    fd.release();
    socket_.native_non_blocking(true);
    remember_file();
}

listener::~listener()
{
    close();
}

void listener::remember_file()
{
    struct stat file{};
    if (path_.empty() || ::stat(path_.c_str(), &file) != 0)
        return;
    device_ = file.st_dev;
    inode_ = file.st_ino;
}

/// The listener may be gone when the wait ends.
awaitable<error_code> listener::wait()
{
    auto readable = socket_.async_wait(descriptor::wait_read, asio::as_tuple(asio::deferred));
    const auto [ec] = co_await std::move(readable);
    co_return ec;
}

stream_socket listener::accept(endpoint& peer, error_code& ec)
{
    stream_socket socket(socket_.get_executor());
    unique_fd fd = accept_from(socket_.native_handle(), peer, ec);
    if (!fd)
        return socket;
    socket.assign(peer.protocol(), fd.get(), ec);
    if (!ec)
        fd.release();
    return socket;
}

void listener::make_no_more() noexcept
{
    if (path_.empty())
        ignore_requests_to_connect(socket_.native_handle());
    else
        remove_file();
}

void listener::close() noexcept
{
    error_code ignored;
    socket_.close(ignored);
    remove_file();
}

/// Another file that has taken the place of ours meanwhile is left alone. It is looked at once: a
/// later one could have got the number of ours.
void listener::remove_file() noexcept
{
    const std::string path = std::exchange(path_, {});
    struct stat file{};
    if (path.empty() || ::stat(path.c_str(), &file) != 0)
        return;
    if (file.st_dev == device_ && file.st_ino == inode_)
        ::unlink(path.c_str());
}

std::unique_ptr<incoming>
listen_on(loop_core& core, const endpoint& at, const server_options& options)
{
    if (network_backend* simulation = network_service::of(core).backend())
        return simulation->listen(at, options);
    return std::make_unique<listener>(core.executor(), at, options);
}

} // namespace rill::RILL_FORM::net_detail
