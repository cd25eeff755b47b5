// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/to_thread.hpp>

namespace rill::RILL_FORM {

namespace detail {

/// What the other thread does: calls, and sends the outcome to the loop.
template <class T, class F>
class thread_call {
public:
    thread_call(F f, mailbox_ptr mail, delivery_slot_ptr<future<T>> to)
        : f_(std::move(f))
        , context_(copy_context())
        , mail_(std::move(mail))
        , to_(std::move(to))
    {}

    void operator()()
    {
        outcome<T> result;
        call(result);
        mail_->post([to = std::move(to_), result = std::move(result)]() mutable {
            if (to->to)
                hand_over(std::move(result), *to->to);
        });
    }

private:
    void call(outcome<T>& result)
    {
        F f = std::move(f_); // gone before the outcome is on its way
        try {
            if constexpr (std::is_void_v<T>) {
                context_.run(f);
                result.set_value();
            } else {
                result.set_value(context_.run(f));
            }
        } catch (...) {
            result.set_exception(std::current_exception());
        }
    }

    F f_;
    context context_;
    mailbox_ptr mail_;
    delivery_slot_ptr<future<T>> to_;
};

/// Withdraws a call that has not begun when whoever waits for it is gone.
class call_guard {
public:
    explicit call_guard(std::shared_ptr<callback_claim> call) noexcept
        : call_(std::move(call))
    {}

    ~call_guard() { call_->cancel(); }

    call_guard(const call_guard&) = delete;
    call_guard& operator=(const call_guard&) = delete;

private:
    std::shared_ptr<callback_claim> call_;
};

/// `submit` is given a function that is to run elsewhere, and the loop.
template <class Submit, class F>
awaitable<called_t<F&>> call_elsewhere(Submit submit, F f)
{
    using T = called_t<F&>;
    static_assert(!is_awaitable<T>, "a coroutine would not run there: call a plain function");
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    loop_core& core = loop_core::of(here);
    future<T> result(here);
    const auto at = std::make_shared<delivery_slot<future<T>>>();
    const delivery_target<future<T>> arrival(result, at);
    thread_call<T, F> call(std::move(f), &core.mail(), at);
    const auto claim = std::make_shared<callback_claim_of<thread_call<T, F>>>(std::move(call));
    const call_guard guard(claim);
    const expected_arrival expected(core);
    submit(core, [claim] { claim->call(); });
    co_return co_await std::move(result);
}

template <class F, class... Args>
auto bound_call(F f, Args... args)
{
    return [f = std::move(f), ... args = std::move(args)]() mutable -> decltype(auto) {
        return std::invoke(std::move(f), std::move(args)...);
    };
}

thread_pool& default_executor_of(loop_core& core);

} // namespace detail

template <class F, class... Args>
awaitable<detail::called_t<F, Args...>> to_thread(F f, Args... args)
{
    const auto submit = [](detail::loop_core& core, auto call) {
        detail::pool_access::submit(detail::default_executor_of(core), std::move(call));
    };
    return detail::call_elsewhere(submit, detail::bound_call(std::move(f), std::move(args)...));
}

template <class F, class... Args>
awaitable<detail::called_t<F, Args...>> run_in_executor(thread_pool& pool, F f, Args... args)
{
    const auto submit = [&pool](detail::loop_core&, auto call) {
        detail::pool_access::submit(pool, std::move(call));
    };
    return detail::call_elsewhere(submit, detail::bound_call(std::move(f), std::move(args)...));
}

template <detail::plain_executor Executor, class F, class... Args>
awaitable<detail::called_t<F, Args...>> run_in_executor(Executor ex, F f, Args... args)
{
    const auto submit = [ex = std::move(ex)](detail::loop_core&, auto call) {
        asio::post(ex, std::move(call));
    };
    return detail::call_elsewhere(submit, detail::bound_call(std::move(f), std::move(args)...));
}

} // namespace rill::RILL_FORM
