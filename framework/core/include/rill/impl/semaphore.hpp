// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/semaphore.hpp>

namespace rill::RILL_FORM {

class semaphore::waiter : public detail::operation {
public:
    using takes_lock = void;

    waiter(semaphore& s, std::ptrdiff_t n, std::source_location where)
        : operation(s.core_, where)
        , count(s.checked(n))
        , semaphore_(&s)
    {}

    bool try_now() noexcept { return semaphore_->take(count); }

    std::ptrdiff_t count;

protected:
    void start() { semaphore_->waiters_.grant_or_add(*this); }

    /// What it waited for may suffice for those behind it.
    void on_cancel()
    {
        abort();
        semaphore_->serve();
    }

    void describe_to(std::string& text) const;

    semaphore* semaphore_;
};

class semaphore::scoped_waiter : public semaphore::waiter {
public:
    using waiter::waiter;

    permit take() noexcept { return permit(*semaphore_, count); }
};

inline semaphore::semaphore(const asio::any_io_executor& ex, std::ptrdiff_t permits)
    : semaphore(ex, permits, PTRDIFF_MAX)
{}

inline semaphore::semaphore(std::ptrdiff_t permits)
    : semaphore(permits, PTRDIFF_MAX)
{}

inline semaphore::semaphore(
    const asio::any_io_executor& ex, std::ptrdiff_t permits, std::ptrdiff_t limit
)
    : primitive(ex)
    , available_(permits)
    , limit_(limit)
{
    check_start();
}

inline semaphore::semaphore(std::ptrdiff_t permits, std::ptrdiff_t limit)
    : primitive("a semaphore")
    , available_(permits)
    , limit_(limit)
{
    check_start();
}

inline bool semaphore::try_acquire(std::ptrdiff_t n)
{
    note_use("a semaphore");
    return take(checked(n));
}

inline bool semaphore::take(std::ptrdiff_t n) noexcept
{
    if (n > available_ || !waiters_.empty())
        return false;
    available_ -= n;
    return true;
}

inline bool semaphore::locked() const noexcept
{
    return available_ == 0 || !waiters_.empty();
}

inline std::ptrdiff_t semaphore::available() const noexcept
{
    return available_;
}

inline auto semaphore::acquire(std::ptrdiff_t n, std::source_location where)
{
    return detail::wait_operation<void(error_code), waiter>(std::in_place, *this, n, where);
}

template <asio::completion_token_for<void(error_code)> Token>
auto semaphore::async_acquire(std::ptrdiff_t n, Token&& token)
{
    return acquire(n, std::source_location()).initiate(std::forward<Token>(token));
}

inline auto semaphore::scoped(std::ptrdiff_t n, std::source_location where)
{
    return detail::wait_operation<void(error_code, permit), scoped_waiter>(
        std::in_place, *this, n, where
    );
}

template <asio::completion_token_for<void(error_code, permit)> Token>
auto semaphore::async_scoped(std::ptrdiff_t n, Token&& token)
{
    return scoped(n, std::source_location()).initiate(std::forward<Token>(token));
}

inline void permit::give_back::operator()(semaphore* held) const noexcept
{
    held->give(count);
}

} // namespace rill::RILL_FORM
