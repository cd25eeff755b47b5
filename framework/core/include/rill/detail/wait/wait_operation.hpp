// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/asio_coroutine.hpp>
#include <rill/detail/loop/task_executor.hpp>
#include <rill/detail/wait/handler_work.hpp>
#include <rill/detail/wait/operation.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/associated_immediate_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/recycling_allocator.hpp>

#include <cassert>
#include <memory>
#include <new>
#include <string>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM::detail {

/// Calls a handler on an executor that is not the loop's.
template <class Executor, class Handler, class Results>
void dispatch_results(const Executor& ex, Handler&& handler, Results&& results)
{
    const auto allocator = asio::get_associated_allocator(handler);
    auto call = [handler = std::forward<Handler>(handler),
                 results = std::forward<Results>(results)]() mutable {
        std::apply(std::move(handler), std::move(results));
    };
    asio::dispatch(ex, asio::bind_allocator(allocator, std::move(call)));
}

/// A waiter that has begun to wait, as those see it who only know operation.
template <class Waiter>
class typed_operation : public Waiter {
public:
    /// Why it ended, once it has.
    error_code failure() const noexcept
    {
        if constexpr (requires { Waiter::why(); })
            return Waiter::why();
        else
            return this->error();
    }

    /// Throws that, in the coroutine that waited: a cancelled_error where it was told to stop, and
    /// where what it waited for has failed, or gone, a system_error or what the waiter knows better.
    void throw_if_failed()
    {
        constexpr bool knows_better = requires { Waiter::why(); };
        if (knows_better || this->failed()) [[unlikely]]
            throw_why();
    }

    /// The arguments of a handler.
    template <class Signature>
    auto results()
    {
        return results_for(static_cast<Signature*>(nullptr));
    }

    /// Throws if a task is about to wait for something of another loop, which is another thread's,
    /// or another coroutine for what another thread is busy with.
    void check_loop() const
    {
        if (!this->core_)
            return;
        if (current.task) {
            if (current.task->core() != this->core_)
                this->core_->refuse_task_of_another_loop(text());
        } else if (this->core_->busy_elsewhere()) {
            this->core_->refuse_second_thread(text());
        }
    }

protected:
    using Waiter::Waiter;

    explicit typed_operation(Waiter&& waiter)
        : Waiter(std::move(waiter))
    {}

    /// A task has this wait if it is its own coroutine that waits. Whatever else runs on a task's
    /// executor, a callback or what it has co_spawned, may outlive the task.
    template <class Coroutine>
    bool wait_in_task_of(const Coroutine& known_by) noexcept
    {
        task_state* const task = current.task;
        if (!task || !task->is_coroutine(known_by))
            return false;
        this->task_ = task;
        task->waiting = this;
        return true;
    }

    void leave_task() noexcept
    {
        if (this->task_ && this->task_->waiting == this)
            this->task_->waiting = nullptr;
    }

    typed_operation(typed_operation&&) = default;

    std::string text() const
    {
        std::string what;
        Waiter::describe_to(what);
        return what;
    }

    void tell(act what)
    {
        if (what == act::cancel)
            Waiter::on_cancel();
        else if (what == act::due)
            this->complete();
        else if (what == act::describe)
            Waiter::describe_to(*describing);
    }

private:
    /// Apart from the coroutine, in whose frame there would be room for what is in here.
    [[gnu::noinline]] void throw_why()
    {
        const error_code ec = failure();
        if (!ec)
            return;
        if constexpr (requires { Waiter::explain(); })
            Waiter::explain();
        throw_failure(ec, this->told_ || (this->task_ && this->task_->next_wait_throws()));
    }

    static std::tuple<> results_for(void (*)()) noexcept { return {}; }

    std::tuple<error_code> results_for(void (*)(error_code)) const noexcept { return {failure()}; }

    template <class T>
    std::tuple<error_code, T> results_for(void (*)(error_code, T))
    {
        const error_code ec = failure();
        if (!ec)
            return {ec, Waiter::take()};
        if constexpr (requires { Waiter::partial(); })
            return {ec, Waiter::partial()};
        else
            return {ec, T()};
    }
};

