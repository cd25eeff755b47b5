// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_state.hpp>

#include <atomic>
#include <concepts>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {
class callback;
class callback_claim;
} // namespace detail

/// A callback that has been asked for: by call_soon, call_later, call_at, or add_done_callback.
/// Mirrors asyncio.Handle and TimerHandle.
///
/// Dropping it does not cancel it. Belongs to the loop's thread.
class handle {
public:
    handle() noexcept = default; ///< Of no callback; cancel() does nothing.

    /// It will not be called; the callable and what it holds are destroyed now. Harmless when it
    /// has been called or cancelled already.
    void cancel() noexcept;

    bool cancelled() const noexcept;

    /// When it is due; the time of the call itself where there is no deadline.
    time_point when() const noexcept;

    explicit handle(std::shared_ptr<detail::callback> c) noexcept; ///< The library's own.

private:
    friend std::string creation_trace(const handle& h);

    std::shared_ptr<detail::callback> callback_;
};

/// A callback that was asked for by call_soon_threadsafe. Mirrors the handle that asyncio's gives.
///
/// Dropping it does not cancel it. Any thread may use it, and it may outlive the loop.
class threadsafe_handle {
public:
    threadsafe_handle() noexcept = default; ///< Of no callback; cancel() does nothing.

    /// True if it will never be called; the callable and what it holds are then destroyed here and
    /// now. False if it has been called, or is being called at this moment on the loop's thread:
    /// asyncio waits for such a call to return, this does not, so that nothing can lock up.
    bool cancel() noexcept;

    /// Whether a cancel() came in time.
    bool cancelled() const noexcept;

    explicit threadsafe_handle(std::shared_ptr<detail::callback_claim> c) noexcept;

private:
    std::shared_ptr<detail::callback_claim> claim_;
};

// Implementation

namespace detail {

/// Owned by the loop until it has run, and by its handles. A cancelled one leaves its queue.
///
/// It runs in the context in which it was registered, and changes a copy of it.
class callback : public operation, public timer_node {
public:
    /// Nothing of `core` is touched here: other threads make callbacks too.
    callback(loop_core& core, time_point when, std::source_location where)
        : operation(&core, where)
        , timer_node(&on_due)
        , when_(when)
        , context_(copy_of(current_context()))
    {
        action_ = &on_act;
    }

    virtual ~callback() = default;

    void start_soon(std::shared_ptr<callback> self);

    void start_later(std::shared_ptr<callback> self);

    /// It is called when `state` has ended, in the order of registration.
    void start_at_end_of(completion_state& state, std::shared_ptr<callback> self);

    void cancel() noexcept;

    bool cancelled() const noexcept { return cancelled_; }

    time_point when() const noexcept { return when_; }

    /// Of its registration, as long as the loop owes the call.
    std::string trace() const;

private:
    virtual void call() = 0;
    virtual void drop_callable() noexcept = 0;

    void note_trace();

    static void on_due(timer_node& t);

    static void on_act(ready_node& n, act what);

    void run();

    void drop() noexcept;

    class in_context {
    public:
        explicit in_context(context_ptr& c) noexcept
            : before_(std::exchange(current.callback_context, &c))
        {}

        ~in_context() { current.callback_context = before_; }

        in_context(const in_context&) = delete;
        in_context& operator=(const in_context&) = delete;

    private:
        context_ptr* before_;
    };

    time_point when_;
    context_ptr context_;
    std::shared_ptr<callback> self_; // set while the loop owes the call
    bool cancelled_ = false;
};

template <class F>
class callback_of final : public callback {
public:
    callback_of(loop_core& core, time_point when, F f, std::source_location where)
        : callback(core, when, where)
        , f_(std::move(f))
    {}

private:
    void call() override
    {
        F& f = *f_;
        std::move(f)();
    }

    void drop_callable() noexcept override { f_.reset(); }

    std::optional<F> f_;
};

template <class F>
constexpr void check_callback()
{
    static_assert(std::invocable<F&&>, "a callback is called without arguments: bind them first");
    if constexpr (std::invocable<F&&>)
        static_assert(
            !is_awaitable<std::invoke_result_t<F&&>>,
            "a callback cannot be a coroutine, it would never run: use create_task"
        );
}

template <class F>
std::shared_ptr<callback>
make_callback(loop_core& core, time_point when, F f, std::source_location where = {})
{
    return std::make_shared<callback_of<F>>(core, when, std::move(f), where);
}

/// Who has a callback that threads share: whoever claims it first, its call or a cancel.
class callback_claim {
public:
    virtual ~callback_claim() = default;

    bool cancel() noexcept;

    bool was_cancelled() const noexcept { return state() == cancelled; }

protected:
    bool claim_call() noexcept { return claim(called); }

private:
    enum : char { free, called, cancelled };

    virtual void drop_callable() noexcept = 0;

    char state() const noexcept { return state_.load(std::memory_order_acquire); }

    bool claim(char by) noexcept;

    std::atomic<char> state_ = free;
};

template <class F>
class callback_claim_of final : public callback_claim {
public:
    explicit callback_claim_of(F f)
        : f_(std::move(f))
    {}

    void call()
    {
        if (!claim_call())
            return;
        F f = std::move(*f_);
        f_.reset();
        std::move(f)();
    }

private:
    void drop_callable() noexcept override { f_.reset(); }

    std::optional<F> f_; // belongs to whoever claimed it
};

} // namespace detail

inline handle::handle(std::shared_ptr<detail::callback> c) noexcept
    : callback_(std::move(c))
{}

inline void handle::cancel() noexcept
{
    if (callback_)
        callback_->cancel();
}

inline threadsafe_handle::threadsafe_handle(std::shared_ptr<detail::callback_claim> c) noexcept
    : claim_(std::move(c))
{}

inline bool threadsafe_handle::cancel() noexcept
{
    return claim_ && claim_->cancel();
}

inline bool threadsafe_handle::cancelled() const noexcept
{
    return claim_ && claim_->was_cancelled();
}

inline bool handle::cancelled() const noexcept
{
    return callback_ && callback_->cancelled();
}

inline time_point handle::when() const noexcept
{
    return callback_ ? callback_->when() : never;
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/handle.ipp>
#endif
