// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/context_user.hpp>
#include <rill/detail/debug_watch.hpp>
#include <rill/detail/intrusive_list.hpp>
#include <rill/detail/live_generator.hpp>
#include <rill/detail/loop_meter.hpp>
#include <rill/detail/loop_observer.hpp>
#include <rill/detail/mailbox.hpp>
#include <rill/detail/noted_places.hpp>
#include <rill/detail/position.hpp>
#include <rill/detail/ready_node.hpp>
#include <rill/detail/timer_queue.hpp>
#include <rill/error.hpp>
#include <rill/exception_context.hpp>
#include <rill/random.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace rill {

class thread_pool;

} // namespace rill

namespace rill::detail {

struct in_tasks;   // tag: a place in the loop's list of all tasks
struct in_futures; // tag: and of all futures

class future_state;
class completion_state;
class held_object;
struct in_held_objects; // tag: a place in the loop's list of what tasks can hold

/// From here on this thread is in a step of `task`; null: of none.
void step_into(task_state* task) noexcept;

/// Sets the position for a step, and puts back what was there.
class step_scope {
public:
    step_scope(loop_core* loop, task_state* task) noexcept;

    ~step_scope() { current = before_; }

    step_scope(const step_scope&) = delete;
    step_scope& operator=(const step_scope&) = delete;

private:
    position before_;
};

/// Names a task for an executor. An executor may outlive its task (a socket made in one task and
/// used by another carries it), so it holds the slot and the generation that it was made for.
struct task_slot {
    task_state* task = nullptr;
    std::uint32_t generation = 0;
    task_slot* next_free = nullptr;
};

/// The event loop's own part of an io_context: the ready queue and the timer queue of DESIGN's
/// central mechanism, and a list of everything that is pending.
///
/// It is a service of the io_context, so there is one for each, found from any of its executors,
/// and it is shut down with it, before any handler is destroyed. One thread at a time runs it.
class loop_core final : public asio::execution_context::service {
public:
    using executor_type = asio::io_context::executor_type;

    static inline asio::execution_context::id id;

    static loop_core& of(asio::io_context& io)
    {
        if (current.loop && &current.loop->io() == &io)
            return *current.loop;
        return asio::use_service<loop_core>(io);
    }

    /// The loop behind an executor: an io_context's, a task's, or a strand of either.
    static loop_core& of(const asio::any_io_executor& ex);

    /// The loop that this thread runs; throws where there is none. Mirrors get_running_loop.
    static loop_core& running()
    {
        if (!current.loop)
            throw std::logic_error("rill: no loop is running on this thread");
        return *current.loop;
    }

    explicit loop_core(asio::execution_context& context)
        : service(context)
        , io_(static_cast<asio::io_context&>(context))
        , wakeup_(io_)
        , home_(std::this_thread::get_id())
        , mailbox_(new mailbox(io_))
    {
        // Older than this one as well: what outlives the loop hears of its end once nothing waits.
        asio::use_service<context_users>(context);
        forget_position_in_child();
        meter.begin_turn(now());
    }

    asio::io_context& io() const noexcept { return io_; }

    executor_type executor() const noexcept { return io_.get_executor(); }

    bool dead() const noexcept { return dead_; }

    /// A thread is inside one of rill::loop's own ways to run it.
    std::atomic<bool> being_run = false;

    /// Whether the caller may touch the loop's objects: it runs the loop, or no other thread has.
    bool on_home_thread() const noexcept
    {
        return current.loop == this ||
               home_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }

    void move_to_this_thread() noexcept
    {
        const auto here = std::this_thread::get_id();
        if (home_.load(std::memory_order_relaxed) != here)
            home_.store(here, std::memory_order_relaxed);
    }

    /// In debug mode, std::logic_error where another thread runs the loop.
    void check_caller() const
    {
        if (debug && run_elsewhere()) [[unlikely]]
            throw std::logic_error(
                "rill: another thread runs this loop; the ways in are call_soon_threadsafe and "
                "run_coroutine_threadsafe"
            );
    }

