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
#include <utility>

namespace rill::RILL_FORM {

struct latch_statistics {
    std::ptrdiff_t count; ///< Still to be counted down.
    std::size_t waiting;  ///< Those who wait for 0.
};

/// A count that goes down to 0, once, and those who wait for that. What std::latch is between
/// threads; asyncio has none.
///
///     latch ready(3);                  // each of three workers counts it down
///     co_await ready.wait();
///
/// Every operation supports total cancellation. Those who wait when it is destroyed end with
/// operation_aborted; it may be destroyed as soon as it is at 0.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class latch : public detail::primitive {
    class waiter;

public:
    /// On the loop of `ex`. Throws std::invalid_argument if `count` is negative.
    latch(const asio::any_io_executor& ex, std::ptrdiff_t count);

    /// On the loop that this thread runs.
    explicit latch(std::ptrdiff_t count);

    /// At 0, all who wait run later, in the order in which they came. Throws std::logic_error if
    /// `n` is more than count(), and std::invalid_argument if it is negative; nothing changes then.
    void count_down(std::ptrdiff_t n = 1);

    bool try_wait() const noexcept; ///< Whether it is at 0.

    /// Returns once the latch is at 0; at once, without suspending, if it is.
    auto wait(std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once the latch is at 0.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_wait(Token&& token);

    /// count_down(n), then wait(). Cancelled in the wait, it has counted.
    awaitable<void> arrive_and_wait(
        std::ptrdiff_t n = 1, std::source_location where = std::source_location::current()
    );

    std::ptrdiff_t count() const noexcept; ///< Still to be counted down.

    latch_statistics statistics() const noexcept;

    /// In words; see to_string.
    std::string description() const;

private:
    void check_start() const;

    std::ptrdiff_t count_;
    detail::wait_line<waiter> waiters_; // empty while count_ is 0
};

// Implementation

class latch::waiter : public detail::operation {
public:
    waiter(latch& l, std::source_location where) noexcept
        : operation(l.core_, where)
        , latch_(&l)
    {}

    bool try_now() const noexcept { return latch_->try_wait(); }

protected:
    void start() { latch_->waiters_.complete_or_add(*this); }

    void describe_to(std::string& text) const;

private:
    latch* latch_;
};

inline latch::latch(const asio::any_io_executor& ex, std::ptrdiff_t count)
    : primitive(ex)
    , count_(count)
{
    check_start();
}

inline latch::latch(std::ptrdiff_t count)
    : primitive("a latch")
    , count_(count)
{
    check_start();
}

inline bool latch::try_wait() const noexcept
{
    return count_ == 0;
}

inline std::ptrdiff_t latch::count() const noexcept
{
    return count_;
}

inline latch_statistics latch::statistics() const noexcept
{
    return {count_, waiters_.size()};
}

inline auto latch::wait(std::source_location where)
{
    return detail::wait_operation<void(error_code), waiter>(std::in_place, *this, where);
}

template <asio::completion_token_for<void(error_code)> Token>
auto latch::async_wait(Token&& token)
{
    return wait(std::source_location()).initiate(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/latch.ipp>
#endif
