// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/shared_mutex.hpp>

namespace rill::RILL_FORM {

template <detail::access Kind>
class shared_mutex::waiter : public detail::operation {
public:
    using takes_lock = void;

    waiter(shared_mutex& m, std::source_location where) noexcept
        : operation(m.core_, where)
        , mutex_(&m)
    {}

    bool try_now() noexcept { return mutex_->take<Kind>(); }

    detail::task_mark mark() const noexcept { return detail::task_mark(task_); }

protected:
    void start() { mutex_->line<Kind>().grant_or_add(*this); }

    /// A writer that does not come any more may be what readers waited for.
    void on_cancel()
    {
        abort();
        mutex_->serve();
    }

    void describe_to(std::string& text) const { text = mutex_->with_holder(); }

    shared_mutex* mutex_;
};

template <detail::access Kind>
class shared_mutex::scoped_waiter : public shared_mutex::waiter<Kind> {
public:
    using waiter<Kind>::waiter;

    guard<Kind> take() noexcept { return guard<Kind>(*this->mutex_); }
};

template <detail::access Kind>
bool shared_mutex::take() noexcept
{
    if constexpr (Kind == detail::access::exclusive) {
        if (locked_ || sharing_ > 0)
            return false;
        locked_ = true;
        holder_ = detail::task_mark(detail::current.task);
    } else {
        if (locked_ || !writers_.empty())
            return false;
        ++sharing_;
    }
    return true;
}

template <detail::access Kind>
auto& shared_mutex::line() noexcept
{
    if constexpr (Kind == detail::access::exclusive)
        return writers_;
    else
        return readers_;
}

template <detail::access Kind>
void shared_mutex::give_back() noexcept
{
    if constexpr (Kind == detail::access::exclusive)
        locked_ = false;
    else
        --sharing_;
    serve();
}

template <detail::access Kind>
auto shared_mutex::lock_operation(std::source_location where)
{
    return detail::wait_operation<void(error_code), waiter<Kind>>(std::in_place, *this, where);
}

template <detail::access Kind>
auto shared_mutex::scoped_operation(std::source_location where)
{
    return detail::wait_operation<void(error_code, guard<Kind>), scoped_waiter<Kind>>(
        std::in_place, *this, where
    );
}

inline auto shared_mutex::lock(std::source_location where)
{
    return lock_operation<detail::access::exclusive>(where);
}

inline auto shared_mutex::lock_shared(std::source_location where)
{
    return lock_operation<detail::access::shared>(where);
}

inline auto shared_mutex::scoped(std::source_location where)
{
    return scoped_operation<detail::access::exclusive>(where);
}

inline auto shared_mutex::scoped_shared(std::source_location where)
{
    return scoped_operation<detail::access::shared>(where);
}

template <asio::completion_token_for<void(error_code)> Token>
auto shared_mutex::async_lock(Token&& token)
{
    return lock(std::source_location()).initiate(std::forward<Token>(token));
}

template <asio::completion_token_for<void(error_code)> Token>
auto shared_mutex::async_lock_shared(Token&& token)
{
    return lock_shared(std::source_location()).initiate(std::forward<Token>(token));
}

template <asio::completion_token_for<void(error_code, scoped_exclusive_lock)> Token>
auto shared_mutex::async_scoped(Token&& token)
{
    return scoped(std::source_location()).initiate(std::forward<Token>(token));
}

template <asio::completion_token_for<void(error_code, scoped_shared_lock)> Token>
auto shared_mutex::async_scoped_shared(Token&& token)
{
    return scoped_shared(std::source_location()).initiate(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM
