// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/intrusive_list.hpp>
#include <rill/detail/loop/cancel_delivery.hpp>
#include <rill/detail/loop/deadlines.hpp>
#include <rill/detail/loop/handler_memory.hpp>
#include <rill/detail/loop/mailbox.hpp>
#include <rill/detail/loop/ready_node.hpp>
#include <rill/detail/loop/ready_queue.hpp>
#include <rill/detail/loop/stride.hpp>
#include <rill/detail/loop/task_registry.hpp>
#include <rill/detail/loop/thread_position.hpp>
#include <rill/detail/watch/debug_watch.hpp>
#include <rill/detail/watch/loop_monitor.hpp>
#include <rill/exception_context.hpp>
#include <rill/random.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace rill::RILL_FORM {

class thread_pool;

namespace detail {

/// From here on this thread is in a step of `task`; null: of none.
void step_into(task_state* task) noexcept;

/// Sets the thread_position for a step, and puts back what was there.
class step_scope {
public:
    step_scope(loop_core* loop, task_state* task) noexcept;

    ~step_scope() { current = before_; }

    step_scope(const step_scope&) = delete;
    step_scope& operator=(const step_scope&) = delete;

private:
    thread_position before_;
};

/// The event loop's own part of an io_context: the ready queue, the deadlines, and a list of
/// everything that is pending.
///
/// It is a service of the io_context, so there is one for each, found from any of its executors,
/// and it is shut down with it, before any handler is destroyed. One thread at a time runs it.
class loop_core final : public asio::execution_context::service {
public:
    using executor_type = asio::io_context::executor_type;

    RILL_ONE_PER_PROGRAM static inline asio::execution_context::id id;

    static loop_core& of(asio::io_context& io);

    /// The loop behind an executor: an io_context's, a task's, or a strand of either.
    static loop_core& of(const asio::any_io_executor& ex);

    /// The loop that this thread runs; throws where there is none. Mirrors get_running_loop.
    static loop_core& running()
    {
        if (!current.loop)
            throw std::logic_error("rill: no loop is running on this thread");
        return *current.loop;
    }

    /// The same for what may be given an executor instead, as the message says: "a mutex".
    static loop_core& running_for(const char* what)
    {
        if (!current.loop)
            throw_no_loop_for(what);
        return *current.loop;
    }

    explicit loop_core(asio::execution_context& context);
    ~loop_core() override;

    asio::io_context& io() const noexcept { return io_; }

    executor_type executor() const noexcept { return io_.get_executor(); }

    bool dead() const noexcept { return dead_; }

    // Its threads

    /// A thread is inside one of rill::loop's own ways to run it.
    std::atomic<bool> being_run = false;

    /// It was stopped while nothing ran it: the next run is one pass.
    std::atomic<bool> stopped_before = false;

    /// Whether the caller may touch the loop's objects: it runs the loop, or no other thread has.
    bool on_home_thread() const noexcept
    {
        return current.loop == this ||
               home_.load(std::memory_order_relaxed) == std::this_thread::get_id();
    }

    void move_to_this_thread() noexcept
    {
        if (home_.load(std::memory_order_relaxed) != std::this_thread::get_id())
            move_home();
    }

    /// Of the thread that ran the loop last.
    pid_t home_thread() const noexcept { return home_thread_.load(std::memory_order_relaxed); }

    /// Another thread is in one of the loop's turns at this moment, and nothing may be touched.
    bool busy_elsewhere() const noexcept { return draining_ && !on_home_thread(); }

    /// Throws std::logic_error for `what`, a task or an object, to which this thread comes then.
    [[noreturn]] void refuse_second_thread(const std::string& what) const;

    /// The task that runs is another loop's, and was about to wait for `what`, which is this one's.
    [[noreturn]] void refuse_task_of_another_loop(const std::string& what) const;

    /// In debug mode, std::logic_error where another thread runs the loop.
    void check_caller() const;

