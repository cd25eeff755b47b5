// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/referent.hpp>
#include <rill/detail/wait/wait_operation.hpp>
#include <rill/error.hpp>
#include <rill/handle.hpp>

#include <concepts>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM::detail {

/// Waits for an end; a cancel ends the wait, and not what is waited for.
class end_waiter : public operation {
public:
    explicit end_waiter(completion_state& state, std::source_location where = {}) noexcept
        : operation(state.core(), where)
        , awaited_(&state)
    {}

protected:
    void start();

    void describe_to(std::string& text) const { text = awaited_->description(); }

    completion_state* awaited_;
};

/// The same as a caller waits for the function that it called: a cancel goes on to the callee, and
/// the wait lasts until that has ended. Where tasks await each other in a circle that would be for
/// ever: the wait that closes it ends at once.
class join_waiter : public end_waiter {
public:
    using end_waiter::end_waiter;

protected:
    void on_cancel();
};

/// A counted reference on a State.
template <class State>
class state_ref {
public:
    state_ref() noexcept = default;

    explicit state_ref(State& s) noexcept
        : state_(&s)
    {
        s.retain();
    }

    state_ref(const state_ref& other) noexcept
        : state_(other.state_)
    {
        if (state_)
            state_->retain();
    }

    state_ref(state_ref&& other) noexcept
        : state_(std::exchange(other.state_, nullptr))
    {}

    state_ref& operator=(state_ref other) noexcept
    {
        std::swap(state_, other.state_);
        return *this;
    }

    ~state_ref()
    {
        if (state_)
            let_go(*state_);
    }

    explicit operator bool() const noexcept { return state_ != nullptr; }

    State& operator*() const noexcept { return *state_; }

    State* operator->() const noexcept { return state_; }

    friend bool operator==(const state_ref&, const state_ref&) = default;

private:
    State* state_ = nullptr;
};

/// Whoever waits for its own end, or for something on another loop, would wait for ever.
template <class State>
State& check_joinable(const state_ref<State>& ref)
{
    State& state = *referent(ref, "the handle that is awaited");
    if (state.done())
        return state;
    if (!state.core())
        throw invalid_state("rill: " + state.description() + " cannot end, its loop is gone");
    if (static_cast<const completion_state*>(current.task) == &state)
        throw std::logic_error("rill: " + state.description() + " awaits itself");
    if (current.loop && current.loop != state.core())
        throw std::logic_error(
            "rill: " + state.description() +
            " belongs to another loop and cannot be awaited here; "
            "see run_coroutine_threadsafe"
        );
    return state;
}

/// What lies behind a handle, for the rest of the library.
struct handle_access {
    template <class Handle>
    static const auto& state(const Handle& handle) noexcept
    {
        return handle.data_;
    }

    /// Throws invalid_state where there is none.
    template <class Handle>
    static auto& data(const Handle& handle)
    {
        return handle.data();
    }

    /// Waits for the end as async_wait does, in a coroutine of the library's.
    template <class Handle>
    static auto wait_for_end(const Handle& handle)
    {
        return handle.template waiting<end_waiter, void()>();
    }
};

/// What the handles task<T> and future<T> share. One that refers to nothing, which is what a move
/// leaves, throws invalid_state.
template <class Derived, class T, class Data>
class outcome_handle {
public:
    using value_type = T;
    using rill_kind = awaited_tag;

    explicit operator bool() const noexcept { return static_cast<bool>(data_); }

    friend bool operator==(const outcome_handle& a, const outcome_handle& b) noexcept
    {
        return a.data_ == b.data_;
    }

    /// Whether it has ended: with a value, an exception or cancelled.
    bool done() const { return data().done(); }

    /// Whether it has ended by a cancellation that somebody asked for, its own or one that it passed
    /// on. An operation_aborted in a task that nobody has told to stop is an error as others are.
    bool cancelled() const { return data().ended_cancelled(); }

    /// The result, or its exception thrown; invalid_state if it has not ended.
    decltype(auto) result() const { return ended().value(); }

    /// Null if it ended with a value; invalid_state if it has not ended. asyncio throws
    /// CancelledError here if it was cancelled; this gives the cancelled_error.
    std::exception_ptr exception() const { return ended().error(); }

    /// `f()`, or `f(*this)` if it takes that, is called on a later turn once it has ended, in the
    /// order of registration and in the context of the caller. The handle's cancel() takes it back:
    /// asyncio's remove_done_callback. Mirrors add_done_callback.
    template <class F>
    handle
    add_done_callback(F f, std::source_location where = std::source_location::current()) const;

