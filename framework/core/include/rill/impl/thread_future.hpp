// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/thread_future.hpp>

namespace rill::RILL_FORM {

namespace detail {

/// What a thread_future and its thread_promise share.
template <class T>
class thread_state {
public:
    /// The loop that is to set the result, if it is one: its thread cannot wait.
    void set_by(mailbox_ptr loop) { set_by_ = std::move(loop); }

    bool start()
    {
        const std::lock_guard lock(mutex_);
        if (phase_ == open)
            phase_ = begun;
        return phase_ == begun;
    }

    /// False if it has ended already.
    bool end(outcome<T> result)
    {
        return end_if([this] { return phase_ < ended; }, std::move(result), ended);
    }

    bool cancel(std::exception_ptr why)
    {
        outcome<T> result;
        result.set_exception(std::move(why));
        return end_if([this] { return phase_ == open; }, std::move(result), cancelled);
    }

    bool was_cancelled() const
    {
        const std::lock_guard lock(mutex_);
        return phase_ == cancelled || (phase_ == ended && result_.cancelled());
    }

    bool cancelled_by_request() const
    {
        const std::lock_guard lock(mutex_);
        return phase_ == cancelled;
    }

    bool done() const
    {
        const std::lock_guard lock(mutex_);
        return phase_ >= ended;
    }

    /// `f()` is called when it has ended, on the thread that ends it, or here and now.
    void on_end(std::function<void()> f)
    {
        {
            const std::lock_guard lock(mutex_);
            if (phase_ < ended)
                told_.push_back(std::exchange(f, nullptr));
        }
        if (f)
            f();
    }

    bool wait(duration d) const
    {
        if (done())
            return true;
        if (set_by_ && set_by_->runs_here())
            throw std::logic_error("rill::thread_future: this thread runs the loop that is to set "
                                   "the result, and must "
                                   "not block: await wrap_future() or a task");
        std::unique_lock lock(mutex_);
        const auto has_ended = [this] { return phase_ >= ended; };
        const time_point until = deadline_after(clock::now(), d);
        if (until == never)
            changed_.wait(lock, has_ended);
        else
            changed_.wait_until(lock, until, has_ended);
        return has_ended();
    }

    /// To be called once it has ended.
    T take()
    {
        const std::lock_guard lock(mutex_);
        if constexpr (std::is_void_v<T>)
            result_.get();
        else if constexpr (std::copy_constructible<T>)
            return std::as_const(result_).get();
        else
            return std::move(result_).get();
    }

    /// The same with the exception. Only where nobody else asks for it.
    outcome<T> take_whole()
    {
        const std::lock_guard lock(mutex_);
        return std::move(result_);
    }

    outcome<T> take_outcome()
    {
        outcome<T> copy;
        try {
            if constexpr (std::is_void_v<T>) {
                take();
                copy.set_value();
            } else {
                copy.set_value(take());
            }
        } catch (...) {
            copy.set_exception(std::current_exception());
        }
        return copy;
    }

private:
    enum phase : char {
        open,      // may be cancelled
        begun,     // runs to its end
        ended,     // has an outcome
        cancelled, // has a cancelled_error, and takes no other outcome
    };

    template <class Condition>
    bool end_if(Condition may_end, outcome<T> result, phase next)
    {
        std::vector<std::function<void()>> told;
        {
            const std::lock_guard lock(mutex_);
            if (!may_end())
                return false;
            result_ = std::move(result);
            phase_ = next;
            told.swap(told_);
        }
        changed_.notify_all();
        for (const auto& f : told)
            f();
        return true;
    }

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    phase phase_ = open;
    outcome<T> result_;
    std::vector<std::function<void()>> told_;
    mailbox_ptr set_by_; // set before others see the state
};

/// False if it was cancelled before; an outcome cannot be set twice.
template <class T>
bool end_once(thread_state<T>& state, outcome<T> result)
{
    if (state.end(std::move(result)))
        return true;
    if (!state.cancelled_by_request())
        throw invalid_state("rill::thread_promise: it has an outcome already");
    return false;
}

struct thread_access {
    template <class T>
    static thread_future<T> future(std::shared_ptr<thread_state<T>> state)
    {
        return thread_future<T>(std::move(state));
    }

    template <class T>
    static const std::shared_ptr<thread_state<T>>& state(const thread_future<T>& f)
    {
        return referent(f.state_, "this thread_future");
    }

