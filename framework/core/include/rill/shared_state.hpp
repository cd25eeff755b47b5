// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/wait_operation.hpp>
#include <rill/outcome.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace rill {

namespace detail {

template <class T>
struct guarded;

/// What f gives that is called with a T&; nothing where it cannot be called so.
template <class F, class T>
using visit_result_t = std::invoke_result_t<F, T&>;

} // namespace detail

struct shared_state_statistics {
    std::size_t waiting; ///< Calls that have not begun.
};

/// A value that several loops and threads use, one at a time: it is touched on a strand only. What
/// asyncio has no need for.
///
///     rill::shared_state<totals> all(pool.get_executor());
///     const int n = co_await all.with([&](totals& t) { return t.add(order); });
///
/// Calls run in the order in which they arrive, on the threads of the executor that was given,
/// which must run; the result comes back to the caller's own. A function that is called is short
/// and plain: it cannot wait, so that nobody holds the value across a wait.
///
/// Cancellation is total: a call that has not begun never runs, and the wait ends with
/// operation_aborted; one that has begun is not interrupted, and its result is delivered. So who is
/// told operation_aborted knows that the value was not touched.
///
/// A function that is given is moved to the strand's threads, and destroyed there.
///
/// Calls in flight keep the value alive, and it may be destroyed before they end. It does not
/// outlive the context of its executor, as with Asio's own objects; calls that have not begun when
/// that is destroyed end with operation_aborted.
/// Thread safety: all functions may be called from any thread; a slot is emitted as Asio asks, from
/// where its handler runs.
template <class T>
class shared_state {
public:
    using value_type = T;

    /// The value is made from `args`, here and now.
    template <class... Args>
        requires std::constructible_from<T, Args...>
    explicit shared_state(const asio::any_io_executor& ex, Args&&... args);

    shared_state(const shared_state&) = delete;
    shared_state& operator=(const shared_state&) = delete;

    /// Calls f(T&) on the strand and gives its result, or throws its exception unchanged. The
    /// result need not be default-constructible.
    template <std::invocable<T&> F>
    awaitable<detail::visit_result_t<F, T>>
    with(F f, std::source_location where = std::source_location::current());

    /// Completes with void(std::exception_ptr, R) once f(T&) has given an R, or with
    /// void(std::exception_ptr) if it gives nothing; R{} beside an exception. The context of the
    /// handler's executor outlives the call.
    template <std::invocable<T&> F, class Token>
    auto async_with(F f, Token&& token);

    asio::any_io_executor get_executor() const noexcept;

    /// Shown in messages and dumps: "shared state 'totals'". To be set before others use it.
    void set_name(std::string name);

    std::string name() const;

    shared_state_statistics statistics() const noexcept;

private:
    using strand_type = asio::strand<asio::any_io_executor>;

    strand_type strand_;
    std::shared_ptr<detail::guarded<T>> guarded_;
};

// Implementation

namespace detail {

/// Whoever waits for an errand, as the thread sees him that ends it.
class recipient {
public:
    virtual ~recipient() = default;

    /// Once, in any thread, and perhaps while that holds a lock: nothing of the user's runs in
    /// here, the news is only sent to where somebody waits.
    virtual void errand_ended() noexcept = 0;
};

/// Something that one thread begins and any thread ends; its outcome stands in it. However it goes,
/// it ends.
class errand {
public:
    virtual ~errand() = default;

    errand(const errand&) = delete;
    errand& operator=(const errand&) = delete;

    void begin(std::shared_ptr<recipient> to)
    {
        to_ = std::move(to);
        start();
    }

    /// Ends it soon, with operation_aborted, unless it is too late for that.
    virtual void cancel() noexcept = 0;

    /// What is waited for, in words.
    virtual std::string description() const = 0;

    /// Why there is no result; to be read by the recipient, once it has ended.
    error_code error() const noexcept { return error_; }

    void throw_if_failed() const
    {
        if (error_)
            throw system_error(error_);
    }

protected:
    errand() = default;

    virtual void start() = 0;

    void end(error_code ec) noexcept
    {
        error_ = ec;
        const auto to = std::move(to_); // who waits may own this, in the end: no circle stays
        to->errand_ended();
    }

private:
    std::shared_ptr<recipient> to_; // until it ends
    error_code error_;
};

/// A Rill task waits for an errand. The thread that ends it reaches the task through the mailbox of
/// its loop, and learns there if that is gone.
class errand_waiter : public operation {
    class arrival;

public:
    errand_waiter(loop_core* core, std::shared_ptr<errand> e, std::source_location where) noexcept
        : operation(core, where)
        , errand_(std::move(e))
    {}

    /// Only what has not started is moved.
    errand_waiter(errand_waiter&& other) noexcept
        : errand_waiter(other.core_, std::move(other.errand_), other.where_)
    {}

    ~errand_waiter();

protected:
    void start();

    /// Its end is on the way then, in one way or the other: completion wins.
    void on_cancel() { errand_->cancel(); }

    void describe_to(std::string& text) const { text = errand_->description(); }

