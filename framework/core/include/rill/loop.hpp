// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/loop_core.hpp>
#include <rill/exception_context.hpp>
#include <rill/task.hpp>

#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace rill {

/// A callback that a loop has been asked to call. Mirrors asyncio.Handle and TimerHandle.
///
/// Dropping it does not cancel it. Belongs to the loop's thread.
class handle {
public:
    /// It will not be called; the callable and what it holds are destroyed now. Harmless when it
    /// has been called or cancelled already.
    void cancel() noexcept;

    bool cancelled() const noexcept;

    /// When it is due; the time of the call itself for call_soon.
    time_point when() const noexcept;

private:
    friend class loop;
    class node;
    template <class F>
    class node_of;

    explicit handle(std::shared_ptr<node> n) noexcept
        : node_(std::move(n))
    {}

    std::shared_ptr<node> node_;
};

/// The event loop: an io_context and what asyncio adds to one. Mirrors asyncio's event loop.
///
/// It owns an io_context, or is a view of yours: everything that Rill keeps for a loop lives in
/// the io_context itself, so several views of one are the same loop. Nothing of Rill needs this
/// class; a program that has an io_context can go on without it.
/// Thread safety: one thread at a time, except call_soon_threadsafe.
class loop {
public:
    loop();                                 ///< Owns its io_context.
    explicit loop(asio::io_context& adopt); ///< A view; `adopt` must outlive it.

    asio::io_context& context() noexcept;
    asio::io_context::executor_type get_executor() noexcept;

    /// The loop's clock. Mirrors loop.time().
    time_point time() const noexcept;

    /// `f()` is called once, after everything that is ready now. An exception that leaves it goes
    /// to the exception handler.
    template <class F>
    handle call_soon(F f);

    /// Not before `d` has passed; equal deadlines in the order in which they were set.
    template <class F>
    handle call_later(duration d, F f);
    template <class F>
    handle call_at(time_point t, F f);

    /// As call_soon, from any thread; it wakes a loop that waits.
    template <class F>
    void call_soon_threadsafe(F f);

    /// Runs until `main` has ended, and gives its result. Not to be called while a loop runs on
    /// this thread. Tasks that are left stay, and go on with the next run.
    template <class T>
    T run_until_complete(awaitable<T> main);
    template <class T>
    T run_until_complete(task<T> main);

    /// Runs until stop(). Mirrors loop.run_forever.
    void run_forever();

    /// Ends the run after the current step; what is ready stays for the next run.
    void stop();

    /// Cancels every task and runs until all have ended. Their errors go to the exception handler.
    void cancel_all_tasks();

    /// Called for each error that nobody is left to catch; empty restores the default, one line on
    /// standard error. A handler that throws is reported itself.
    void set_exception_handler(exception_handler handler);
    const exception_handler& get_exception_handler() const noexcept;
    void call_exception_handler(const exception_context& context) noexcept;

private:
    template <class F>
    void post(F f);
    template <class Run>
    void run_exclusively(Run run);
    void run_until_ended(detail::task_state& task);

    std::unique_ptr<asio::io_context> owned_;
    detail::loop_core* core_;
};

/// The loop that this thread runs; std::logic_error where there is none. Mirrors
/// asyncio.get_running_loop.
loop this_loop();

// Implementation

/// Owned by the loop until it has run, and by its handles. A cancelled one leaves its queue.
class handle::node : public detail::ready_node, public detail::timer_node {
public:
    node(detail::loop_core& core, time_point when) noexcept
        : ready_node(&on_act)
        , timer_node(&on_due)
        , core_(core)
        , when_(when)
    {}

    virtual ~node() = default;

    void start_soon(std::shared_ptr<node> self)
    {
        self_ = std::move(self);
        core_.make_ready(*this);
    }

    void start_later(std::shared_ptr<node> self)
    {
        self_ = std::move(self);
        core_.make_pending(*this);
        core_.arm(*this, when_);
    }

    void cancel() noexcept
    {
        if (!self_)
            return;
        const auto keep = std::move(self_);
        cancelled_ = true;
        core_.disarm(*this);
        core_.forget(*this);
        drop_callable();
    }

    bool cancelled() const noexcept { return cancelled_; }

    time_point when() const noexcept { return when_; }

private:
    virtual void call() = 0;
    virtual void drop_callable() noexcept = 0;

    static void on_due(timer_node& t)
    {
        auto& self = static_cast<node&>(t);
        self.core_.make_ready(self);
    }

    static void on_act(ready_node& n, detail::act what)
    {
        auto& self = static_cast<node&>(n);
        const auto keep = std::move(self.self_);
        if (what == detail::act::run)
            self.call();
        self.drop_callable();
    }