    /// Completes with void(error_code) when it has ended, however that was; look at it then.
    /// Cancellation: total, and what is waited for goes on.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_wait(Token&& token) const
    {
        return std::move(waiting<end_waiter, void(error_code)>())
            .initiate(std::forward<Token>(token));
    }

    /// Makes `co_await handle` an operation of Asio's kind; async_wait is its name for other
    /// tokens. A result that cannot be copied is awaited through std::move, which takes it.
    template <asio::completion_token_for<void()> Token>
    auto operator()(Token&& token) const
    {
        return std::move(waiting<join_waiter, void()>()).initiate(std::forward<Token>(token));
    }

    class awaiter;

protected:
    outcome_handle() noexcept = default;

    explicit outcome_handle(Data& data) noexcept
        : data_(data)
    {}

    Data& data() const { return *referent(data_, "the handle"); }

    const Data& ended() const
    {
        Data& state = data();
        if (!state.done())
            throw invalid_state(
                "rill: " + state.description() + " has not ended, it has no result yet"
            );
        state.mark_retrieved();
        return state;
    }

    state_ref<Data> data_;

private:
    friend handle_access;

    template <class Waiter, class Signature>
    wait_operation<Signature, Waiter> waiting() const
    {
        Data& data = check_joinable(data_);
        if (!data.core())
            throw invalid_state("rill: " + data.description() + " has lost its loop");
        return wait_operation<Signature, Waiter>(std::in_place, data);
    }
};

/// Lives in the frame of the coroutine that awaits the handle.
template <class Derived, class T, class Data>
class outcome_handle<Derived, T, Data>::awaiter {
public:
    explicit awaiter(const outcome_handle& h)
        : data_(h.data_)
        , join_(std::in_place, check_joinable(data_))
    {
        static_assert(
            std::is_void_v<T> || std::copy_constructible<T>,
            "a result that cannot be copied is awaited with co_await std::move(task)"
        );
        data_->mark_retrieved();
    }

    explicit awaiter(outcome_handle&& h)
        : data_(h.data_)
        , join_(std::in_place, check_joinable(data_))
    {
        data_->mark_retrieved();
    }

    bool ready() const noexcept { return data_->done() && loop_core::spend(); }

    template <class Handler>
    void start(Handler&& handler)
    {
        join_.start_in_place(std::forward<Handler>(handler));
    }

    T get()
    {
        if (!data_->done())
            join_.throw_if_failed();
        if constexpr (std::is_void_v<T> || !std::copy_constructible<T>)
            return std::move(*data_).value();
        else
            return std::as_const(*data_).value(); // others may want to see it too
    }

private:
    state_ref<Data> data_; // the handle that is awaited may be dropped meanwhile
    wait_operation<void(), join_waiter> join_;
};

template <class Derived, class T, class Data>
template <class F>
handle outcome_handle<Derived, T, Data>::add_done_callback(F f, std::source_location where) const
{
    loop_core* core = data().core();
    if (!core)
        throw invalid_state("rill: " + data_->description() + " has lost its loop");
    const auto start = [&](auto callable) {
        check_callback<decltype(callable)>();
        auto callback = make_callback(*core, core->now(), std::move(callable), where);
        callback->start_at_end_of(*data_, callback);
        return handle(callback);
    };
    if constexpr (std::invocable<F&&, const Derived&>) {
        static_assert(
            !is_awaitable<std::invoke_result_t<F&&, const Derived&>>,
            "a callback cannot be a coroutine, it would never run: use create_task"
        );
        return start([f = std::move(f), self = static_cast<const Derived&>(*this)]() mutable {
            std::move(f)(self);
        });
    } else {
        return start(std::move(f));
    }
}

/// The result of an ended handle, or its exception thrown. It is moved where it cannot be copied,
/// or `move` says that nobody else has it.
template <class Handle>
typename Handle::value_type take_result(const Handle& handle, bool move)
{
    using T = typename Handle::value_type;
    auto& data = *handle_access::state(handle);
    data.mark_retrieved();
    if constexpr (std::is_void_v<T> || !std::copy_constructible<T>)
        return std::move(data).value();
    else if (move)
        return std::move(data).value();
    else
        return std::as_const(data).value();
}

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/outcome_handle.ipp>
#endif