/// An operation whose handler lives in memory from the handler's associated allocator.
template <class Signature, class Waiter, class Handler>
class allocated_operation final : typed_operation<Waiter> {
    using executor_type = asio::associated_executor_t<Handler, loop_executor>;
    using allocator_type = asio::associated_allocator_t<Handler, asio::recycling_allocator<void>>;
    using own_allocator =
        typename std::allocator_traits<allocator_type>::template rebind_alloc<allocated_operation>;

public:
    template <class H>
    static void start(Waiter&& waiter, H&& handler)
    {
        own_allocator allocator(
            asio::get_associated_allocator(handler, asio::recycling_allocator<void>())
        );
        auto* memory = std::allocator_traits<own_allocator>::allocate(allocator, 1);
        allocated_operation* op = nullptr;
        try {
            op = ::new (memory) allocated_operation(std::move(waiter), std::forward<H>(handler));
            op->begin();
        } catch (...) {
            if (op)
                op->drop();
            else
                std::allocator_traits<own_allocator>::deallocate(allocator, memory, 1);
            throw;
        }
        if constexpr (requires { typename Handler::immediate_executor_type; })
            if (op->ready())
                op->complete_immediately();
    }

private:
    template <class H>
    allocated_operation(Waiter&& waiter, H&& handler)
        : typed_operation<Waiter>(std::move(waiter))
        , handler_(std::forward<H>(handler))
        , work_(asio::get_associated_executor(handler_, this->core_->executor()))
    {
        this->action_ = &on_act;
        here_ = home_of(*this->core_, work_.get_executor()).here;
    }

    void begin()
    {
        const auto slot = asio::get_associated_cancellation_slot(handler_);
        this->link_slot(slot);
        this->wait_in_task_of(slot);
        Waiter::start();
    }

    static void on_act(ready_node& node, act what)
    {
        auto& self = static_cast<allocated_operation&>(node);
        if (what == act::run)
            self.finish();
        else if (what == act::drop)
            self.drop();
        else
            self.tell(what);
    }

    void finish()
    {
        hook<in_line>::unlink();
        const bool here = here_;
        loop_core& core = *this->core_;
        auto results = this->template results<Signature>();
        take_apart([here, &core, &results](Handler handler, const auto& ex) {
            if (here) {
                step_into(home_of(core, ex).task);
                std::apply(std::move(handler), std::move(results));
            } else {
                dispatch_results(ex, std::move(handler), std::move(results));
            }
        });
    }

    void drop()
    {
        hook<in_line>::unlink();
        take_apart([](Handler, const auto&) {});
    }

    /// It was complete at once, and its handler asks to be called on an executor for that case.
    void complete_immediately()
    {
        hook<in_line>::unlink();
        hook<in_loop>::unlink();
        auto results = this->template results<Signature>();
        take_apart([&results](Handler handler, const auto& ex) {
            const auto immediate = asio::get_associated_immediate_executor(handler, ex);
            dispatch_results(immediate, std::move(handler), std::move(results));
        });
    }

    /// Gives the memory back before the handler is called, so that what it starts can use it.
    template <class Then>
    void take_apart(Then then)
    {
        Handler handler(std::move(handler_));
        const auto work = std::move(work_);
        own_allocator allocator(
            asio::get_associated_allocator(handler, asio::recycling_allocator<void>())
        );
        this->leave_task();
        this->~allocated_operation();
        std::allocator_traits<own_allocator>::deallocate(allocator, this, 1);
        then(std::move(handler), work.get_executor());
    }

    Handler handler_;
    handler_work<executor_type> work_;
    bool here_ = false;
};

/// What awaiting a Waiter's operation gives.
template <class Waiter>
struct taken {
    using type = void;
};

template <class Waiter>
    requires requires(Waiter& w) { w.take(); }
struct taken<Waiter> {
    using type = decltype(std::declval<Waiter&>().take());
};

/// An asynchronous operation over a `Waiter`: what the functions of primitives return.
///
/// Awaited, it lives in the frame of the awaiting coroutine and stores the handler and its place in
/// the line in itself: nothing is allocated or posted, and what is there already is taken without
/// a suspension. It throws its error, and gives what its Waiter's take() gives, if it has one. With
/// any completion token it is an operation of Asio's kind, and the waiter is moved to allocated
/// memory. For combinators it is a callable that gives a coroutine.
///
/// A Waiter derives from operation and has: start(), which completes or waits in a line; take(), if
/// there is a result; partial(), if a handler gets some of it beside an error; why(), where
/// operation's error() is not all that it may fail with; explain(), if it then throws an exception
/// that says more to a coroutine than the code does; try_now(), where it may be over without a
/// wait, with takes_lock if that is no reason to let others run; and on_cancel() where operation's
/// own is not right. It is movable as long as it has not started.
template <class Signature, class Waiter>
class [[nodiscard]] wait_operation : public typed_operation<Waiter> {
public:
    using rill_kind = awaited_tag;
    using result_type = typename taken<Waiter>::type;

    class awaiter;

    /// As a coroutine. The operation is used up.
    awaitable<result_type> operator()() { return run(std::move(*this)); }

    operator awaitable<result_type>() && { return run(std::move(*this)); }

    template <class... Args>
    explicit wait_operation(std::in_place_t, Args&&... args)
        : typed_operation<Waiter>(std::forward<Args>(args)...)
    {}

    wait_operation(wait_operation&& other) noexcept(std::is_nothrow_move_constructible_v<Waiter>)
        : typed_operation<Waiter>(static_cast<Waiter&&>(other))
    {}

    template <asio::completion_token_for<Signature> Token>
    auto operator()(Token&& token) &&
    {
        return std::move(*this).initiate(std::forward<Token>(token));
    }

