// SPDX-License-Identifier: BSL-1.0
#include "accept_loop.hpp"

#include "accept_failure.hpp"
#include "server_journal.hpp"
#include "session_set.hpp"

#include <rill/cancel_scope.hpp>
#include <rill/sleep.hpp>

#include <cerrno>
#include <exception>
#include <new>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

constexpr int batch = 64; // connections accepted in one go, so that others get a turn

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

} // namespace

accept_loop::accept_loop(std::unique_ptr<incoming> from, accept_failure& failure) noexcept
    : from_(std::move(from))
    , failure_(failure)
{}

void accept_loop::start(const std::shared_ptr<session_set>& sessions)
{
    task_ = create_task(sessions->executor(), run(sessions), "accept on " + to_string(local()));
}

void accept_loop::close()
{
    from_->close();
    if (task_)
        std::exchange(task_, {}).cancel();
}

/// The second look finds who came during the first.
void accept_loop::end(const std::shared_ptr<session_set>& sessions)
{
    accept_those_who_wait(sessions);
    from_->make_no_more();
    accept_those_who_wait(sessions);
    close();
}

void accept_loop::accept_those_who_wait(const std::shared_ptr<session_set>& sessions)
{
    error_code ec;
    const int most = sessions->options().accept_queue + 1; // so many places Linux makes of it
    for (int i = 0; i < most && (!ec || concerns_one_connection(ec.value())); ++i)
        ec = accept_one(sessions);
    if (ec && ec != asio::error::would_block && !concerns_one_connection(ec.value()))
        sessions->journal().report(
            "connections that wait to be accepted are reset",
            std::make_exception_ptr(system_error(ec, "accept"))
        );
}

/// Nothing but the server's end, or a cancellation, ends it.
awaitable<void> accept_loop::run(std::shared_ptr<session_set> sessions)
{
    while (!sessions->stopped()) {
        error_code ec;
        try {
            ec = co_await accept_some(sessions);
        } catch (const std::bad_alloc&) {
            ec = asio::error::no_memory;
        }
        if (ec == condition::cancelled)
            co_return;
        if (!ec || sessions->stopped())
            continue;
        throw_if_cancelled(); // a host that crashes says both
        failure_.begin(ec);
        while (!failure_.may_try_again())
            co_await sleep(accept_failure::backoff);
    }
}

/// Waits for somebody, and accepts him and those behind him.
awaitable<error_code> accept_loop::accept_some(const std::shared_ptr<session_set>& sessions)
{
    const error_code ec = co_await from_->wait();
    if (ec)
        co_return ec;
    if (!sessions->has_room())
        co_await yield(
        ); // another listener that was too late for the last place is in line before us
    while (!sessions->has_room())
        co_await sessions->wait_for_room();
    co_return accept_what_is_there(sessions);
}

/// No error if it is worth going on at once.
error_code accept_loop::accept_what_is_there(const std::shared_ptr<session_set>& sessions)
{
    for (int i = 0; i < batch && !sessions->stopped() && sessions->has_room(); ++i) {
        const error_code ec = accept_one(sessions);
        if (ec == asio::error::would_block) {
            failure_.has_passed();
            break;
        }
        if (ec && !concerns_one_connection(ec.value()))
            return ec;
    }
    return {};
}

/// The error is that of accepting.
error_code accept_loop::accept_one(const std::shared_ptr<session_set>& sessions)
{
    server_journal& journal = sessions->journal();
    error_code ec;
    try {
        endpoint peer;
        stream_socket socket = from_->accept(peer, ec);
        if (ec)
            return ec;
        if (auto place = sessions->admission().admit_connection(peer)) {
            ++journal.statistics.accepted;
            session::start(sessions, std::move(socket), peer, std::move(*place));
        }
    } catch (const fatal_error&) { // of a handler's eager first step
        throw;
    } catch (...) {
        journal.report("a connection could not be started", std::current_exception());
    }
    return ec;
}

} // namespace rill::RILL_FORM::net_detail