    /// The way in for other threads.
    mailbox& mail() const noexcept { return *mailbox_; }

    // The ready queue

    /// `node` runs in a later turn, after everything that is ready now. It leaves the pending list.
    void make_ready(ready_node& node)
    {
        node.unlink();
        node.ready_ = true;
        ready_.push_back(node);
        if (dead_)
            drop_ready();
        else if (!draining_)
            request_drain();
        else if (debug) [[unlikely]]
            check_thread();
    }

    /// `node` waits for somebody to make it ready.
    void make_pending(ready_node& node)
    {
        if (debug) [[unlikely]]
            check_thread();
        hold_work();
        pending_.push_back(node);
    }

    /// A step that comes from elsewhere, a socket's completion say, and then what it made ready: no
    /// further trip through the io_context is needed for that.
    template <class F>
    void run_step(task_state* task, F& f)
    {
        if (draining_) {
            const step_scope step(this, task);
            const step_count counted(*this, task, nullptr);
            std::move(f)();
            return;
        }
        ++meter.io;
        const drain_scope scope(*this);
        {
            const step_scope step(this, task);
            const step_count counted(*this, task, nullptr);
            std::move(f)();
        }
        run_ready();
    }

    /// `node` is not to run after all.
    void forget(ready_node& node) noexcept
    {
        node.unlink();
        node.ready_ = true;
        request_idle_check();
    }

    // The timer queue

    time_point now() const noexcept { return clock_ ? clock_->now() : clock::now(); }

    void arm(timer_node& node, time_point when)
    {
        if (when == never || dead_)
            return;
        timers_.add(node, when);
        if (!clock_ && when < wakeup_at_)
            wake_up_at(when);
    }

    void disarm(timer_node& node) noexcept
    {
        if (!node.armed())
            return;
        timers_.remove(node);
        if (timers_.empty())
            request_idle_check();
    }

    const timer_queue& timers() const noexcept { return timers_; }

    /// Fires the timers that are due, in order.
    void fire_due()
    {
        const drain_scope scope(*this);
        run_timers();
    }

    /// From now on `source` is the clock, or the real one again if null.
    void set_clock(const clock_source* source) noexcept
    {
        clock_ = source;
        wakeup_.cancel();
        wakeup_at_ = never;
        if (!clock_ && !timers_.empty())
            wake_up_at(timers_.next());
    }

    /// At most so many steps run between two looks at the sockets.
    void set_batch(unsigned steps) noexcept { batch_ = steps; }

    // Those who look on

    loop_meter meter;

    /// For "since when" of what begins now.
    time_point recently() const noexcept { return draining_ ? meter.turn_began() : now(); }

    std::size_t ready_count() const noexcept { return ready_.size(); }

    std::size_t pending_count() const noexcept { return pending_.size(); }

    void add_observer(loop_observer& o)
    {
        observers_.push_back(&o);
        watched_ = true;
    }

    void remove_observer(loop_observer& o) noexcept
    {
        std::replace(observers_.begin(), observers_.end(), &o, no_observer);
        if (telling_ == 0)
            forget_removed();
    }

    void forget_observers() noexcept
    {
        for (loop_observer*& o : observers_)
            o = no_observer;
        forget_removed();
    }

    bool observed() const noexcept { return !observers_.empty(); }

    /// In the order in which they were added. Observers may be added and removed meanwhile: who is
    /// removed hears nothing more, who is added hears the next event.
    void tell(loop_event event, task_state* task) noexcept
    {
        ++telling_;
        for (std::size_t i = 0, n = observers_.size(); i < n; ++i)
            if (loop_observer* const o = observers_[i])
                o->on(event, task);
        if (--telling_ == 0)
            forget_removed();
    }

    /// What the present step is, which is no task's: "the callback registered at orders.cpp:42".
    std::string describe_step()
    {
        std::string text = "a handler";
        if (stepping_) {
            describing = &text;
            stepping_->action_(*stepping_, act::describe);
        }
        return text;
    }

    /// The calls that registered it, in debug mode.
    std::string trace_of_step() const;

