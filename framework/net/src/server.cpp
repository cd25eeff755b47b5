// SPDX-License-Identifier: BSL-1.0
#include "listener.hpp"
#include "resolver.hpp"
#include "sockets.hpp"

#include <rill/cancel_scope.hpp>
#include <rill/detail/loop/context_user.hpp>
#include <rill/detail/loop/run_as_task.hpp>
#include <rill/event.hpp>
#include <rill/server.hpp>
#include <rill/shield.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

namespace rill {

namespace {

using namespace std::chrono_literals;

constexpr duration backoff = 100ms; // between two looks whether there are descriptors again
constexpr int batch = 64;           // connections accepted in one go, so that others get a turn

/// What accept reports of a connection that has failed in the queue, or of the network: the next
/// one may be well.
bool concerns_one_connection(int error) noexcept
{
    switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case EPERM: // a firewall's answer
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH: return true;
    default: return false;
    }
}

struct in_server; // tag: a place among the sessions of a server

} // namespace

class server::impl final : public std::enable_shared_from_this<impl>, private detail::context_user {
public:
    impl(detail::loop_core& core, handler h, const server_options& options);

    void listen(const std::vector<endpoint>& at);

    std::vector<endpoint> sockets() const;
    bool closed() const noexcept;
    std::size_t connections() const noexcept;
    const server_counters& counters() const noexcept;

    void close();
    void close_clients();
    void abort_clients();
    void cancel_handlers();

    // They keep the server, whose object may go before they begin or end.
    static awaitable<void> wait_closed(std::shared_ptr<impl> self);
    static awaitable<void> serve_forever(std::shared_ptr<impl> self);
    static awaitable<bool> drain(std::shared_ptr<impl> self, duration timeout);

private:
    class session;
    class running_handler;

    static awaitable<void> accept_loop(std::shared_ptr<impl> self, detail::incoming& from);
    static awaitable<void> serve(std::shared_ptr<session> s, stream connection);

    awaitable<void> accept_what_is_there(detail::incoming& from);
    error_code accept_one(detail::incoming& from);
    awaitable<void> wait_for_resources(error_code why);
    void start_session(stream_socket socket, const endpoint& peer);
    void report(const char* what, std::exception_ptr error) noexcept;
    void look_whether_all_gone() noexcept;
    void on_context_end() noexcept override;

    template <class F>
    void for_each_session(F f);

    detail::loop_core* core_; // null once the loop has ended
    handler handler_;
    server_options options_;
    server_counters counters_;
    std::vector<std::unique_ptr<detail::incoming>>
        listeners_;                     // stay, closed or not, to the loop's end
    std::vector<task<void>> accepting_; // one for each; none once closed
    detail::intrusive_list<session, in_server> sessions_;
    std::size_t open_ = 0;    // sessions
    std::size_t running_ = 0; // handlers
    bool closed_ = false;
    bool served_ = false; // by serve_forever

    event below_limit_; // another connection may be accepted
    event no_handlers_;
    event stopped_;  // closed
    event all_gone_; // closed, and no session is left

    // A descriptor kept back. When there are no others it is given up, so that whoever is told of
    // the shortage can open a file; accepting goes on once it could be had again.
    detail::unique_fd reserve_;
    bool short_ = false; // of descriptors or memory, and it has been reported
};

/// A connection: it lasts while its handler runs or its socket is open.
class server::impl::session : public detail::hook<in_server> {
public:
    explicit session(std::shared_ptr<impl> s)
        : server_(std::move(s))
    {
        server_->sessions_.push_back(*this);
        if (++server_->open_ >= server_->options_.most_connections)
            server_->below_limit_.clear();
    }

    ~session()
    {
        unlink();
        if (--server_->open_ < server_->options_.most_connections)
            server_->below_limit_.set();
        server_->look_whether_all_gone();
    }

    impl& server() const noexcept { return *server_; }

    task<void> handler;
    boost::intrusive_ptr<detail::write_pump<stream_socket>> connection;

private:
    std::shared_ptr<impl> server_;
};

class server::impl::running_handler {
public:
    explicit running_handler(impl& s)
        : server_(s)
    {
        ++server_.running_;
        server_.no_handlers_.clear();
    }

    ~running_handler()
    {
        if (--server_.running_ == 0)
            server_.no_handlers_.set();
    }

    running_handler(const running_handler&) = delete;
    running_handler& operator=(const running_handler&) = delete;

private:
    impl& server_;
};

