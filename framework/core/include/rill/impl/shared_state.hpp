// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/wait/outcome_handler.hpp>
#include <rill/shared_state.hpp>

namespace rill::RILL_FORM {

namespace detail {

template <class T>
struct guarded {
    template <class... Args>
    explicit guarded(Args&&... args)
        : value(std::forward<Args>(args)...)
    {}

    T value; // touched on the strand only
    std::atomic<std::size_t> waiting = 0;
    std::string name;
};

/// A call on its way to the strand and back.
template <class T, class F>
class visit final : public remote_operation, public std::enable_shared_from_this<visit<T, F>> {
public:
    using result_type = visit_result_t<F, T>;
    using strand_type = asio::strand<asio::any_io_executor>;

    visit(strand_type strand, std::shared_ptr<guarded<T>> where, F&& f)
        : strand_(std::move(strand))
        , where_(std::move(where))
        , f_(std::move(f))
    {}

    void cancel() noexcept override
    {
        if (leave_line(stage::withdrawn))
            this->end(aborted());
    }

    std::string description() const override
    {
        return where_->name.empty() ? "a shared state" : "shared state '" + where_->name + "'";
    }

    outcome<result_type> result;

protected:
    void start() override
    {
        ++where_->waiting;
        const strand_type strand = std::move(strand_);
        asio::post(strand, turn(this->shared_from_this()));
    }

private:
    enum class stage {
        waiting,   // who moves it on from here has the call
        begun,     // f runs, or has run
        withdrawn, // f never runs
    };

    /// What the strand holds. Destroyed there, it will never be called.
    class turn {
    public:
        explicit turn(std::shared_ptr<visit> v) noexcept
            : visit_(std::move(v))
        {}

        turn(turn&&) noexcept = default;

        ~turn()
        {
            if (visit_)
                visit_->cancel();
        }

        void operator()()
        {
            const auto called = std::move(visit_);
            called->call();
        }

    private:
        std::shared_ptr<visit> visit_;
    };

    bool leave_line(stage next) noexcept
    {
        stage expected = stage::waiting;
        if (!stage_.compare_exchange_strong(expected, next))
            return false;
        --where_->waiting;
        return true;
    }

    void call()
    {
        if (!leave_line(stage::begun))
            return;
        try {
            F f = std::move(f_);
            if constexpr (std::is_void_v<result_type>) {
                std::invoke(std::move(f), where_->value);
                result.set_value();
            } else {
                result.set_value(std::invoke(std::move(f), where_->value));
            }
        } catch (...) {
            result.set_exception(std::current_exception());
        }
        this->end({});
    }

    strand_type strand_; // until it starts: a strand must not outlive its context, and this may
    std::shared_ptr<guarded<T>> where_;
    F f_;
    std::atomic<stage> stage_ = stage::waiting;
};

template <class T, class F>
struct visit_initiation {
    using strand_type = asio::strand<asio::any_io_executor>;
    using executor_type = strand_type; // Asio's own tokens, cancel_after for one, ask for it

    executor_type get_executor() const noexcept { return executor; }

    executor_type executor;

    template <class Handler>
    void
    operator()(Handler handler, F f, strand_type strand, std::shared_ptr<guarded<T>> where) const
    {
        const asio::any_io_executor otherwise = strand.get_inner_executor();
        const auto call =
            std::make_shared<visit<T, F>>(std::move(strand), std::move(where), std::move(f));
        const auto deliver = [call](auto waiting) {
            if (call->error())
                call->result.set_exception(std::make_exception_ptr(system_error(call->error())));
            call_with(std::move(call->result), std::move(waiting));
        };
        begin_remote(call, std::move(handler), deliver, otherwise);
    }
};

template <class F, class T>
constexpr void check_visitor()
{
    using result = visit_result_t<F, T>;
    static_assert(
        !is_awaitable<result>,
        "rill::shared_state: a plain function is called with the value, and no coroutine: it would "
        "hold the value across its waits"
    );
    static_assert(
        !std::is_reference_v<result>,
        "rill::shared_state: give a copy, since what a reference refers to is guarded"
    );
}

} // namespace detail

template <class T>
template <class... Args>
    requires std::constructible_from<T, Args...>
shared_state<T>::shared_state(const asio::any_io_executor& ex, Args&&... args)
    : strand_(asio::make_strand(ex))
    , guarded_(std::make_shared<detail::guarded<T>>(std::forward<Args>(args)...))
{}

template <class T>
template <std::invocable<T&> F>
awaitable<detail::visit_result_t<F, T>> shared_state<T>::with(F f, std::source_location where)
{
    detail::check_visitor<F, T>();
    const auto visit = std::make_shared<detail::visit<T, F>>(strand_, guarded_, std::move(f));
    co_await detail::wait_for_remote(visit, where);
    co_return std::move(visit->result).get();
}

template <class T>
template <std::invocable<T&> F, class Token>
auto shared_state<T>::async_with(F f, Token&& token)
{
    detail::check_visitor<F, T>();
    return detail::initiate_for_outcome<detail::visit_result_t<F, T>>(
        detail::visit_initiation<T, F>{strand_}, token, std::move(f), strand_, guarded_
    );
}

template <class T>
asio::any_io_executor shared_state<T>::get_executor() const noexcept
{
    return strand_.get_inner_executor();
}

template <class T>
void shared_state<T>::set_name(std::string name)
{
    guarded_->name = std::move(name);
}

template <class T>
std::string shared_state<T>::name() const
{
    return guarded_->name;
}

template <class T>
shared_state_statistics shared_state<T>::statistics() const noexcept
{
    return {guarded_->waiting};
}

} // namespace rill::RILL_FORM
