// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cancel_reason.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/detail/loop/recycled_memory.hpp>
#include <rill/detail/wait/operation.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace rill::RILL_FORM::detail {

/// What a task and a future have in common: an outcome, which many may wait for.
///
/// Reference counted without atomics, since a loop is one thread. Handles hold a reference, and so
/// does the coroutine of a task until it has ended.
class completion_state {
public:
    explicit completion_state(loop_core& core) noexcept
        : core_(&core)
    {}

    completion_state(const completion_state&) = delete;
    completion_state& operator=(const completion_state&) = delete;

    static void* operator new(std::size_t size) { return recycled_memory::take(size); }

    static void operator delete(void* state, std::size_t size) noexcept
    {
        recycled_memory::give_back(state, size);
    }

    void retain() noexcept { ++references_; }

    void release() noexcept
    {
        if (--references_ == 0)
            delete this;
    }

    /// Null once the loop is gone.
    loop_core* core() const noexcept { return core_; }

    bool done() const noexcept { return done_; }

    bool ended_cancelled() const noexcept { return ended_cancelled_; }

    const std::exception_ptr& error() const noexcept { return error_; }

    /// The outcome without what a value is: nothing, or the exception thrown.
    void value() const
    {
        if (error_)
            std::rethrow_exception(error_);
    }

    /// Takes the exception out, for another thread: the exception then has one owner at a time.
    /// Only where nobody else can ask for the outcome.
    std::exception_ptr take_error() noexcept { return std::exchange(error_, nullptr); }

    /// The outcome has been looked at, so nothing is reported when the last reference goes.
    void mark_retrieved() noexcept { retrieved_ = true; }

    /// It ends without a value.
    void fail(std::exception_ptr error, bool cancelled) noexcept
    {
        error_ = std::move(error);
        ended_cancelled_ = cancelled;
    }

    /// False if it has ended.
    virtual bool request_cancel(cancel_reason_ptr why = {}) = 0;

    /// How many requests to cancel it have not been taken back.
    virtual unsigned requests() const noexcept { return 0; }

    /// Whether the request to stop that goes round at present has come by.
    virtual bool reached_in_this_round() const noexcept { return false; }

    /// Calls f(task) for each task that awaits the end, by itself or with others.
    template <class F>
    void for_each_awaiter(F f) const
    {
        joiners.for_each([&](operation& waiter) {
            if (task_state* const who = waiter.waiting_task())
                f(*who);
        });
    }

    /// For error texts: "task 'reader'".
    virtual std::string description() const = 0;

    /// Operations that wait for the end, and callbacks that are called then.
    wait_line<> joiners;

protected:
    virtual ~completion_state() = default;

    /// It failed, and nobody asked for the outcome.
    bool unretrieved() const noexcept { return error_ && !retrieved_ && !ended_cancelled_; }

    /// The outcome stands: the value, or that it failed. Wake-ups are posted, as everywhere.
    void finish() noexcept
    {
        assert(!done_);
        done_ = true;
        joiners.complete_all();
    }

    void lose_loop() noexcept { core_ = nullptr; }

private:
    loop_core* core_;
    std::exception_ptr error_;
    unsigned references_ = 0;
    bool done_ = false;
    bool ended_cancelled_ = false;
    bool retrieved_ = false;
};

/// Gives a reference back on the loop's thread.
void send_home(loop_core& core, completion_state& state) noexcept;

/// Gives a reference back from any thread: an outcome dies on its loop's.
inline void let_go(completion_state& state) noexcept
{
    loop_core* const core = state.core();
    if (!core || core->on_home_thread())
        state.release();
    else
        send_home(*core, state);
}

/// Adds the value to a task's or a future's state. T need not be default-constructible.
template <class T, class State>
class outcome_of final : public State {
    using stored = std::conditional_t<std::is_void_v<T>, std::monostate, std::optional<T>>;

public:
    using State::State;

    template <class... Args>
    void set_value(Args&&... args)
    {
        if constexpr (!std::is_void_v<T>)
            value_.emplace(std::forward<Args>(args)...);
    }

    decltype(auto) value() const&
    {
        if (this->error())
            std::rethrow_exception(this->error());
        if constexpr (!std::is_void_v<T>)
            return static_cast<const T&>(*value_);
    }

    decltype(auto) value() &&
    {
        if (this->error())
            std::rethrow_exception(this->error());
        if constexpr (!std::is_void_v<T>)
            return static_cast<T&&>(*value_);
    }

private:
    [[no_unique_address]] stored value_;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/completion_state.ipp>
#endif