server::impl::impl(detail::loop_core& core, handler h, const server_options& options)
    : context_user(core.io())
    , core_(&core)
    , handler_(std::move(h))
    , options_(options)
    , below_limit_(core.executor())
    , no_handlers_(core.executor())
    , stopped_(core.executor())
    , all_gone_(core.executor())
    , reserve_(detail::open_reserve())
{
    if (!handler_)
        throw std::invalid_argument("rill::server: the handler is empty");
    if (options_.most_connections == 0)
        throw std::invalid_argument("rill::server: max_connections must be at least 1");
    below_limit_.set();
    no_handlers_.set();
}

/// All of them or none. A family that the machine does not have is passed over among several.
void server::impl::listen(const std::vector<endpoint>& at)
{
    for (const endpoint& e : at) {
        try {
            listeners_.push_back(detail::listen_on(*core_, e, options_));
        } catch (const system_error& error) {
            const bool no_such_family = error.code().value() == EAFNOSUPPORT;
            if (!no_such_family || (listeners_.empty() && &e == &at.back()))
                throw;
        }
    }
    for (const auto& l : listeners_)
        accepting_.push_back(create_task(
            core_->executor(),
            accept_loop(shared_from_this(), *l),
            "accept on " + to_string(l->local())
        ));
}

std::vector<endpoint> server::impl::sockets() const
{
    std::vector<endpoint> all;
    if (!closed_)
        for (const auto& l : listeners_)
            all.push_back(l->local());
    return all;
}

bool server::impl::closed() const noexcept
{
    return closed_;
}

std::size_t server::impl::connections() const noexcept
{
    return open_;
}

const server_counters& server::impl::counters() const noexcept
{
    return counters_;
}

/// Ends when the server is closed.
awaitable<void> server::impl::accept_loop(std::shared_ptr<impl> self, detail::incoming& from)
{
    while (!self->closed_) {
        co_await self->below_limit_.wait();
        const error_code ec = co_await from.wait();
        if (ec)
            break;
        co_await self->accept_what_is_there(from);
    }
}

awaitable<void> server::impl::accept_what_is_there(detail::incoming& from)
{
    for (int i = 0; i < batch && !closed_ && below_limit_.is_set(); ++i) {
        const error_code ec = accept_one(from);
        if (ec == asio::error::would_block) {
            short_ = false; // nobody is left who waited for descriptors
            break;
        }
        if (ec && !concerns_one_connection(ec.value()))
            co_await wait_for_resources(ec);
    }
}

/// The error is that of accepting.
error_code server::impl::accept_one(detail::incoming& from)
{
    error_code ec;
    try {
        endpoint peer;
        stream_socket socket = from.accept(peer, ec);
        if (!ec)
            start_session(std::move(socket), peer);
    } catch (...) {
        report("a connection could not be started", std::current_exception());
    }
    return ec;
}

awaitable<void> server::impl::wait_for_resources(error_code why)
{
    ++counters_.out_of_resources;
    reserve_.reset();
    if (!std::exchange(short_, true))
        report(
            "accepting connections is suspended, new ones wait",
            std::make_exception_ptr(system_error(why, "accept"))
        );
    while (!reserve_) {
        co_await sleep(backoff);
        reserve_ = detail::open_reserve();
    }
}

void server::impl::start_session(stream_socket socket, const endpoint& peer)
{
    ++counters_.accepted;
    const auto s = std::make_shared<session>(shared_from_this());
    stream connection(std::move(socket), options_);
    s->connection = detail::writer_access::pump_of(connection.writer());
    connection.writer().hold_until_closed(s);
    s->handler = create_task(
        core_->executor(), serve(s, std::move(connection)), "connection from " + to_string(peer)
    );
}

awaitable<void> server::impl::serve(std::shared_ptr<session> s, stream connection)
{
    impl& self = s->server();
    const running_handler running(self);
    try {
        co_await self.handler_(std::move(connection));
    } catch (...) {
        if (is_cancellation(std::current_exception()))
            co_return;
        ++self.counters_.handler_errors;
        self.report("a connection's handler failed", std::current_exception());
    }
}

void server::impl::report(const char* what, std::exception_ptr error) noexcept
{
    const auto task = current_task();
    detail::loop_core::report_to(
        core_, {what, std::move(error), task ? task->name() : std::string()}
    );
}

void server::impl::look_whether_all_gone() noexcept
{
    if (closed_ && open_ == 0)
        all_gone_.set();
}

void server::impl::close()
{
    if (std::exchange(closed_, true))
        return;
    for (const auto& l : listeners_)
        l->close();
    for (task<void>& t : accepting_)
        t.cancel();
    accepting_.clear();
    stopped_.set();
    look_whether_all_gone();
}

/// As after close(). No descriptor is kept; what is no part of the loop stays. Nothing waits any more.
void server::impl::on_context_end() noexcept
{
    const auto keep = shared_from_this();
    close();
    listeners_.clear();
    reserve_.reset();
    core_ = nullptr;
}