    /// The way in for other threads.
    mailbox& mail() const noexcept { return *mailbox_; }

    /// Answers that other threads will give whatever happens: a clock that is the owner's own
    /// stands still until they are there.
    std::size_t expected_arrivals = 0;

    // What is ready, and what is pending

    /// `node` runs in a later turn, after everything that is ready now. It leaves the pending list.
    void make_ready(ready_node& node)
    {
        node.unlink();
        node.ready_ = true;
        ready_.push(node);
        if (dead_)
            drop_ready();
        else if (!draining_)
            request_drain(node);
        else if (debug) [[unlikely]]
            check_thread(node);
    }

    /// `node` waits for somebody to make it ready.
    void make_pending(ready_node& node)
    {
        if (debug) [[unlikely]]
            check_thread(node);
        hold_work();
        pending_.push_back(node);
    }

    /// `node` is not to run after all.
    void forget(ready_node& node) noexcept;

    /// A step that comes from elsewhere, a socket's completion say, and then what it made ready: no
    /// further trip through the io_context is needed for that.
    template <class F>
    void run_step(task_state* task, F& f)
    {
        if (draining_) {
            if (busy_elsewhere()) [[unlikely]]
                refuse_second_thread(task);
            const step_scope step(this, task);
            const step_count counted(monitor, task, nullptr);
            std::move(f)();
            return;
        }
        ++monitor.meter.io;
        const drain_scope scope(*this);
        const step_scope step(this, task);
        share_ = whole_share;
        {
            const step_count counted(monitor, task, nullptr);
            std::move(f)();
        }
        run_ready();
    }

    std::size_t ready_count() const noexcept { return ready_.size(); }

    std::size_t pending_count() const noexcept { return pending_.size(); }

    /// For tests: so many steps run between two looks at the sockets.
    void set_stride(unsigned steps) noexcept { stride_.fix(steps); }

    /// What a step may have without a wait.
    static constexpr unsigned whole_share = 128;

    /// Something is had without a wait. False where this step has had its share: a wait that would
    /// not be one lets others run first, so that a peer or a producer that is always quicker cannot
    /// keep the loop for itself. Every step has a new share.
    static bool spend() noexcept
    {
        loop_core* const here = current.loop;
        if (!here)
            return true;
        if (here->share_ == 0)
            return false;
        --here->share_;
        return true;
    }

    /// A step within another one, an eager task's first, has a share of its own.
    class own_share {
    public:
        explicit own_share(loop_core& core) noexcept
            : core_(core)
            , before_(std::exchange(core.share_, whole_share))
        {}

        ~own_share() { core_.share_ = before_; }

        own_share(const own_share&) = delete;
        own_share& operator=(const own_share&) = delete;

    private:
        loop_core& core_;
        unsigned before_;
    };

    /// For tests; see ready_queue::shuffle.
    void shuffle(random_source* source) noexcept { ready_.shuffle(source); }

    // Deadlines

    time_point now() const noexcept { return deadlines_.now(); }

    /// See clock_source::wall_now.
    auto wall_now() const noexcept { return deadlines_.wall_now(); }

    void arm(ready_node& node, time_point when);

    void disarm(ready_node& node) noexcept;

    const timer_queue& timers() const noexcept { return deadlines_.timers(); }

    /// See deadlines::set_clock.
    void set_clock(const clock_source* source) noexcept { deadlines_.set_clock(source); }

    /// Fires the timers that are due, in order.
    void fire_due();

    // Tasks

    task_registry registry;
    cancel_delivery cancellations;
    std::function<void(task_state&)> task_factory;
    bool eager_tasks = false;

    task_slot& take_slot(task_state& task)
    {
        hold_work();
        return registry.take_slot(task);
    }

    void give_back(task_slot& slot) noexcept;

    // Those who look on

    loop_monitor monitor;