    /// What is ready runs in an order that `source` decides, or again in that of its coming if null.
    void shuffle(random_source* source) noexcept { shuffle_ = source; }

    /// Answers that other threads will give whatever happens: a clock that is the owner's own
    /// stands still until they are there.
    std::size_t expected_arrivals = 0;

    // Tasks

    intrusive_list<held_object, in_held_objects>& held_objects() noexcept { return held_objects_; }

    intrusive_list<task_state, in_tasks>& tasks() noexcept { return tasks_; }

    /// Those that have ended and still have handles, which may outlive the loop.
    intrusive_list<task_state, in_tasks>& ended_tasks() noexcept { return ended_tasks_; }

    /// Those that have not ended.
    std::size_t task_count() const noexcept { return task_count_; }

    task_slot& take_slot(task_state& task)
    {
        hold_work();
        ++task_count_;
        task_slot* slot = free_slots_;
        if (slot)
            free_slots_ = slot->next_free;
        else
            slot = &slots_.emplace_back();
        slot->task = &task;
        return *slot;
    }

    void give_back(task_slot& slot) noexcept
    {
        --task_count_;
        slot.task = nullptr;
        ++slot.generation;
        slot.next_free = std::exchange(free_slots_, &slot);
        if (tasks_.empty())
            request_idle_check();
    }

    std::uint64_t next_task_number() noexcept { return ++task_number_; }

    std::uint64_t last_task_number() const noexcept { return task_number_; }

    intrusive_list<future_state, in_futures>& futures() noexcept { return futures_; }

    intrusive_list<live_generator, in_generators>& generators() noexcept { return generators_; }

    void note_end(const task_state& task) noexcept;

    /// Delivers a cancellation. What it reaches may be further tasks, each of which passes it on;
    /// they are told one after another, so that a chain of any length needs no deep stack.
    void deliver(task_state& task, bool again);

    /// Counts the requests to stop that have gone round, from task to task.
    std::uint32_t round() const noexcept { return round_; }

    random_source random;
    std::function<void(task_state&)> task_factory;
    bool eager_tasks = false;

    /// Null while debug mode is off.
    debug_watch* debug = nullptr;

    void set_debug(std::unique_ptr<debug_watch> watch) noexcept
    {
        debug = watch.get();
        debug_.swap(watch); // the one before goes when the new one is in place
    }

    // What ends with the loop

    std::shared_ptr<thread_pool> default_executor; // made at its first use
    bool takes_jobs = true;                        // false once the default executor was shut down

    /// Ends Rill's part of an io_context that goes on: what waits in it is dropped, and tasks that
    /// wait for something of Asio's are cancelled. It may be used anew.
    void renew();

    /// Where operation::describe() wants its text.
    std::string* describing = nullptr;

    /// Where operation::waiting_task() wants its answer.
    task_state* named_task = nullptr;

    // Errors that nobody is left to catch

    void set_exception_handler(exception_handler handler) { handler_ = std::move(handler); }

    const exception_handler& get_exception_handler() const noexcept { return handler_; }

    /// To the loop's handler, or to standard error if the loop is gone.
    static void report_to(loop_core* core, const exception_context& context) noexcept
    {
        if (core)
            core->report(context);
        else
            report_by_default(context);
    }

    /// Never throws: a handler that does is reported with what it was given.
    void report(const exception_context& context) noexcept
    {
        if (!handler_) {
            report_by_default(context);
            return;
        }
        try {
            handler_(context);
        } catch (...) {
            report_by_default({"the exception handler itself failed", std::current_exception()});
            report_by_default(context);
        }
    }

private:
    unsigned batch_ = 256; // steps between two looks at the sockets

    /// While it lives, whoever makes a node ready need not ask for a drain.
    class drain_scope {
    public:
        explicit drain_scope(loop_core& core) noexcept
            : core_(core)
            , before_(std::exchange(core.draining_, true))
        {
            core.move_to_this_thread();
            if (!before_)
                core.begin_turn();
        }

        ~drain_scope()
        {
            core_.draining_ = before_;
            if (before_)
                return;
            core_.end_turn();
            if (!core_.ready_.empty())
                core_.request_drain();
            else
                core_.let_go_if_idle();
        }