/// `f` may end sessions.
template <class F>
void server::impl::for_each_session(F f)
{
    std::vector<boost::intrusive_ptr<detail::write_pump<stream_socket>>> pumps;
    std::vector<task<void>> handlers;
    sessions_.for_each([&](session& s) {
        pumps.push_back(s.connection);
        handlers.push_back(s.handler);
    });
    for (std::size_t i = 0; i < pumps.size(); ++i)
        f(pumps[i], handlers[i]);
}

void server::impl::close_clients()
{
    for_each_session([](const auto& pump, const task<void>&) {
        if (pump)
            pump->close();
    });
}

void server::impl::abort_clients()
{
    for_each_session([](const auto& pump, const task<void>&) {
        if (pump)
            pump->abort(asio::error::connection_reset);
    });
}

void server::impl::cancel_handlers()
{
    for_each_session([](const auto&, task<void> handler) {
        if (handler)
            handler.cancel();
    });
}

awaitable<void> server::impl::wait_closed(std::shared_ptr<impl> self)
{
    co_await self->all_gone_.wait();
}

awaitable<void> server::impl::serve_forever(std::shared_ptr<impl> self)
{
    if (!detail::running_task(co_await asio::this_coro::cancellation_state))
        co_return co_await detail::run_as_task(serve_forever(self));
    if (self->closed_ || std::exchange(self->served_, true))
        throw std::logic_error("rill::server: it is closed, or being served already");
    std::exception_ptr cancelled;
    try {
        co_await self->stopped_.wait();
    } catch (...) {
        cancelled = std::current_exception();
    }
    self->served_ = false;
    if (!cancelled)
        co_return;
    {
        const shield_scope shield;
        co_await drain(self, self->options_.drain_time);
    }
    std::rethrow_exception(cancelled);
}

awaitable<bool> server::impl::drain(std::shared_ptr<impl> self, duration timeout)
{
    self->close();
    if (co_await move_on_after(timeout, wait_closed(self)))
        co_return true;
    const bool by_themselves = self->running_ == 0;
    self->cancel_handlers();
    co_await self->no_handlers_.wait();
    self->abort_clients(); // those that do not read the rest of what was written to them
    co_await wait_closed(self);
    co_return by_themselves;
}

server::server(handler h, const listen_address& at, const server_options& options)
    : server(detail::loop_core::running().executor(), std::move(h), at, options)
{}

server::server(
    const asio::any_io_executor& ex,
    handler h,
    const listen_address& at,
    const server_options& options
)
    : impl_(std::make_shared<impl>(detail::loop_core::of(ex), std::move(h), options))
{
    impl_->listen(at.endpoints());
}

server::server(server&&) noexcept = default;

server& server::operator=(server&& other) noexcept
{
    const server before(std::move(*this));
    impl_ = std::move(other.impl_);
    return *this;
}

server::~server()
{
    if (!impl_)
        return;
    impl_->close();
    impl_->cancel_handlers();
}

std::vector<endpoint> server::sockets() const
{
    return impl_->sockets();
}

endpoint server::local_endpoint() const
{
    const std::vector<endpoint> all = sockets();
    if (all.empty())
        throw invalid_state("rill::server: it is closed, it has no address");
    return all.front();
}

bool server::is_serving() const noexcept
{
    return !impl_->closed();
}

std::size_t server::connections() const noexcept
{
    return impl_->connections();
}

const server_counters& server::counters() const noexcept
{
    return impl_->counters();
}

void server::close()
{
    impl_->close();
}

void server::close_clients()
{
    impl_->close_clients();
}

void server::abort_clients()
{
    impl_->abort_clients();
}

awaitable<void> server::wait_closed()
{
    return impl::wait_closed(impl_);
}

awaitable<void> server::serve_forever()
{
    return impl::serve_forever(impl_);
}

awaitable<bool> server::drain(duration timeout)
{
    return impl::drain(impl_, timeout);
}

awaitable<server>
start_server(server::handler h, std::string host, unsigned short port, server_options options)
{
    auto& core = detail::loop_core::of(co_await asio::this_coro::executor);
    const std::vector<endpoint> at = co_await detail::resolve(std::move(host), port);
    co_return server(core.executor(), std::move(h), listen_address(at), options);
}

awaitable<server> start_unix_server(server::handler h, std::string path, server_options options)
{
    auto& core = detail::loop_core::of(co_await asio::this_coro::executor);
    const listen_address at(detail::unix_endpoint(path));
    co_return server(core.executor(), std::move(h), at, options);
}

} // namespace rill
