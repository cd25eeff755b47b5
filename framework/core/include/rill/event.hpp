// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/wait_operation.hpp>

#include <boost/asio/any_io_executor.hpp>

namespace rill {

/// A flag that tasks wait for. Mirrors asyncio.Event.
///
/// Every operation supports total cancellation. Waiters that are left when the event is destroyed
/// end with operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class event {
    class waiter;

public:
    explicit event(const asio::any_io_executor& ex); ///< On the loop of `ex`; not set.
    event();                                         ///< On the loop that this thread runs.

    bool is_set() const noexcept;

    /// Wakes all who wait, in the order in which they came; they run later, and none of them waits
    /// again for a clear() that follows.
    void set() noexcept;

    /// Whoever comes from now on waits.
    void clear() noexcept;

    /// Returns once the event is set; at once, without suspending, if it is.
    awaitable<void> wait();

    /// Completes with void(error_code) once the event is set.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_wait(Token&& token);

private:
    detail::loop_core* core_;
    detail::wait_list<> waiters_; // empty while set_
    bool set_ = false;
};

// Implementation

class event::waiter : public detail::operation {
public:
    explicit waiter(event& e) noexcept
        : operation(e.core_)
        , event_(&e)
    {}

protected:
    void start()
    {
        if (event_->set_)
            complete();
        else
            event_->waiters_.add(*this);
    }

    template <class Signature>
    std::tuple<error_code> results() const
    {
        return {error()};
    }

private:
    event* event_;
};

inline event::event(const asio::any_io_executor& ex)
    : core_(&detail::loop_core::of(ex))
{}

inline event::event()
    : core_(&detail::loop_core::running())
{}

inline bool event::is_set() const noexcept
{
    return set_;
}

inline void event::set() noexcept
{
    set_ = true;
    waiters_.complete_all();
}

inline void event::clear() noexcept
{
    set_ = false;
}

inline awaitable<void> event::wait()
{
    if (set_)
        co_return;
    detail::wait_operation<void(error_code), waiter> set(std::in_place, *this);
    co_await std::move(set);
}

template <asio::completion_token_for<void(error_code)> Token>
auto event::async_wait(Token&& token)
{
    detail::wait_operation<void(error_code), waiter> set(std::in_place, *this);
    return std::move(set).initiate(std::forward<Token>(token));
}

} // namespace rill
