// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/handle.hpp>

namespace rill::RILL_FORM {

namespace detail {

/// Owned by the loop until it has run, and by its handles. A cancelled one leaves its queue.
///
/// It runs in the context in which it was registered, and changes a copy of it.
class callback : public operation {
public:
    /// Nothing of `core` is touched here: other threads make callbacks too.
    callback(loop_core& core, time_point when, std::source_location where)
        : operation(&core, where)
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

    static void on_act(ready_node& n, act what);

    void run();

    void drop() noexcept;

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
        static_cast<void>(std::move(f)());
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