    template <class T>
    static const std::shared_ptr<thread_state<T>>& state(const thread_promise<T>& p)
    {
        return referent(p.state_, "this thread_promise");
    }
};

} // namespace detail

template <class T>
T thread_future<T>::get() const
{
    auto& state = *detail::thread_access::state(*this);
    state.wait(forever);
    return state.take();
}

template <class T>
T thread_future<T>::get(duration d) const
{
    auto& state = *detail::thread_access::state(*this);
    if (!state.wait(d))
        throw timeout_error("rill::thread_future: no result within " + detail::text_of(d));
    return state.take();
}

template <class T>
bool thread_future<T>::wait(duration d) const
{
    return detail::thread_access::state(*this)->wait(d);
}

template <class T>
bool thread_future<T>::cancel(std::string message) const
{
    auto why =
        message.empty() ? nullptr : detail::make_reason(cancel_origin::request, std::move(message));
    return detail::thread_access::state(*this)->cancel(
        std::make_exception_ptr(cancelled_error(std::move(why)))
    );
}

template <class T>
bool thread_future<T>::done() const
{
    return detail::thread_access::state(*this)->done();
}

template <class T>
bool thread_future<T>::cancelled() const
{
    return detail::thread_access::state(*this)->was_cancelled();
}

template <class T>
thread_promise<T>::thread_promise()
    : state_(std::make_shared<detail::thread_state<T>>())
{}

template <class T>
thread_promise<T>::~thread_promise()
{
    if (!state_ || state_->done())
        return;
    outcome<T> none;
    none.set_exception(std::make_exception_ptr(
        invalid_state("rill::thread_future: what was to set the result is gone, a loop perhaps")
    ));
    state_->end(std::move(none));
}

template <class T>
thread_promise<T>& thread_promise<T>::operator=(thread_promise&& other) noexcept
{
    const thread_promise replaced(std::move(*this));
    state_ = std::move(other.state_);
    return *this;
}

template <class T>
thread_future<T> thread_promise<T>::get_future() const
{
    return detail::thread_access::future(detail::thread_access::state(*this));
}

template <class T>
bool thread_promise<T>::start()
{
    return detail::thread_access::state(*this)->start();
}

template <class T>
template <class... Args>
bool thread_promise<T>::set_result(Args&&... value)
{
    outcome<T> result;
    result.set_value(std::forward<Args>(value)...);
    return detail::end_once(*detail::thread_access::state(*this), std::move(result));
}

template <class T>
bool thread_promise<T>::set_exception(std::exception_ptr error)
{
    outcome<T> result;
    result.set_exception(std::move(error));
    return detail::end_once(*detail::thread_access::state(*this), std::move(result));
}

template <class T>
future<T> wrap_future(thread_future<T> from, std::source_location place)
{
    detail::loop_core& core = detail::loop_core::running();
    const auto state = detail::thread_access::state(from);
    future<T> bridge(core.executor(), place);
    const auto at = std::make_shared<detail::delivery_slot<future<T>>>();
    auto arrival = std::make_unique<detail::delivery_target<future<T>>>(bridge, at);
    bridge.add_done_callback([arrival = std::move(arrival), from](const future<T>& ended) {
        if (ended.cancelled())
            from.cancel();
    });
    state->on_end([at, weak = std::weak_ptr(state), mail = detail::mailbox_ptr(&core.mail())] {
        mail->post([at, state = weak.lock()] {
            if (at->to)
                detail::hand_over(state->take_outcome(), *at->to);
        });
    });
    return bridge;
}

namespace detail {

/// An outcome that a loop owes to another thread. Dropped, it says that the loop has ended.
template <class T>
class owed_outcome {
public:
    explicit owed_outcome(std::shared_ptr<thread_state<T>> to) noexcept
        : to_(std::move(to))
    {}

    owed_outcome(owed_outcome&&) noexcept = default;

    ~owed_outcome()
    {
        if (to_)
            fail(std::make_exception_ptr(system_error(errc::loop_ended)));
    }

    thread_state<T>* operator->() const noexcept { return to_.get(); }

    void fail(std::exception_ptr error) const
    {
        if (!to_)
            return;
        outcome<T> failed;
        failed.set_exception(std::move(error));
        to_->end(std::move(failed));
    }

private:
    std::shared_ptr<thread_state<T>> to_;
};

/// When a task that another thread has sent, and cancels, has ended for that thread.
enum class cancelled_end : char {
    at_once, // whatever the task does then
    of_task, // once it has ended, if it has begun; it may give a value still
};

/// A task on the loop of another thread, as the thread that sends it holds it.
template <class T>
struct sent_task {
    void cancel(const char* why) const
    {
        mail->post([at = at, why] {
            if (at->to)
                at->to->cancel(why);
        });
    }

