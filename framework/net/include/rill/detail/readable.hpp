// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/wait/wait_operation.hpp>
#include <rill/error.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <string>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM::detail {

/// Waits until a socket can be read. The reactor calls a plain handler on the socket's own
/// executor, and the waiting coroutine goes on from the ready queue: awaiting Asio's operation
/// itself would take the handler through any_io_executor and a cancellation slot each time.
template <class Socket>
class readable_waiter : public operation {
public:
    /// `cancel` lasts as long as the socket is used.
    readable_waiter(loop_core& core, Socket& socket, asio::cancellation_signal& cancel) noexcept
        : operation(&core)
        , socket_(&socket)
        , cancel_(&cancel)
    {}

    /// How the wait has ended: operation_aborted also if the socket was closed.
    error_code outcome;

protected:
    void start()
    {
        core_->make_pending(*this);
        socket_->async_wait(Socket::wait_read, handler(*this));
    }

    /// The reactor lets go of the handler, and calls it, before this ends.
    void on_cancel() { cancel_->emit(asio::cancellation_type::total); }

    void describe_to(std::string& text) const { text = "bytes to read"; }

    template <class Signature>
    std::tuple<> results() const
    {
        return {};
    }

private:
    class handler {
    public:
        using cancellation_slot_type = asio::cancellation_slot;

        explicit handler(readable_waiter& waiter) noexcept
            : waiter_(&waiter)
        {}

        asio::cancellation_slot get_cancellation_slot() const noexcept
        {
            return waiter_->cancel_->slot();
        }

        void operator()(error_code ec) const
        {
            waiter_->outcome = ec;
            waiter_->complete();
        }

    private:
        readable_waiter* waiter_;
    };

    Socket* socket_;
    asio::cancellation_signal* cancel_;
};

template <class Socket>
using readable_operation = wait_operation<void(), readable_waiter<Socket>>;

} // namespace rill::RILL_FORM::detail