    /// For any token; nothing of it stays in this object.
    template <class Token>
    auto initiate(Token&& token) &&
    {
        if (!this->core_)
            this->core_ = &loop_core::running();
        return asio::async_initiate<Token, Signature>(
            initiation{this->core_}, token, static_cast<Waiter&&>(*this)
        );
    }

    /// Starts the wait of a coroutine in whose frame this object is.
    template <class Handler>
    void start_in_place(Handler&& h)
    {
        static_assert(sizeof(Handler) <= awaiting_handler_size);
        assert(!this->ready() && "an operation is awaited once");
        if (this->wait_in_task_of(h.entry_point())) {
            if (!this->core_) // it was made where no loop ran
                this->core_ = this->task_->core();
            this->action_ = this->task_->has_own_executor() ? &on_act<Handler, whose::elsewhere>
                                                            : &on_act<Handler, whose::own>;
        } else {
            const auto ex = asio::get_associated_executor(h);
            if constexpr (requires { this->use_loop_of(ex); })
                this->use_loop_of(ex);
            const bool here = home_of(*this->core_, ex).here;
            this->action_ =
                here ? &on_act<Handler, whose::here> : &on_act<Handler, whose::elsewhere>;
            this->link_slot(asio::get_associated_cancellation_slot(h));
        }
        ::new (static_cast<void*>(handler_)) Handler(std::move(h));
        try {
            Waiter::start();
        } catch (...) { // the coroutine is suspended, and cannot be thrown at
            this->core_->report({"a wait could not begin", std::current_exception()});
            this->abort();
        }
    }

private:
    struct initiation {
        /// What Asio's own tokens, such as cancel_after, use where the handler has no executor.
        using executor_type = loop_executor;

        executor_type get_executor() const noexcept { return core->executor(); }

        loop_core* core;

        template <class Handler>
        void operator()(Handler&& handler, Waiter&& waiter) const
        {
            allocated_operation<Signature, Waiter, std::decay_t<Handler>>::start(
                std::move(waiter), std::forward<Handler>(handler)
            );
        }
    };

    static awaitable<result_type> run(wait_operation self) { co_return co_await std::move(self); }

    /// Where the coroutine that waits goes on.
    enum class whose {
        own,       // it is that of the task whose step this is, in the loop's turns
        here,      // in the loop's turns, as a step of its executor's task if that has not ended
        elsewhere, // on its own executor
    };

    /// Once the handler has been called, this object may be gone with the frame it was in.
    template <class Handler, whose Coroutine>
    static void on_act(ready_node& node, act what)
    {
        auto& self = static_cast<wait_operation&>(node);
        if (what != act::run && what != act::drop) {
            self.tell(what);
            return;
        }
        self.leave_task();
        self.hook<in_line>::unlink();
        auto* stored = std::launder(reinterpret_cast<Handler*>(self.handler_));
        Handler handler(std::move(*stored)); // nothing is left to be destroyed
        if (what == act::drop)
            return;
        if constexpr (Coroutine == whose::own) {
            std::move(handler)();
        } else {
            const auto ex = asio::get_associated_executor(handler);
            if constexpr (Coroutine == whose::here) {
                step_into(home_of(*self.core_, ex).task);
                std::move(handler)();
            } else {
                dispatch_results(ex, std::move(handler), std::tuple<>());
            }
        }
    }

    alignas(void*) unsigned char handler_[awaiting_handler_size];
};

/// The operation stays where it is: a temporary lives in the frame of the coroutine that awaits it, and
/// lasts as long as the co_await.
template <class Signature, class Waiter>
class wait_operation<Signature, Waiter>::awaiter {
public:
    explicit awaiter(wait_operation&& operation) noexcept
        : operation_(operation)
    {}

    bool ready()
    {
        if constexpr (requires { operation_.try_now(); })
            if (has_share() && operation_.try_now())
                return true;
        operation_.check_loop();
        return false;
    }

    template <class Handler>
    void start(Handler&& handler)
    {
        operation_.start_in_place(std::forward<Handler>(handler));
    }

    result_type get()
    {
        operation_.throw_if_failed();
        if constexpr (!std::is_void_v<result_type>)
            return operation_.take();
    }

private:
    /// A lock that is free is taken without more ado: whoever has it goes on to do something.
    bool has_share() noexcept
    {
        if constexpr (requires { typename Waiter::takes_lock; })
            return true;
        else
            return loop_core::spend();
    }

    wait_operation& operation_;
};

/// For a wait inside of a coroutine of Rill's: `co_await request_wait<waiter>(args...)`.
template <class Waiter, class... Args>
wait_operation<void(), Waiter> request_wait(Args&&... args)
{
    return wait_operation<void(), Waiter>(std::in_place, std::forward<Args>(args)...);
}

} // namespace rill::RILL_FORM::detail