    mailbox_ptr mail;
    cancelled_end when_cancelled;
    std::shared_ptr<thread_state<T>> result = std::make_shared<thread_state<T>>();
    delivery_slot_ptr<task<T>> at = std::make_shared<delivery_slot<task<T>>>();
};

/// Starts it. Made in one thread and called, or destroyed, in the loop's.
template <class T>
class sent_start {
public:
    sent_start(
        loop_core& core, const sent_task<T>& sent, awaitable<T> body, std::source_location place
    )
        : core_(&core)
        , when_cancelled_(sent.when_cancelled)
        , owed_(sent.result)
        , at_(sent.at)
        , body_(std::move(body))
        , place_(place)
    {}

    sent_start(sent_start&&) noexcept = default;

    /// Its loop is gone, or nobody wants it any more.
    ~sent_start() { const never_missed<awaitable<T>> dropped(body_); }

    void operator()()
    {
        if (core_->mail().closed() || !wanted())
            return;
        try {
            start();
        } catch (const fatal_error&) { // of an eager first step: the loop's run ends with it
            throw;
        } catch (...) {
            const auto error = std::current_exception();
            core_->report({"a coroutine from another thread could not be started", error});
            owed_.fail(error);
        }
    }

private:
    /// False if it was cancelled meanwhile.
    bool wanted() const
    {
        return when_cancelled_ == cancelled_end::at_once ? !owed_->done() : owed_->start();
    }

    void start()
    {
        const task<T> started = create_task(core_->executor(), std::move(body_), {}, place_);
        auto running = std::make_unique<delivery_target<task<T>>>(started, at_);
        started.add_done_callback([running = std::move(running),
                                   owed = std::move(owed_)](const task<T>& ended) {
            outcome<T> result;
            if (auto error = handle_access::state(ended)->take_error())
                result.set_exception(std::move(error));
            else if constexpr (std::is_void_v<T>)
                result.set_value();
            else
                result.set_value(take_result(ended, true));
            owed->end(std::move(result));
        });
    }

    loop_core* core_; // named in the other thread, used in the loop's
    cancelled_end when_cancelled_;
    owed_outcome<T> owed_;
    delivery_slot_ptr<task<T>> at_;
    awaitable<T> body_;
    std::source_location place_;
};

template <class T>
thread_future<T> start_threadsafe(
    loop_core* core, const mailbox_ptr& mail, awaitable<T> body, std::source_location place
)
{
    check_body(body);
    if (!mail)
        refuse_closed_loop();
    const sent_task<T> sent{mail, cancelled_end::at_once};
    sent.result->set_by(mail);
    // The state refers to itself in no way, or it would keep itself alive.
    sent.result->on_end([mail, at = sent.at, weak = std::weak_ptr(sent.result)] {
        const auto ended = weak.lock();
        if (ended && ended->was_cancelled())
            sent_task<T>{mail, cancelled_end::at_once, ended, at}.cancel(
                "its thread_future was cancelled"
            );
    });
    sent_start<T> start(*core, sent, std::move(body), place);
    if (!call_from_any_thread(*core, mail, std::move(start), place)) // with this thread's context
        refuse_closed_loop();
    return thread_access::future(sent.result);
}

} // namespace detail

template <class T>
thread_future<T>
run_coroutine_threadsafe(const loop& target, awaitable<T> body, std::source_location place)
{
    return detail::start_threadsafe(
        detail::loop_access::address(target),
        detail::loop_access::mail(target),
        std::move(body),
        place
    );
}

template <coroutine_function F>
auto run_coroutine_threadsafe(const loop& target, F body, std::source_location place)
{
    return run_coroutine_threadsafe(target, detail::call_stored(std::move(body)), place);
}

template <class T>
thread_future<T> run_coroutine_threadsafe(
    const asio::any_io_executor& ex, awaitable<T> body, std::source_location place
)
{
    detail::loop_core& core = detail::loop_core::of(ex);
    return detail::start_threadsafe(
        &core, detail::mailbox_ptr(&core.mail()), std::move(body), place
    );
}

template <coroutine_function F>
auto run_coroutine_threadsafe(const asio::any_io_executor& ex, F body, std::source_location place)
{
    return run_coroutine_threadsafe(ex, detail::call_stored(std::move(body)), place);
}

} // namespace rill::RILL_FORM
