// SPDX-License-Identifier: BSL-1.0
#include "listener.hpp"

#include <rill/detail/missing_family.hpp>
#include <rill/detail/stream_traits.hpp>
#include <rill/inherited_sockets.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>
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

void turn_on(int fd, int level, int option, const std::string& what)
{
    const int on = 1;
    if (::setsockopt(fd, level, option, &on, sizeof on) != 0)
        throw_last_error(what);
}

/// Linux gives each connection what its listening socket has, so that accepting costs nothing more.
std::string of_listening(const endpoint& at)
{
    return "a socket that listens on " + to_string(at);
}

unique_fd open_listening(const endpoint& at, const server_options& options)
{
    const std::string what = "listening on " + to_string(at);
    unique_fd fd = open_socket(at, what);
    const int family = at.data()->sa_family;
    if (family == AF_UNIX)
        remove_stale(unix_path_of(at), at);
    else
        turn_on(fd.get(), SOL_SOCKET, SO_REUSEADDR, what);
    if (family == AF_INET6) // so that IPv4 can have a socket of its own at the same port
        turn_on(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, what);
    if (options.share_port && family != AF_UNIX)
        turn_on(fd.get(), SOL_SOCKET, SO_REUSEPORT, what);
    set_options(fd.get(), at, options.of_socket, of_listening(at));
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

bool has(int fd, int option, int value)
{
    int is = 0;
    socklen_t size = sizeof is;
    return ::getsockopt(fd, SOL_SOCKET, option, &is, &size) == 0 && is == value;
}

/// IPv4, IPv6 or unix; another family has no endpoint here.
bool is_listening_stream(int fd)
{
    const bool known =
        has(fd, SO_DOMAIN, AF_INET) || has(fd, SO_DOMAIN, AF_INET6) || has(fd, SO_DOMAIN, AF_UNIX);
    return known && has(fd, SO_TYPE, SOCK_STREAM) && has(fd, SO_ACCEPTCONN, 1);
}

/// For whoever looks for one that is not there.
std::string what_is_inherited()
{
    std::string all;
    for (const inherited_socket& s : inherited_sockets())
        all += (all.empty() ? "there is fd:" : ", fd:") + std::to_string(s.descriptor) + " (" +
               s.name + ")";
    return all.empty() ? "nothing was handed over (LISTEN_FDS, LISTEN_PID)" : all;
}

std::vector<std::unique_ptr<incoming>>
listen_at_inherited(loop_core& core, const listen_address::place& at, const server_options& options)
{
    std::vector<std::unique_ptr<incoming>> all;
    for (const inherited_socket& s : inherited_sockets()) {
        const std::string number = std::to_string(s.descriptor);
        if (at.inherited_name != s.name && at.inherited_name != number)
            continue;
        if (!is_listening_stream(s.descriptor))
            throw_error(
                error_code(EINVAL, asio::error::get_system_category()),
                "listening on " + at.text + ": descriptor " + number +
                    " is no stream socket that listens"
            );
        unique_fd copy(::fcntl(s.descriptor, F_DUPFD_CLOEXEC, 0));
        if (!copy)
            throw_last_error("listening on " + at.text);
        const endpoint local = local_of(copy.get());
        all.push_back(std::make_unique<listener>(core.executor(), std::move(copy), local, options));
    }
    if (all.empty())
        throw_error(
            asio::error::bad_descriptor, "listening on " + at.text + ": " + what_is_inherited()
        );
    return all;
}

std::unique_ptr<incoming>
listen_on(loop_core& core, const endpoint& at, const server_options& options)
{
    if (network_backend* simulation = network_service::of(core).backend())
        return simulation->listen(at, options);
    return std::make_unique<listener>(core.executor(), at, options);
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

listener::listener(
    const asio::io_context::executor_type& ex,
    unique_fd socket,
    const endpoint& at,
    const server_options& options
)
    : socket_(ex)
    , local_(at)
    , shared_(true)
{
    set_options(socket.get(), at, options.of_socket, of_listening(at));
    socket_.assign(socket.get());
    socket.release();
    socket_.native_non_blocking(true);
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

/// Others may go on, or come.
void listener::make_no_more() noexcept
{
    if (shared_)
        return;
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

std::vector<std::unique_ptr<incoming>>
listen_at(loop_core& core, const listen_address::place& at, const server_options& options)
{
    if (!at.host.empty())
        throw std::invalid_argument(
            "rill::server: \"" + at.text + "\" has a name that is to be looked up: see start_server"
        );
    if (!at.inherited_name.empty())
        return listen_at_inherited(core, at, options);
    std::vector<std::unique_ptr<incoming>> all;
    for (const endpoint& e : at.endpoints) {
        try {
            all.push_back(listen_on(core, e, options));
        } catch (const system_error& error) {
            const bool last_hope = all.empty() && &e == &at.endpoints.back();
            if (last_hope || !is_family_missing(error.code(), e))
                throw;
        }
    }
    return all;
}

} // namespace rill::RILL_FORM::net_detail
