// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>
#include <rill/mutex.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {

struct returning; // tag: a place among those who wait for the mutex of a condition variable again

} // namespace detail

struct condition_variable_statistics {
    std::size_t waiting;   ///< Those who wait to be notified.
    std::size_t returning; ///< Those who were notified or cancelled, and do not run yet.
    mutex_statistics mutex;
};

/// Whoever holds a mutex waits here for what others change while they hold it. Mirrors
/// asyncio.Condition.
///
///     const auto lock = co_await changed.scoped();
///     co_await changed.wait([&] { return !orders.empty(); });
///
/// A wait unlocks the mutex, and holds it again when it ends, whichever way: notified, cancelled or
/// timed out. So it lasts until those who hold the mutex have unlocked it, and what it waits for
/// may be over by then: wait with a predicate. Several may share one mutex.
///
/// Cancellation: ends with operation_aborted, and the mutex held. A notification that the cancelled
/// one had got passes to the next who waits; one that had been handed the mutex has been notified,
/// and its cancellation shows at its next wait. Those who wait when the condition variable is
/// destroyed end as if cancelled; they hold the mutex unless it was the condition variable's own.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class condition_variable : public detail::primitive {
    class waiter;

public:
    /// With a mutex of its own; on the loop of `ex`.
    explicit condition_variable(const asio::any_io_executor& ex);

    /// The same on the loop that this thread runs.
    condition_variable();

    /// With a mutex that is used elsewhere as well, and outlives it; on the mutex's loop.
    /// std::invalid_argument if this thread runs another one.
    explicit condition_variable(rill::mutex& shared);

    ~condition_variable();

    rill::mutex& mutex() const noexcept;

    /// As mutex().scoped(): a guard, once the caller holds the mutex.
    auto scoped(std::source_location where = std::source_location::current());

    /// Returns once it was notified and holds the mutex again. Mirrors Condition.wait.
    /// std::logic_error if the mutex is not locked. select does not take it: its losers leave as if
    /// they had never waited, and this one has given the mutex away.
    auto wait(std::source_location where = std::source_location::current());

    /// Waits until predicate() holds, called with the mutex held, and gives what it gave: true, or
    /// something that converts to it. At once, without suspending, if it holds. Its exceptions are
    /// thrown unchanged, and the mutex is held then. Mirrors Condition.wait_for.
    /// std::logic_error if the mutex is not locked, also where asyncio would not notice.
    template <std::invocable Predicate>
        requires std::constructible_from<bool, std::invoke_result_t<Predicate&>>
    awaitable<std::decay_t<std::invoke_result_t<Predicate&>>>
    wait(Predicate predicate, std::source_location where = std::source_location::current());

    /// As wait(). Completes with void(error_code) once the handler's side holds the mutex again.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_wait(Token&& token);

    /// The first `n` who wait go on once they get the mutex, behind those who wait for it already.
    /// Fewer is fine. std::logic_error if the mutex is not locked.
    void notify(std::size_t n = 1);

    /// The same for all who wait now.
    void notify_all();

    condition_variable_statistics statistics() const;

    /// In words; see to_string.
    std::string description() const;

private:
    void check_locked() const;

    std::optional<rill::mutex> own_;    // empty if it uses another one
    rill::mutex* mutex_;                // that, or the other one
    detail::wait_list<waiter> waiters_; // to be notified
    detail::intrusive_list<waiter, detail::returning> returning_;
};

// Implementation

/// One operation in two lines: the condition variable's, and then the mutex's.
class condition_variable::waiter : public rill::mutex::waiter,
                                   public detail::hook<detail::returning> {
public:
    using gives_away = void; // the mutex: this cannot leave as if it had never waited

    waiter(condition_variable& c, std::source_location where)
        : rill::mutex::waiter(*c.mutex_, where)
        , condition_(&c)
    {}

    waiter(waiter&&) = default;

    ~waiter() { hook<detail::returning>::unlink(); }

    /// From here on it waits for the mutex, and has it at once if it is free.
    void go_back() noexcept;

    void go_back_aborted() noexcept
    {
        abort_later();
        go_back();
    }

    /// A notification may come only once it waits.
    bool try_now() const
    {
        condition_->check_locked();
        return false;
    }

protected:
    /// If the token began late, the mutex may not be locked any more.
    void start();

    void on_cancel();

    void describe_to(std::string& text) const;

private:
    void pass_on() noexcept;

    condition_variable* condition_; // dangles once it returns and is not linked
    bool returning_ = false;        // in the mutex's line, or past it
};

inline condition_variable::condition_variable(const asio::any_io_executor& ex)
    : primitive(ex)
    , own_(std::in_place, ex)
    , mutex_(&*own_)
{}

inline condition_variable::condition_variable()
    : own_(std::in_place)
    , mutex_(&*own_)
{}

inline rill::mutex& condition_variable::mutex() const noexcept
{
    return *mutex_;
}

inline void condition_variable::notify_all()
{
    notify(SIZE_MAX);
}

inline auto condition_variable::scoped(std::source_location where)
{
    return mutex_->scoped(where);
}

template <std::invocable Predicate>
    requires std::constructible_from<bool, std::invoke_result_t<Predicate&>>
awaitable<std::decay_t<std::invoke_result_t<Predicate&>>>
condition_variable::wait(Predicate predicate, std::source_location where)
{
    check_locked();
    for (;;) {
        std::decay_t<std::invoke_result_t<Predicate&>> held = std::invoke(predicate);
        if (static_cast<bool>(held))
            co_return std::move(held);
        co_await detail::request_wait<waiter>(*this, where);
    }
}

inline auto condition_variable::wait(std::source_location where)
{
    return detail::wait_operation<void(error_code), waiter>(std::in_place, *this, where);
}

template <asio::completion_token_for<void(error_code)> Token>
auto condition_variable::async_wait(Token&& token)
{
    check_locked();
    return wait(std::source_location()).initiate(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/condition_variable.ipp>
#endif