    /// For "since when" of what begins now.
    time_point recently() const noexcept { return draining_ ? monitor.meter.turn_began() : now(); }

    /// What the present step is, which is no task's: "the callback registered at orders.cpp:42".
    std::string describe_step() const;

    /// The calls that registered it, in debug mode.
    std::string trace_of_step() const;

    /// Null while debug mode is off.
    debug_watch* debug = nullptr;

    void set_debug(std::unique_ptr<debug_watch> watch) noexcept;

    /// Where operation::waiting_task() wants its answer.
    task_state* named_task = nullptr;

    // What ends with the loop

    random_source random;
    std::shared_ptr<thread_pool> default_executor; // made at its first use
    bool takes_jobs = true;                        // false once the default executor was shut down

    /// Ends Rill's part of an io_context that goes on: what waits in it is dropped, and tasks that
    /// wait for something of Asio's are cancelled. It may be used anew.
    void renew();

    /// Ends it for good, where others may go on to post to the io_context: what they had posted
    /// before is run, and so finds the mailbox closed, and so does whoever comes later.
    void retire() noexcept;

    // Errors that nobody is left to catch

    void set_exception_handler(exception_handler handler) { handler_ = std::move(handler); }

    const exception_handler& get_exception_handler() const noexcept { return handler_; }

    /// To the loop's handler, or to standard error if the loop is gone.
    static void report_to(loop_core* core, const exception_context& context) noexcept;

    /// Never throws: a handler that does is reported with what it was given.
    void report(const exception_context& context) noexcept;

private:
    friend deadlines;

    [[noreturn]] static void throw_no_loop_for(const char* what);

    /// While it lives, whoever makes a node ready need not ask for a drain.
    class drain_scope {
    public:
        explicit drain_scope(loop_core& core);
        ~drain_scope();

        drain_scope(const drain_scope&) = delete;
        drain_scope& operator=(const drain_scope&) = delete;

    private:
        loop_core& core_;
        bool before_;
    };

    void shutdown() noexcept override;
    void run_what_was_posted() noexcept;
    void drop_waiting() noexcept;
    void drop_tasks() noexcept;
    void drop_ready() noexcept;
    static void drop(ready_node& node) noexcept;

    void hold_work()
    {
        if (!work_)
            work_.emplace(executor());
    }

    void refuse_run_within_step() const;
    void request_drain() noexcept;
    void request_drain(ready_node& because) noexcept;
    void drain();
    void run_ready();
    bool look_around();
    void run_timers();
    void on_alarm();

    bool idle() const noexcept;
    void request_idle_check() noexcept;
    void let_go_if_idle() noexcept;

    /// `text` where the node has none of its own.
    static std::string description_of(ready_node& node, std::string text);
    void move_home() noexcept;
    bool run_elsewhere() const noexcept;
    void check_thread(ready_node& node) noexcept;
    [[noreturn]] void refuse_second_thread(const task_state* task) const;
    void set_debug_by_environment();

    asio::io_context& io_;
    // Constructed here, so that Asio's timer service is older than this one and outlives it.
    deadlines deadlines_;
    std::atomic<std::thread::id> home_; // the thread that ran the loop last
    std::atomic<pid_t> home_thread_;    // the same, as others know it
    mailbox_ptr mailbox_;

    ready_queue ready_;
    intrusive_list<ready_node, in_loop> pending_;
    stride stride_;
    std::uint64_t until_look_ = 1; // steps of this turn to the next look around
    unsigned share_ = whole_share; // of the present step; see spend()
    bool draining_ = false;
    bool drain_posted_ = false;
    handler_memory of_drain_; // whoever makes something ready cannot fail
    bool dead_ = false;
    bool dropping_ = false; // somebody further up the stack drops what is in the lists
    std::optional<asio::executor_work_guard<executor_type>> work_; // held while not idle()

    std::unique_ptr<debug_watch> debug_;
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

} // namespace detail
} // namespace rill::RILL_FORM
