// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <cstddef>
#include <source_location>
#include <string>
#include <tuple>

namespace rill::RILL_FORM {

struct event_statistics {
    std::size_t waiting; ///< Those who wait for it to be set.
};

/// A flag that tasks wait for. Mirrors asyncio.Event.
///
/// Every operation supports total cancellation. Waiters that are left when the event is destroyed
/// end with operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class event : public detail::primitive {
    class waiter;

public:
    /// Not set; on the loop of `ex`.
    explicit event(const asio::any_io_executor& ex)
        : primitive(ex)
    {}

    /// The same on the loop that this thread runs.
    event()
        : primitive("an event")
    {}

    bool is_set() const noexcept;

    /// Wakes all who wait, in the order in which they came; they run later, and none of them waits
    /// again for a clear() that follows.
    void set() noexcept;

    /// Whoever comes from now on waits.
    void clear() noexcept;

    /// Returns once the event is set; at once, without suspending, if it is.
    auto wait(std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once the event is set.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_wait(Token&& token);

    event_statistics statistics() const noexcept;

    /// In words; see to_string.
    std::string description() const;

private:
    detail::wait_line<waiter> waiters_; // empty while set_
    bool set_ = false;
};

// Implementation

class event::waiter : public detail::operation {
public:
    waiter(event& e, std::source_location where) noexcept
        : operation(e.core_, where)
        , event_(&e)
    {}

    bool try_now() const noexcept { return event_->set_; }

protected:
    void start() { event_->waiters_.complete_or_add(*this); }

    void describe_to(std::string& text) const { text = event_->called("an event"); }

private:
    event* event_;
};

inline bool event::is_set() const noexcept
{
    return set_;
}

inline void event::set() noexcept
{
    note_use("an event");
    set_ = true;
    waiters_.complete_all();
}

inline void event::clear() noexcept
{
    note_use("an event");
    set_ = false;
}

inline event_statistics event::statistics() const noexcept
{
    return {waiters_.size()};
}

inline auto event::wait(std::source_location where)
{
    return detail::wait_operation<void(error_code), waiter>(std::in_place, *this, where);
}

template <asio::completion_token_for<void(error_code)> Token>
auto event::async_wait(Token&& token)
{
    return wait(std::source_location()).initiate(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/event.ipp>
#endif