    private:
        loop_core& core_;
        bool before_;
    };

    void shutdown() noexcept override;
    void drop_waiting() noexcept;
    void drop_tasks() noexcept;
    void drop_ready() noexcept;
    static void drop(ready_node& node) noexcept;

    void hold_work()
    {
        if (!work_)
            work_.emplace(executor());
    }

    void request_drain()
    {
        if (debug) [[unlikely]]
            check_thread();
        if (draining_ || drain_posted_)
            return;
        asio::post(io_, [this] {
            drain_posted_ = false;
            drain();
        });
        drain_posted_ = true; // unless there was no memory for it: then the next one posts
    }

    void drain()
    {
        if (draining_) // a handler runs the io_context from within: the outer drain goes on
            return;
        const drain_scope scope(*this);
        run_ready();
    }

    void run_ready()
    {
        const step_scope step(this, nullptr);
        for (unsigned budget = batch_; budget > 0; --budget) {
            ready_node* node = shuffle_ ? take_any() : ready_.pop_front();
            if (!node)
                return;
            step_into(node->task_);
            const step_count counted(*this, node->task_, node);
            node->action_(*node, act::run);
        }
    }

    /// One of the next few.
    ready_node* take_any() noexcept
    {
        constexpr std::size_t few = 32;
        std::size_t n = 0;
        for (ready_node* node = ready_.front(); node && n < few; node = ready_.next(*node))
            ++n;
        if (n == 0)
            return nullptr;
        ready_node* node = ready_.front();
        for (std::size_t skip = (*shuffle_)() % n; skip > 0; --skip)
            node = ready_.next(*node);
        node->unlink();
        return node;
    }

    /// A step that is counted, and watched if somebody does.
    class step_count {
    public:
        step_count(loop_core& core, task_state* task, ready_node* node) noexcept
            : core_(core)
        {
            core.begin_step(task);
            if (core.watched_) [[unlikely]] {
                core.stepping_ = node;
                core.begin_watched_step(task);
            }
        }

        ~step_count()
        {
            if (core_.watched_) [[unlikely]]
                core_.end_watched_step();
        }

        step_count(const step_count&) = delete;
        step_count& operator=(const step_count&) = delete;

    private:
        loop_core& core_;
    };

    void forget_removed() noexcept
    {
        std::erase(observers_, no_observer);
        watched_ = !observers_.empty() || times_steps_;
    }

    void begin_step(task_state* task) noexcept;
    void begin_watched_step(task_state* task) noexcept;
    void begin_timed_step(task_state* task) noexcept;
    std::string name_of_last_step() const;
    void end_watched_step() noexcept;
    void note_slow(duration took, std::uint64_t steps) noexcept;

    /// In debug mode, on a thread that is not the loop's.
    bool run_elsewhere() const noexcept { return !on_home_thread() && debug->loop_is_run(); }

    void check_thread() noexcept
    {
        if (run_elsewhere())
            debug->used_by_another_thread();
    }

    void begin_turn() noexcept
    {
        step_began_ = now();
        meter.begin_turn(step_began_);
        last_step_ = nullptr;
        step_task_.clear();
        if (watched_) [[unlikely]]
            tell(loop_event::turn_begins, nullptr);
    }

    void end_turn() noexcept
    {
        const time_point time = now();
        const bool slow = meter.end_turn(time);
        if (slow && !times_steps_ && meter.notable(time - meter.turn_began()))
            note_slow(time - meter.turn_began(), meter.steps_of_turn());
        times_steps_ = meter.times_steps(time);
        watched_ = times_steps_ || !observers_.empty();
        if (watched_) [[unlikely]]
            tell(loop_event::turn_ends, nullptr);
    }

    void run_timers()
    {
        const step_scope step(this, nullptr);
        const time_point time = now();
        while (timers_.fire_one(time))
            continue;
    }

    void wake_up_at(time_point when)
    {
        wakeup_at_ = when;
        wakeup_.expires_at(when);
        wakeup_.async_wait([this](error_code ec) {
            if (!ec)
                on_wakeup();
        });
    }

