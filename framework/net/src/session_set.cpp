// SPDX-License-Identifier: BSL-1.0
#include "session_set.hpp"

#include <rill/cancel_scope.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace rill::RILL_FORM::net_detail {

session_set::session_set(
    loop_core& core, server::handler handler, const server_options& options, server_journal& journal
)
    : executor_(core.executor())
    , handler_(std::move(handler))
    , options_(options)
    , journal_(journal)
    , admission_(options_, journal)
    , room_(core.executor())
    , no_handlers_(core.executor())
    , empty_(core.executor())
{
    if (!handler_)
        throw std::invalid_argument("rill::server: the handler is empty");
    if (options_.most_connections == 0)
        throw std::invalid_argument("rill::server: max_connections must be at least 1");
    if (options_.security && !options_.security->is_server())
        throw std::invalid_argument("rill::server: TLS of a server wants a server's context");
    room_.set();
    no_handlers_.set();
}

void session_set::stop() noexcept
{
    stopped_ = true;
    look_whether_empty();
}

void session_set::look_whether_empty() noexcept
{
    if (stopped_ && journal_.statistics.active == 0)
        empty_.set();
}

void session_set::add(session& s) noexcept
{
    all_.push_back(s);
    server_statistics& now = journal_.statistics;
    now.most_active = std::max(now.most_active, ++now.active);
    if (now.active >= options_.most_connections)
        room_.clear();
}

void session_set::remove(session& s) noexcept
{
    s.unlink();
    if (--journal_.statistics.active < options_.most_connections)
        room_.set();
    look_whether_empty();
}

/// `f` may end sessions, and does not throw.
template <class F>
void session_set::for_each(F f) noexcept
{
    intrusive_list<session, in_session_set> left;
    while (session* s = all_.pop_front())
        left.push_back(*s);
    while (session* s = left.pop_front()) {
        all_.push_back(*s);
        session_ends ends = s->ends(); // which `f` may end it by
        f(ends);
    }
}

void session_set::finish_all()
{
    for_each([](session_ends& s) { s.finish(); });
}

void session_set::close_all()
{
    for_each([](session_ends& s) { s.close(); });
}

void session_set::abort_all()
{
    for_each([](session_ends& s) { s.abort(); });
}

void session_set::cancel_handlers()
{
    for_each([](session_ends& s) { s.cancel_handler(); });
}

awaitable<void> session_set::wait_empty(std::shared_ptr<session_set> self)
{
    co_await self->empty_.wait();
}

awaitable<bool> session_set::drain(std::shared_ptr<session_set> self, duration timeout)
{
    if (co_await move_on_after(timeout, wait_empty(self)))
        co_return true;
    const bool by_themselves = self->running_ == 0;
    self->cancel_handlers();
    co_await self->no_handlers_.wait();
    self->abort_all(); // those that do not read the rest of what was written to them
    co_await wait_empty(self);
    co_return by_themselves;
}

awaitable<void> session_set::wait_for_room()
{
    const waiting_for_room here(*this);
    co_await room_.wait();
}

waiting_for_room::waiting_for_room(session_set& set) noexcept
    : set_(set)
{
    tell(true);
}

waiting_for_room::~waiting_for_room()
{
    tell(false);
}

/// A server that is closed may have lost whoever is told.
void waiting_for_room::tell(bool waiting) noexcept
{
    if (!set_.stopped() && set_.options().crowded)
        set_.options().crowded(waiting);
}

running_handler::running_handler(session_set& set) noexcept
    : set_(set)
{
    ++set_.running_;
    set_.no_handlers_.clear();
}

running_handler::~running_handler()
{
    if (--set_.running_ == 0)
        set_.no_handlers_.set();
}

} // namespace rill::RILL_FORM::net_detail