    detail::loop_core& core_;
    time_point when_;
    std::shared_ptr<node> self_; // set while the loop owes the call
    bool cancelled_ = false;
};

template <class F>
class handle::node_of final : public node {
public:
    node_of(detail::loop_core& core, time_point when, F f)
        : node(core, when)
        , core_(core)
        , f_(std::move(f))
    {}

private:
    void call() override
    {
        try {
            std::move (*f_)();
        } catch (...) {
            core_.report({"exception in a callback", std::current_exception(), {}});
        }
    }

    void drop_callable() noexcept override { f_.reset(); }

    detail::loop_core& core_;
    std::optional<F> f_;
};

inline void handle::cancel() noexcept
{
    node_->cancel();
}

inline bool handle::cancelled() const noexcept
{
    return node_->cancelled();
}

inline time_point handle::when() const noexcept
{
    return node_->when();
}

inline loop::loop()
    : owned_(std::make_unique<asio::io_context>(1))
    , core_(&detail::loop_core::of(*owned_))
{}

inline loop::loop(asio::io_context& adopt)
    : core_(&detail::loop_core::of(adopt))
{}

inline asio::io_context& loop::context() noexcept
{
    return core_->io();
}

inline asio::io_context::executor_type loop::get_executor() noexcept
{
    return core_->executor();
}

inline time_point loop::time() const noexcept
{
    return core_->now();
}

namespace detail {

template <class F>
constexpr void check_callback()
{
    using result = std::invoke_result_t<F&&>;
    static_assert(
        !is_awaitable<result>,
        "a callback cannot be a coroutine, it would never run: use create_task"
    );
}

} // namespace detail

template <class F>
handle loop::call_soon(F f)
{
    detail::check_callback<F>();
    auto node = std::make_shared<handle::node_of<F>>(*core_, core_->now(), std::move(f));
    node->start_soon(node);
    return handle(node);
}

template <class F>
handle loop::call_later(duration d, F f)
{
    return call_at(detail::deadline_after(core_->now(), d), std::move(f));
}

template <class F>
handle loop::call_at(time_point t, F f)
{
    detail::check_callback<F>();
    auto node = std::make_shared<handle::node_of<F>>(*core_, t, std::move(f));
    node->start_later(node);
    return handle(node);
}

template <class F>
void loop::call_soon_threadsafe(F f)
{
    detail::check_callback<F>();
    if (detail::current.loop == core_) {
        call_soon(std::move(f));
        return;
    }
    asio::post(core_->io(), [core = core_, f = std::move(f)]() mutable {
        loop(core->io()).call_soon(std::move(f));
    });
}

/// One loop at a time runs on a thread.
template <class Run>
void loop::run_exclusively(Run run)
{
    if (detail::current.loop)
        throw std::logic_error("rill::loop: a loop is running on this thread already");
    const detail::step_scope step(core_, nullptr);
    core_->move_to_this_thread();
    core_->io().restart();
    run();
}

inline void loop::run_forever()
{
    run_exclusively([this] {
        const auto work = asio::make_work_guard(core_->io());
        core_->io().run();
    });
}

inline void loop::stop()
{
    core_->io().stop();
}

inline void loop::run_until_ended(detail::task_state& task)
{
    run_exclusively([&] {
        task.on_end = [](detail::task_state&, void* io) {
            static_cast<asio::io_context*>(io)->stop();
        };
        task.on_end_argument = &core_->io();
        if (!task.done())
            core_->io().run();
        task.on_end = nullptr;
    });
    if (!task.done())
        throw std::logic_error("rill::loop: it was stopped before the task had ended");
}

template <class T>
T loop::run_until_complete(task<T> main)
{
    run_until_ended(detail::data_of(main));
    return main.result();
}

template <class T>
T loop::run_until_complete(awaitable<T> main)
{
    if (detail::current.loop)
        throw std::logic_error("rill::loop: a loop is running on this thread already");
    const task<T> t = create_task(get_executor(), std::move(main), "main");
    auto& data = detail::data_of(t);
    run_until_ended(data);
    data.mark_retrieved();
    return std::move(data).value();
}

inline void loop::cancel_all_tasks()
{
    if (core_->tasks().empty())
        return;
    core_->tasks().for_each([](detail::task_state& task) { task.request_cancel(); });
    run_exclusively([this] {
        while (!core_->tasks().empty())
            core_->io().run_one();
    });
}

inline void loop::set_exception_handler(exception_handler handler)
{
    core_->set_exception_handler(std::move(handler));
}

inline const exception_handler& loop::get_exception_handler() const noexcept
{
    return core_->get_exception_handler();
}

inline void loop::call_exception_handler(const exception_context& context) noexcept
{
    core_->report(context);
}

inline loop this_loop()
{
    return loop(detail::loop_core::running().io());
}

} // namespace rill