    void on_wakeup()
    {
        const drain_scope scope(*this);
        wakeup_at_ = never;
        run_timers();
        if (timers_.next() < wakeup_at_)
            wake_up_at(timers_.next());
        run_ready();
    }

    void request_idle_check() noexcept
    {
        const bool holds_up_run = wakeup_at_ != never || work_;
        if (holds_up_run && !dead_ && idle())
            request_drain();
    }

    bool idle() const noexcept { return tasks_.empty() && timers_.empty() && pending_.empty(); }

    /// An idle loop keeps no io_context from returning: the timer left armed by a cancelled
    /// deadline and the guard for pending operations are kept until then, which saves arming them
    /// over and over.
    void let_go_if_idle() noexcept
    {
        if (!idle())
            return;
        work_.reset();
        if (wakeup_at_ != never) {
            wakeup_.cancel();
            wakeup_at_ = never;
        }
    }

    static void report_by_default(const exception_context& context) noexcept
    {
        try {
            std::fprintf(stderr, "rill: %s\n", to_string(context).c_str());
        } catch (...) {
            std::fputs("rill: an error could not be reported for lack of memory\n", stderr);
        }
    }

    asio::io_context& io_;
    // Constructed here, so that Asio's timer service is older than this one and outlives it.
    asio::basic_waitable_timer<clock, asio::wait_traits<clock>, executor_type> wakeup_;
    std::atomic<std::thread::id> home_; // the thread that ran the loop last

    intrusive_list<ready_node, in_loop> ready_;
    intrusive_list<ready_node, in_loop> pending_;
    bool draining_ = false;
    bool drain_posted_ = false;
    bool dead_ = false;
    bool dropping_ = false; // somebody further up the stack drops what is in the lists

    timer_queue timers_;
    time_point wakeup_at_ = never; // when wakeup_ fires; never: not armed
    const clock_source* clock_ = nullptr;
    std::optional<asio::executor_work_guard<executor_type>> work_; // held while not idle()

    mailbox_ptr mailbox_;

    struct delivery {
        task_state* task;
        bool again;
    };

    std::deque<delivery> deliveries_; // cancellations that are on their way
    bool delivering_ = false;
    std::uint32_t round_ = 0;

    intrusive_list<task_state, in_tasks> tasks_; // those that have not ended
    intrusive_list<task_state, in_tasks> ended_tasks_;
    intrusive_list<future_state, in_futures> futures_;
    intrusive_list<live_generator, in_generators> generators_;
    intrusive_list<held_object, in_held_objects> held_objects_;
    std::deque<task_slot> slots_; // never shrinks: executors refer to them
    task_slot* free_slots_ = nullptr;
    std::size_t task_count_ = 0;
    std::uint64_t task_number_ = 0;

    std::unique_ptr<debug_watch> debug_;
    static constexpr loop_observer* no_observer = nullptr; // in the place of one that was removed
    std::vector<loop_observer*> observers_;
    unsigned telling_ = 0;     // events within events
    bool watched_ = false;     // somebody is to be told of each step
    bool times_steps_ = false; // the meter is
    time_point step_began_{};
    ready_node* stepping_ = nullptr;       // as far as it comes from the ready queue
    noted_places step_places_;             // where its task was
    std::string step_task_;                // the task's name, if it has ended in it
    const task_slot* last_step_ = nullptr; // whose it was
    std::uint32_t last_step_generation_ = 0;
    random_source* shuffle_ = nullptr;

    exception_handler handler_;
};

/// While it lives, another thread is sure to give an answer that the loop waits for.
class expected_arrival {
public:
    explicit expected_arrival(loop_core& core) noexcept
        : core_(core)
    {
        ++core_.expected_arrivals;
    }

    ~expected_arrival() { --core_.expected_arrivals; }

    expected_arrival(const expected_arrival&) = delete;
    expected_arrival& operator=(const expected_arrival&) = delete;

private:
    loop_core& core_;
};

} // namespace rill::detail
