// SPDX-License-Identifier: BSL-1.0
#include "connection.hpp"

#include <rill/extend.hpp>
#include <rill/extend_net.hpp>
#include <rill/sleep.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include <optional>
#include <utility>

namespace rill::http::detail {

namespace {

constexpr auto with_code = asio::as_tuple(asio::deferred); // awaited without a frame of its own

} // namespace

connection::connection(std::shared_ptr<server_state> server, stream peer, extend::task_state& task)
    : ready_node(&on_ready)
    , server_(std::move(server))
    , stream_(std::move(peer))
    , socket_(stream_.socket())
    , read_(new extend::socket_read(socket_))
    , task_(task)
    , exchange_(server_->facts_on(*task_.core()), extend::buffer_pool::of(socket_.get_executor()))
{
    task_.enter(scope_);
    server_->add(*this);
}

connection::~connection()
{
    ready_node::unlink();
    server_->remove(*this);
    task_.leave(scope_);
}

awaitable<void> connection::run()
{
    while (true) {
        switch (exchange_.next()) {
        case exchange::action::read: {
            const bool idle = exchange_.idle_since().has_value();
            if (idle)
                server_->now_idle(*this);
            const auto [ec, n] =
                co_await extend::request_wait<extend::socket_read::wait>(read_, exchange_);
            if (idle)
                server_->now_busy(*this);
            if (!failed(woken(ec)))
                exchange_.received(n);
            break;
        }
        case exchange::action::write: {
            tell_refusal();
            error_code ec = write_now();
            if (ec == asio::error::would_block) {
                const auto [ready] =
                    co_await socket_.async_wait(asio::socket_base::wait_write, with_code);
                ec = woken(ready);
            }
            failed(ec);
            break;
        }
        case exchange::action::offer:
            if (auto refusal = server_->refusal(exchange_.request()))
                exchange_.unwanted(*std::move(refusal));
            else
                exchange_.wanted();
            break;
        case exchange::action::ask: {
            write_soon();
            std::optional<response> answer;
            std::exception_ptr error;
            try {
                answer.emplace(co_await server_->handle(exchange_.request()));
            } catch (...) {
                error = std::current_exception();
            }
            const bool late = take_lateness(); // completion wins over a deadline
            if (error)
                answer.emplace(answer_to(std::move(error), late));
            exchange_.answer(*answer);
            break;
        }
        case exchange::action::pause: co_await rill::yield(); break;
        case exchange::action::end_writing: {
            error_code ignored; // an error shows at the next read
            socket_.shutdown(asio::socket_base::shutdown_send, ignored);
            break;
        }
        case exchange::action::close: co_return;
        }
    }
}

void connection::tell_refusal()
{
    if (const auto why = exchange_.take_refusal())
        server_->log_refusal(*why, socket_);
}

/// Tells the exchange why it does not get what it wanted, if there is an error.
bool connection::failed(error_code ec)
{
    if (ec == asio::error::timed_out)
        exchange_.late();
    else if (ec)
        exchange_.gone();
    return ec.failed();
}

/// Writes what the socket takes at once: everything, or the error says why not.
error_code connection::write_now()
{
    error_code ec;
    while (exchange_.has_unsent() && !ec)
        exchange_.sent(extend::try_write(socket_, exchange_.unsent(), ec));
    return ec;
}

/// On the loop's next turn, if the handler waits then: it holds no earlier response up.
void connection::write_soon()
{
    if (exchange_.has_unsent() && !ready_node::linked())
        task_.core()->make_ready(*this);
}

void connection::on_ready(ready_node& node, extend::act what)
{
    if (what == extend::act::run)
        static_cast<connection&>(node).write_now(); // the next write meets an error again
}

/// What is answered when the handler has thrown. A fatal error goes on, and so does a cancellation
/// that is not the deadline's.
response connection::answer_to(std::exception_ptr error, bool late)
{
    if (extend::is_fatal(error))
        std::rethrow_exception(error);
    if (is_cancellation(error)) {
        if (task_.cancelled())
            std::rethrow_exception(error);
        if (late)
            return problem(504);
    }
    task_.core()->report({"exception in an HTTP handler", error, task_.name()});
    return problem(500);
}

// Waiting

/// What a wait for the socket came to: timed_out if it was overdue. A cancellation from outside
/// goes on; a socket that was closed under it is gone like others.
error_code connection::woken(error_code ec)
{
    const bool late = take_lateness();
    if (!ec)
        return {};
    if (late)
        return asio::error::timed_out;
    if (ec == condition::cancelled && task_.cancelled())
        throw system_error(ec);
    return ec;
}

void connection::look_at_time(time_point now)
{
    const bool left = exchange_.asked() && exchange_.peer_is(socket_.peer());
    if (exchange_.overdue(now) || left)
        task_.cancel(scope_, nullptr); // why is known here, and nobody else asks
}

void connection::end_idleness(time_point when, time_point now)
{
    exchange_.end_idleness(when);
    look_at_time(now);
}

/// Whether something was overdue since this was asked; from here on waiting is possible again.
bool connection::take_lateness() noexcept
{
    if (!scope_.cancelled)
        return false;
    task_.uncancel(scope_);
    return true;
}

} // namespace rill::http::detail
