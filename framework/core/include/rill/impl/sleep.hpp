// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/sleep.hpp>

namespace rill::RILL_FORM {

namespace detail {

/// A step through the ready queue. It cannot fail, so there is no error code to carry about.
class yield_waiter : public operation {
public:
    /// Null: the loop of whoever awaits it.
    explicit yield_waiter(loop_core* core, std::source_location where = {}) noexcept
        : operation(core, where)
    {}

    void use_loop_of(const asio::any_io_executor& ex) { core_ = &loop_core::of(ex); }

    bool in_cancelled_task() const noexcept { return task_ && task_->next_wait_throws(); }

protected:
    void start() { core_->make_ready(*this); }

    void describe_to(std::string& text) const { text = "its turn"; }
};

/// What yield() gives: awaited, it lets the others run, and throws if its task is cancelled then.
class [[nodiscard]] yield_operation {
    using step = wait_operation<void(), yield_waiter>;

public:
    using rill_kind = awaited_tag;

    using result_type = void;

    explicit yield_operation(loop_core* core) noexcept
        : core_(core)
    {}

    /// As a coroutine.
    awaitable<void> operator()() const { return run(*this); }

    operator awaitable<void>() const { return run(*this); }

    template <asio::completion_token_for<void()> Token>
    auto operator()(Token&& token) const
    {
        return step(std::in_place, core_ ? core_ : &loop_core::running())
            .initiate(std::forward<Token>(token));
    }

    class awaiter {
    public:
        explicit awaiter(const yield_operation& y) noexcept
            : step_(std::in_place, y.core_)
        {}

        bool ready() const noexcept { return false; }

        template <class Handler>
        void start(Handler&& handler)
        {
            step_.start_in_place(std::forward<Handler>(handler));
        }

        void get() const;

    private:
        step step_;
    };

private:
    static awaitable<void> run(yield_operation self) { co_await self; }

    loop_core* core_;
};

class sleep_waiter : public operation {
public:
    /// Null: the loop of whoever awaits it.
    sleep_waiter(loop_core* core, deadline until, std::source_location where = {}) noexcept
        : operation(core, where)
        , until_(until)
    {}

    sleep_waiter(sleep_waiter&& other) noexcept
        : sleep_waiter(other.core_, other.until_, other.where_)
    {}

    ~sleep_waiter()
    {
        if (armed())
            core_->disarm(*this);
    }

    void use_loop_of(const asio::any_io_executor& ex) { core_ = &loop_core::of(ex); }

protected:
    void start();

    void on_cancel()
    {
        core_->disarm(*this);
        abort();
    }

    void describe_to(std::string& text) const { text = "a sleep"; }

    /// The wait may have ended, and the task have been cancelled, before its turn comes.
    error_code why() const noexcept;

private:
    deadline until_;
};

} // namespace detail

/// Lets every other task that is ready run first. Mirrors asyncio.sleep(0).
///
/// `co_await rill::yield()` is a step through the ready queue, nothing more. It is a cancellation
/// point: a cancelled_error if its task has been cancelled when its turn comes.
inline detail::yield_operation yield() noexcept
{
    return detail::yield_operation(detail::current.loop);
}

/// As sleep_until, for any completion token. Completes with void(error_code).
template <asio::completion_token_for<void(error_code)> Token>
auto async_sleep_until(const asio::any_io_executor& ex, time_point t, Token&& token)
{
    detail::sleep_operation wait(
        std::in_place, &detail::loop_core::of(ex), detail::deadline::at(t)
    );
    return std::move(wait).initiate(std::forward<Token>(token));
}

/// The same after `d`.
template <asio::completion_token_for<void(error_code)> Token>
auto async_sleep(const asio::any_io_executor& ex, duration d, Token&& token)
{
    detail::sleep_operation wait(
        std::in_place, &detail::loop_core::of(ex), detail::deadline::in(d)
    );
    return std::move(wait).initiate(std::forward<Token>(token));
}

template <class T>
awaitable<T> sleep(duration d, T result)
{
    co_await sleep(d);
    co_return std::move(result);
}

} // namespace rill::RILL_FORM
