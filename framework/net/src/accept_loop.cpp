// SPDX-License-Identifier: BSL-1.0
#include "accept_loop.hpp"

#include "server_journal.hpp"
#include "session_set.hpp"
#include "shortage.hpp"

#include <cerrno>
#include <exception>
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

accept_loop::accept_loop(std::unique_ptr<incoming> from, shortage& resources) noexcept
    : from_(std::move(from))
    , shortage_(resources)
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

awaitable<void> accept_loop::run(std::shared_ptr<session_set> sessions)
{
    while (!sessions->stopped()) {
        co_await sessions->wait_for_room();
        const error_code ec = co_await from_->wait();
        if (ec)
            break;
        co_await accept_what_is_there(sessions);
    }
}

awaitable<void> accept_loop::accept_what_is_there(const std::shared_ptr<session_set>& sessions)
{
    for (int i = 0; i < batch && !sessions->stopped() && sessions->has_room(); ++i) {
        const error_code ec = accept_one(sessions);
        if (ec == asio::error::would_block) {
            shortage_.has_passed();
            break;
        }
        if (ec && !concerns_one_connection(ec.value()))
            co_await shortage_.wait(ec);
    }
}

/// The error is that of accepting.
error_code accept_loop::accept_one(const std::shared_ptr<session_set>& sessions)
{
    server_journal& journal = sessions->journal();
    error_code ec;
    try {
        endpoint peer;
        stream_socket socket = from_->accept(peer, ec);
        if (!ec) {
            ++journal.counters.accepted;
            session::start(sessions, std::move(socket), peer);
        }
    } catch (const fatal_error&) { // of a handler's eager first step
        throw;
    } catch (...) {
        journal.report("a connection could not be started", std::current_exception());
    }
    return ec;
}

} // namespace rill::RILL_FORM::net_detail
