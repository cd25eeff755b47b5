// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/wait/outcome_handler.hpp>
#include <rill/run_on.hpp>

#include <memory>
#include <string>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {

template <class L>
asio::any_io_executor executor_of(L& there)
{
    if constexpr (plain_executor<L>)
        return there;
    else
        return there.get_executor();
}

template <class T>
awaitable<T> as_awaitable(awaitable<T> body) noexcept
{
    return body;
}

template <class Body>
awaitable<body_result_t<Body>> as_awaitable(Body body)
{
    static_assert(
        body_is_coroutine<Body>,
        "another loop runs a coroutine: write a lambda that ends in -> rill::awaitable<void> { ... "
        "co_return; }"
    );
    if constexpr (body_is_coroutine<Body>)
        return call_stored(std::move(body));
    else
        return awaitable<void>(); // an error less to be read
}

/// Who waits on another loop has not been told to stop because the task has been, by the end of its
/// own.
template <class T>
void say_that_loop_ended(outcome<T>& result)
{
    if (!result.cancelled())
        return;
    try {
        result.get();
    } catch (const cancelled_error& e) {
        if (e.reason() && e.reason()->origin() == cancel_origin::shutdown)
            result.set_exception(std::make_exception_ptr(system_error(errc::loop_ended)));
    }
}

/// A coroutine that another loop runs for whoever waits here.
template <class T>
class remote_run final : public remote_operation,
                         public std::enable_shared_from_this<remote_run<T>> {
public:
    remote_run(loop_core& there, awaitable<T> body, std::source_location place)
        : there_(&there)
        , task_{&there.mail(), cancelled_end::of_task}
        , body_(std::move(body))
        , place_(place)
    {}

    ~remote_run() override { const never_missed<awaitable<T>> not_begun(body_); }

    void cancel() noexcept override
    {
        static constexpr const char* why = "its waiter on another loop was cancelled";
        auto reason = make_reason(cancel_origin::request, why);
        if (!task_.result->cancel(std::make_exception_ptr(cancelled_error(std::move(reason)))))
            task_.cancel(why);
    }

    std::string description() const override { return "a coroutine on another loop"; }

    /// To be called once it has ended.
    outcome<T> take()
    {
        outcome<T> result = task_.result->take_whole();
        say_that_loop_ended(result);
        return result;
    }

protected:
    void start() override
    {
        task_.result->on_end([self = this->shared_from_this()] { self->end({}); });
        sent_start<T> start(*there_, task_, std::move(body_), place_);
        // If that loop is gone, the start goes with it, and says so.
        static_cast<void>(call_from_any_thread(*there_, task_.mail, std::move(start), place_));
    }

private:
    loop_core* there_; // named here, used in its own thread
    sent_task<T> task_;
    awaitable<T> body_; // until it starts
    std::source_location place_;
};

template <class T>
awaitable<T>
wait_for_run(asio::any_io_executor there, awaitable<T> body, std::source_location where)
{
    const never_missed<awaitable<T>> not_begun(body);
    loop_core& loop = loop_core::of(there);
    const auto run = std::make_shared<remote_run<T>>(loop, std::move(body), where);
    co_await wait_for_remote(run, where);
    co_return run->take().get();
}

struct run_initiation {
    using executor_type =
        asio::any_io_executor; // Asio's own tokens, cancel_after for one, ask for it

    executor_type get_executor() const noexcept { return there; }

    executor_type there;

    template <class Handler, class T>
    void operator()(Handler handler, awaitable<T> body) const
    {
        const auto run = std::make_shared<remote_run<T>>(
            loop_core::of(there), std::move(body), std::source_location()
        );
        const auto deliver = [run](auto waiting) { call_with(run->take(), std::move(waiting)); };
        begin_remote(run, std::move(handler), deliver, there);
    }
};

} // namespace detail

template <detail::has_a_loop Loop, class Body>
awaitable<detail::body_result_t<Body>> run_on(Loop&& there, Body body, std::source_location where)
{
    [[maybe_unused]] const detail::never_missed<Body> refused(body);
    return detail::wait_for_run(
        detail::executor_of(there), detail::as_awaitable(std::move(body)), where
    );
}

template <detail::has_a_loop Loop, class Body, class Token>
auto async_run_on(Loop&& there, Body body, Token&& token)
{
    [[maybe_unused]] const detail::never_missed<Body> refused(body);
    return detail::initiate_for_outcome<detail::body_result_t<Body>>(
        detail::run_initiation{detail::executor_of(there)},
        token,
        detail::as_awaitable(std::move(body))
    );
}

} // namespace rill::RILL_FORM
