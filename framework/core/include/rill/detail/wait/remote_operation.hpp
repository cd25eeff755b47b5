// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/context_waits.hpp>
#include <rill/detail/wait/handler_work.hpp>
#include <rill/detail/wait/operation.hpp>
#include <rill/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/recycling_allocator.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <utility>

namespace rill::RILL_FORM::detail {

/// Whoever waits for a remote operation, as the thread sees him that ends it.
class remote_listener {
public:
    virtual ~remote_listener() = default;

    /// Once, in any thread, and perhaps while that holds a lock: nothing of the user's runs in
    /// here, the news is only sent to where somebody waits.
    virtual void remote_ended() noexcept = 0;
};

/// Something that one thread begins and any thread ends; its outcome stands in it. However it goes,
/// it ends.
class remote_operation {
public:
    virtual ~remote_operation() = default;

    remote_operation(const remote_operation&) = delete;
    remote_operation& operator=(const remote_operation&) = delete;

    void begin(std::shared_ptr<remote_listener> to)
    {
        to_ = std::move(to);
        start();
    }

    /// Ends it soon, with operation_aborted, unless it is too late for that.
    virtual void cancel() noexcept = 0;

    /// What is waited for, in words.
    virtual std::string description() const = 0;

    /// Why there is no result; to be read by the listener, once it has ended.
    error_code error() const noexcept { return error_; }

    void throw_if_failed() const
    {
        if (error_)
            throw system_error(error_);
    }

protected:
    remote_operation() = default;

    virtual void start() = 0;

    void end(error_code ec) noexcept;

private:
    std::shared_ptr<remote_listener> to_; // until it ends
    error_code error_;
};

/// A Rill task waits for a remote operation. The thread that ends it reaches the task through the
/// mailbox of its loop, and learns there if that is gone.
class remote_waiter : public operation {
    class end_message;

public:
    remote_waiter(
        loop_core* core, std::shared_ptr<remote_operation> e, std::source_location where
    ) noexcept
        : operation(core, where)
        , remote_(std::move(e))
    {}

    /// Only what has not started is moved.
    remote_waiter(remote_waiter&& other) noexcept
        : remote_waiter(other.core_, std::move(other.remote_), other.where_)
    {}

    ~remote_waiter();

protected:
    void start();

    error_code why() const noexcept { return remote_->error(); }

    /// Its end is on the way then, in one way or the other: completion wins.
    void on_cancel() { remote_->cancel(); }

    void describe_to(std::string& text) const { text = remote_->description(); }

private:
    std::shared_ptr<remote_operation> remote_;
    std::shared_ptr<end_message> end_message_; // while the remote operation is under way
};

class remote_waiter::end_message final : public remote_listener,
                                         public std::enable_shared_from_this<end_message> {
public:
    end_message(loop_core& core, remote_waiter& at)
        : at_(&at)
        , mail_(&core.mail())
    {}

    void remote_ended() noexcept override;

    void forget() noexcept { at_ = nullptr; }

private:
    void wake();

    remote_waiter* at_; // the loop's thread only; null once it is gone
    mailbox_ptr mail_;
};

/// A handler waits for a remote operation; `Call` gives it the outcome, on its own executor. If the
/// context of that ends before, the handler goes with it, and the operation is cancelled.
template <class Handler, class Call>
class handler_listener final : public remote_listener, public context_wait {
    using executor_type = asio::associated_executor_t<Handler, asio::any_io_executor>;

public:
    handler_listener(
        Handler&& handler,
        Call call,
        const executor_type& ex,
        const std::shared_ptr<remote_operation>& operation
    )
        : context_wait(context_told_by(ex))
        , waiting_(
              std::in_place,
              waiting{std::move(handler), std::move(call), handler_work<executor_type>(ex)}
          )
        , operation_(operation)
    {}

    void remote_ended() noexcept override
    {
        const std::lock_guard lock(mutex_); // the context lives at least as long
        if (!waiting_)
            return;
        auto self = std::static_pointer_cast<handler_listener>(this->shared_from_this());
        asio::post(waiting_->work.get_executor(), [self = std::move(self)]() mutable {
            waiting called = *std::exchange(self->waiting_, std::nullopt);
            self.reset(); // its memory is free when the handler is called
            called.call(std::move(called.handler));
        });
    }

    void on_context_end() noexcept override
    {
        std::unique_lock lock(mutex_);
        const std::optional<waiting> dropped = std::exchange(waiting_, std::nullopt);
        lock.unlock();
        if (const auto operation = operation_.lock())
            operation->cancel();
    }

private:
    struct waiting {
        Handler handler;
        Call call;
        handler_work<executor_type> work;
    };

    std::mutex mutex_;
    std::optional<waiting> waiting_;
    std::weak_ptr<remote_operation> operation_;
};

/// What a cancellation slot holds for a remote operation, which it does not keep alive.
class remote_canceller {
public:
    explicit remote_canceller(const std::shared_ptr<remote_operation>& e) noexcept
        : remote_(e)
    {}

    void operator()(asio::cancellation_type) const;

private:
    std::weak_ptr<remote_operation> remote_;
};

/// `call(handler)` on the handler's executor, or on `otherwise` if it has none, once `e` has ended.
template <class Handler, class Call>
void begin_remote(
    const std::shared_ptr<remote_operation>& e,
    Handler handler,
    Call call,
    const asio::any_io_executor& otherwise
)
{
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected())
        slot.template emplace<remote_canceller>(e);
    const auto allocator =
        asio::get_associated_allocator(handler, asio::recycling_allocator<void>());
    const auto ex = asio::get_associated_executor(handler, otherwise);
    e->begin(std::allocate_shared<handler_listener<Handler, Call>>(
        allocator, std::move(handler), std::move(call), ex, e
    ));
}

/// Begins a remote operation and waits for its end, in a task or in any other coroutine.
awaitable<void> wait_for_remote(std::shared_ptr<remote_operation> e, std::source_location where);

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/remote_operation.ipp>
#endif
