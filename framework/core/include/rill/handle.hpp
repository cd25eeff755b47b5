// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/task_state.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace rill {

namespace detail {
class callback;
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
    std::shared_ptr<detail::callback> callback_;
};

// Implementation

namespace detail {

/// Owned by the loop until it has run, and by its handles. A cancelled one leaves its queue.
///
/// It runs in the context in which it was registered, and changes a copy of it.
class callback : public operation, public timer_node {
public:
    callback(loop_core& core, time_point when)
        : operation(&core)
        , timer_node(&on_due)
        , when_(when)
        , context_(copy_of(current_context()))
    {
        action_ = &on_act;
    }

    virtual ~callback() = default;

    void start_soon(std::shared_ptr<callback> self)
    {
        self_ = std::move(self);
        core_->make_ready(*this);
    }

    void start_later(std::shared_ptr<callback> self)
    {
        self_ = std::move(self);
        core_->make_pending(*this);
        core_->arm(*this, when_);
    }

    /// It is called when `state` has ended, in the order of registration.
    void start_at_end_of(shared_state& state, std::shared_ptr<callback> self)
    {
        if (state.done()) {
            start_soon(std::move(self));
            return;
        }
        self_ = std::move(self);
        state.joiners.add(*this);
    }

    void cancel() noexcept
    {
        if (!self_)
            return;
        const auto keep = std::move(self_);
        cancelled_ = true;
        core_->disarm(*this);
        hook<in_line>::unlink();
        core_->forget(*this);
        drop_callable();
    }

    bool cancelled() const noexcept { return cancelled_; }

    time_point when() const noexcept { return when_; }

private:
    virtual void call() = 0;
    virtual void drop_callable() noexcept = 0;

    static void on_due(timer_node& t)
    {
        auto& self = static_cast<callback&>(t);
        self.core_->make_ready(self);
    }

    static void on_act(ready_node& n, act what)
    {
        auto& self = static_cast<callback&>(n);
        if (what == act::run)
            self.run();
        else if (what == act::drop)
            self.drop();
        else if (what == act::describe)
            *self.core_->describing = "a callback";
    }

    void run()
    {
        const auto keep = std::move(self_);
        const in_context scope(context_);
        try {
            if (!aborted_) // what it waited for is gone without having ended
                call();
        } catch (const fatal_error&) {
            drop_callable();
            throw;
        } catch (...) {
            core_->report({"exception in a callback", std::current_exception()});
        }
        drop_callable();
    }

    void drop() noexcept
    {
        const auto keep = std::move(self_);
        core_->disarm(*this);
        hook<in_line>::unlink();
        drop_callable();
    }

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
    callback_of(loop_core& core, time_point when, F f)
        : callback(core, when)
        , f_(std::move(f))
    {}

private:
    void call() override { std::move (*f_)(); }

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
std::shared_ptr<callback> make_callback(loop_core& core, time_point when, F f)
{
    return std::make_shared<callback_of<F>>(core, when, std::move(f));
}

} // namespace detail

inline handle::handle(std::shared_ptr<detail::callback> c) noexcept
    : callback_(std::move(c))
{}

inline void handle::cancel() noexcept
{
    if (callback_)
        callback_->cancel();
}

inline bool handle::cancelled() const noexcept
{
    return callback_ && callback_->cancelled();
}

inline time_point handle::when() const noexcept
{
    return callback_ ? callback_->when() : never;
}

} // namespace rill