    template <class Signature>
    std::tuple<> results() const noexcept
    {
        return {};
    }

private:
    std::shared_ptr<errand> errand_;
    std::shared_ptr<arrival> arrival_; // while the errand is under way
};

class errand_waiter::arrival final : public recipient,
                                     public std::enable_shared_from_this<arrival> {
public:
    arrival(loop_core& core, errand_waiter& at)
        : at_(&at)
        , mail_(&core.mail())
    {}

    void errand_ended() noexcept override
    {
        mail_->post([self = shared_from_this()] { self->wake(); });
    }

    void forget() noexcept { at_ = nullptr; }

private:
    void wake()
    {
        if (!at_)
            return;
        errand_waiter& waiter = *std::exchange(at_, nullptr);
        waiter.arrival_.reset();
        const auto complete = [&waiter] { waiter.complete(); };
        waiter.core_->run_step(nullptr, complete);
    }

    errand_waiter* at_; // the loop's thread only; null once it is gone
    mailbox_ptr mail_;
};

inline void errand_waiter::start()
{
    arrival_ = std::make_shared<arrival>(*core_, *this);
    core_->make_pending(*this);
    errand_->begin(arrival_);
}

/// Its loop dies, and the frame that waits.
inline errand_waiter::~errand_waiter()
{
    if (!arrival_)
        return;
    arrival_->forget();
    errand_->cancel();
}

/// A handler waits for an errand; `Call` gives it the outcome, on its own executor.
template <class Handler, class Call>
class handler_recipient final
    : public recipient,
      public std::enable_shared_from_this<handler_recipient<Handler, Call>> {
    using executor_type = asio::associated_executor_t<Handler, asio::any_io_executor>;

public:
    handler_recipient(Handler&& handler, Call call, const asio::any_io_executor& otherwise)
        : handler_(std::move(handler))
        , call_(std::move(call))
        , work_(asio::get_associated_executor(handler_, otherwise))
    {}

    void errand_ended() noexcept override
    {
        asio::post(work_.get_executor(), [self = this->shared_from_this()]() mutable {
            Handler handler(std::move(self->handler_));
            const Call call(std::move(self->call_));
            self.reset(); // its memory is free when the handler is called
            call(std::move(handler));
        });
    }

private:
    Handler handler_;
    Call call_;
    asio::executor_work_guard<executor_type> work_;
};

/// What a cancellation slot holds for an errand, which it does not keep alive.
class errand_canceller {
public:
    explicit errand_canceller(const std::shared_ptr<errand>& e) noexcept
        : errand_(e)
    {}

    void operator()(asio::cancellation_type) const
    {
        if (const auto e = errand_.lock())
            e->cancel();
    }

private:
    std::weak_ptr<errand> errand_;
};

/// `call(handler)` on the handler's executor, or on `otherwise` if it has none, once `e` has ended.
template <class Handler, class Call>
void begin_errand(
    const std::shared_ptr<errand>& e,
    Handler handler,
    Call call,
    const asio::any_io_executor& otherwise
)
{
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected())
        slot.template emplace<errand_canceller>(e);
    using recipient_type = handler_recipient<Handler, Call>;
    const auto allocator =
        asio::get_associated_allocator(handler, asio::recycling_allocator<void>());
    e->begin(std::allocate_shared<recipient_type>(
        allocator, std::move(handler), std::move(call), otherwise
    ));
}

/// Begins an errand and waits for its end, in a task or in any other coroutine.
inline awaitable<void> carry_out(std::shared_ptr<errand> e, std::source_location where)
{
    const auto state = co_await asio::this_coro::cancellation_state;
    if (running_task(state)) {
        co_await request_wait<errand_waiter>(current.loop, e, where);
    } else {
        const asio::any_io_executor here = co_await asio::this_coro::executor;
        const auto initiate = [&e, &here](auto handler) {
            const auto call = [](auto waiting) { std::move(waiting)(); };
            begin_errand(e, std::move(handler), call, here);
        };
        auto wait = asio::async_initiate<const asio::deferred_t, void()>(initiate, asio::deferred);
        co_await std::move(wait);
    }
    e->throw_if_failed();
}

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
class visit final : public errand, public std::enable_shared_from_this<visit<T, F>> {
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

    template <class Handler>
    void
    operator()(Handler handler, F f, strand_type strand, std::shared_ptr<guarded<T>> where) const
    {
        using R = visit_result_t<F, T>;
        const asio::any_io_executor otherwise = strand.get_inner_executor();
        const auto call =
            std::make_shared<visit<T, F>>(std::move(strand), std::move(where), std::move(f));
        const auto deliver = [call](auto waiting) {
            std::exception_ptr error = call->result.exception();
            if (call->error())
                error = std::make_exception_ptr(system_error(call->error()));
            if constexpr (std::is_void_v<R>)
                std::move(waiting)(std::move(error));
            else if (error)
                std::move(waiting)(std::move(error), R{});
            else
                std::move(waiting)(std::move(error), std::move(call->result).get());
        };
        begin_errand(call, std::move(handler), deliver, otherwise);
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
    co_await detail::carry_out(visit, where);
    co_return std::move(visit->result).get();
}

template <class T>
template <std::invocable<T&> F, class Token>
auto shared_state<T>::async_with(F f, Token&& token)
{
    detail::check_visitor<F, T>();
    using R = detail::visit_result_t<F, T>;
    using initiation = detail::visit_initiation<T, F>;
    if constexpr (std::is_void_v<R>)
        return asio::async_initiate<Token, void(std::exception_ptr)>(
            initiation{}, token, std::move(f), strand_, guarded_
        );
    else
        return asio::async_initiate<Token, void(std::exception_ptr, R)>(
            initiation{}, token, std::move(f), strand_, guarded_
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

} // namespace rill
