// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
#include <rill/introspect.hpp>
#include <rill/loop.hpp>
#include <rill/testing/failure.hpp>
#include <rill/testing/manual_clock.hpp>
#include <rill/testing/options.hpp>

#include <algorithm>
#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace rill::RILL_FORM {

namespace testing::simulation {

class settling;

} // namespace testing::simulation

namespace testing {

/// A loop for tests: its clock stands still unless the test moves it, so that hours pass in
/// microseconds and nothing depends on how fast the machine is.
///
/// It runs when it is told to: settle() until nothing is ready, advance() through the deadlines,
/// run() until a coroutine has ended. Its random numbers, and with options::shuffle the order of
/// what is ready, are those of a seed. Sockets work, but real time does not pass for them: see
/// network, and options::real_io.
class loop {
public:
    explicit loop(const testing::options& how = {});
    ~loop();

    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    asio::io_context& context() noexcept;
    asio::io_context::executor_type executor() noexcept;

    /// The loop itself, for call_soon and the like.
    rill::loop& get() noexcept;

    time_point now() const noexcept;

    /// Runs until every task is blocked and nothing is ready. No time passes. Throws failure where
    /// that does not come about: a task that polls with yield() until a sleep has passed, say; see
    /// options::busy_steps.
    void settle();

    /// Moves the clock by `d`, stopping at each deadline on the way to let its waiters run.
    void advance(duration d);

    /// Runs what is ready next, one thing at a time after one_step_at_a_time(). False if nothing is.
    bool step();

    /// From now on step() runs one callback or one step of a task, and not all that are ready.
    void one_step_at_a_time() noexcept;

    /// Moves the clock to the next deadline, whose waiters are ready then; calls in other threads
    /// are waited for before, in real time. False if there is none.
    bool jump();

    /// Goes on to what comes next when nothing is ready: calls in other threads, tasks in settle(),
    /// sockets, or else the next deadline. False if nothing comes up to `limit`.
    bool go_on(time_point limit = never);

    /// Starts a task; settle() runs it.
    template <class T>
    task<T> spawn(
        awaitable<T> body,
        task_options options = {},
        std::source_location place = std::source_location::current()
    );
    template <coroutine_function F>
    auto spawn(
        F body,
        task_options options = {},
        std::source_location place = std::source_location::current()
    );

    /// Runs `body` to its end, jumping from deadline to deadline, and gives its result. Throws
    /// failure, with the tree of tasks, if nothing is left that could wake it.
    template <class T>
    T run(awaitable<T> body);
    template <coroutine_function F>
    auto run(F body);

    /// Errors that reached the exception handler, as one line each.
    const std::vector<std::string>& reported() const noexcept;
    void forget_reported() noexcept;

    /// Takes the first reported error that contains `text` as expected; failure if there is none.
    std::string expect_reported(std::string_view text);

    /// What is left behind, one line each: tasks that have not ended, handlers that wait, timers
    /// that are armed, errors reported and not expected. Empty is how a test should end.
    std::vector<std::string> leftovers() const;

    /// The tree of tasks, as dump_tasks writes it.
    std::string tasks() const;

private:
    friend class simulation::settling;

    bool jump_and_settle(time_point limit);
    bool wake_settled(time_point limit);
    bool await_arrivals();
    bool poll_sockets();
    bool run_turn();
    void move_clock(time_point t) noexcept;
    [[noreturn]] void fail(const std::string& why) const;

    manual_clock clock_;
    std::vector<simulation::settling*> settling_; // tasks that wait in settle()
    rill::loop loop_;                             // its end drops them: they leave the list then
    extend::loop_core& core_;
    testing::options options_;
    time_point blocked_since_ = never; // while nothing has run since
    std::uint64_t steps_before_ = 0;   // when time passed last
    std::vector<std::string> reported_;
};

// Implementation

} // namespace testing

namespace testing::simulation {

/// The testing loop that runs on this thread.
inline thread_local testing::loop* running = nullptr;

class running_mark {
public:
    explicit running_mark(testing::loop& l) noexcept
        : before_(std::exchange(running, &l))
    {}

    ~running_mark() { running = before_; }

    running_mark(const running_mark&) = delete;
    running_mark& operator=(const running_mark&) = delete;

private:
    testing::loop* before_;
};

/// A task's wait until all others are blocked, for so long.
class settling : public operation {
public:
    settling(testing::loop& l, duration cushion, std::source_location where)
        : operation(&l.core_, where)
        , loop_(&l)
        , cushion_(cushion)
    {}

    settling(settling&& other) noexcept
        : operation(other.core_, other.where_)
        , loop_(other.loop_)
        , cushion_(other.cushion_)
    {}

    ~settling() { leave(); }

    duration cushion() const noexcept { return cushion_; }

    void settled()
    {
        leave();
        complete();
    }

protected:
    void start()
    {
        core_->make_pending(*this);
        loop_->settling_.push_back(this);
    }

    void on_cancel()
    {
        leave();
        abort();
    }

    void describe_to(std::string& text) const { text = "all others to be blocked"; }

private:
    void leave() noexcept { std::erase(loop_->settling_, this); }

    testing::loop* loop_;
    duration cushion_;
};

} // namespace testing::simulation

namespace testing {

/// Returns once every other task is blocked and nothing is ready: so a test lets what it started
/// come to rest. No time passes, unless `cushion` asks that all stay blocked for so long; of several
/// who wait, those with the shortest cushion go first. Only on a testing loop; std::logic_error
/// elsewhere. Mirrors trio's wait_all_tasks_blocked.
///
/// Cancellation: total.
inline awaitable<void> settle(
    duration cushion = duration::zero(),
    std::source_location where = std::source_location::current()
)
{
    if (!simulation::running)
        throw std::logic_error("rill::testing::settle: no testing loop runs on this thread");
    co_await extend::request_wait<simulation::settling>(*simulation::running, cushion, where);
}

inline loop::loop(const testing::options& how)
    : core_(extend::loop_core::of(loop_.context()))
    , options_(how)
{
    core_.set_clock(&clock_);
    core_.random.seed(how.seed());
    if (how.shuffles())
        core_.shuffle(&core_.random);
    loop_.set_exception_handler([this](const exception_context& context) {
        reported_.push_back(to_string(context));
    });
}

inline loop::~loop()
{
    loop_.set_exception_handler({});
    core_.set_clock(nullptr);
    core_.shuffle(nullptr);
}

inline asio::io_context& loop::context() noexcept
{
    return loop_.context();
}

inline asio::io_context::executor_type loop::executor() noexcept
{
    return loop_.get_executor();
}

inline rill::loop& loop::get() noexcept
{
    return loop_;
}

inline time_point loop::now() const noexcept
{
    return clock_.now();
}

inline void loop::settle()
{
    const simulation::running_mark mark(*this);
    context().restart();
    while (run_turn())
        blocked_since_ = never;
}

inline bool loop::run_turn()
{
    if (core_.monitor.meter.steps - steps_before_ > options_.busy_steps())
        fail(
            "no task is blocked for long, so no time passes, after " +
            std::to_string(options_.busy_steps()) +
            " steps: who polls with yield() waits for a time that does not come; await it"
        );
    return context().poll_one() > 0;
}

inline void loop::move_clock(time_point t) noexcept
{
    if (t > now())
        steps_before_ = core_.monitor.meter.steps;
    clock_.move_to(t);
}

inline bool loop::step()
{
    const simulation::running_mark mark(*this);
    context().restart();
    return run_turn();
}

inline void loop::one_step_at_a_time() noexcept
{
    core_.set_stride(1);
}

/// Calls in other threads come first: whatever they take, no time passes for the loop.
inline bool loop::await_arrivals()
{
    if (core_.expected_arrivals == 0)
        return false;
    const simulation::running_mark mark(*this);
    context().restart();
    if (context().run_one_for(options_.patience()) == 0)
        fail(
            "a call in another thread has not ended in " + extend::text_of(options_.patience()) +
            " of real time"
        );
    return true;
}

inline bool loop::poll_sockets()
{
    if (options_.real_io() == duration::zero())
        return false;
    const simulation::running_mark mark(*this);
    context().restart();
    return context().run_one_for(options_.real_io()) > 0;
}

/// Those who wait for the others to be blocked go before time does.
inline bool loop::wake_settled(time_point limit)
{
    if (settling_.empty())
        return false;
    blocked_since_ = std::min(blocked_since_, now());
    const auto shorter = [](const simulation::settling* a, const simulation::settling* b) {
        return a->cushion() < b->cushion();
    };
    simulation::settling* const next =
        *std::min_element(settling_.begin(), settling_.end(), shorter);
    const time_point when = extend::deadline_after(blocked_since_, next->cushion());
    if (when > now() && (core_.timers().next() <= when || when > limit))
        return false;
    move_clock(when);
    const duration cushion = next->cushion();
    const auto waiting = settling_;
    for (simulation::settling* s : waiting)
        if (s->cushion() == cushion)
            s->settled();
    return true;
}

inline bool loop::jump()
{
    while (await_arrivals())
        settle();
    if (core_.timers().empty())
        return false;
    move_clock(core_.timers().next());
    core_.fire_due();
    return true;
}

inline bool loop::go_on(time_point limit)
{
    if (await_arrivals() || wake_settled(limit) || poll_sockets())
        return true;
    return core_.timers().next() <= limit && jump();
}

inline bool loop::jump_and_settle(time_point limit)
{
    if (!go_on(limit))
        return false;
    settle();
    return true;
}

inline void loop::advance(duration d)
{
    const time_point end = extend::deadline_after(now(), d);
    settle();
    while (jump_and_settle(end))
        continue;
    move_clock(end);
    settle();
}

template <class T>
task<T> loop::spawn(awaitable<T> body, task_options options, std::source_location place)
{
    return create_task(executor(), std::move(body), std::move(options), place);
}

template <coroutine_function F>
auto loop::spawn(F body, task_options options, std::source_location place)
{
    return create_task(executor(), std::move(body), std::move(options), place);
}

template <class T>
T loop::run(awaitable<T> body)
{
    const task<T> main = spawn(std::move(body), "main");
    settle();
    while (!main.done() && jump_and_settle(never))
        continue;
    if (!main.done())
        fail("nothing is left that could wake 'main'");
    auto& data = extend::data_of(main);
    data.mark_retrieved();
    return std::move(data).value();
}

template <coroutine_function F>
auto loop::run(F body)
{
    return run(extend::call_stored(std::move(body)));
}

inline void loop::fail(const std::string& why) const
{
    throw failure(why + " (seed " + std::to_string(options_.seed()) + ")\n" + tasks());
}

inline std::string loop::tasks() const
{
    return to_text(extend::snapshot_of(core_));
}

inline const std::vector<std::string>& loop::reported() const noexcept
{
    return reported_;
}

inline void loop::forget_reported() noexcept
{
    reported_.clear();
}

inline std::string loop::expect_reported(std::string_view text)
{
    const auto found =
        std::find_if(reported_.begin(), reported_.end(), [&](const std::string& line) {
            return line.find(text) != std::string::npos;
        });
    if (found == reported_.end()) {
        std::string why = "no error was reported that contains '" + std::string(text) + "'";
        for (const std::string& line : reported_)
            why += "\n  reported: " + line;
        throw failure(why);
    }
    std::string line = std::move(*found);
    reported_.erase(found);
    return line;
}

inline std::vector<std::string> loop::leftovers() const
{
    std::vector<std::string> lines;
    core_.registry.tasks.for_each([&](const extend::task_state& task) {
        lines.push_back("task '" + task.name() + "' has not ended");
    });
    if (core_.registry.tasks.empty() && core_.pending_count() > 0)
        lines.push_back(std::to_string(core_.pending_count()) + " handlers wait");
    if (!core_.timers().empty())
        lines.push_back(std::to_string(core_.timers().size()) + " timers are armed");
    for (const std::string& error : reported_)
        lines.push_back("reported: " + error);
    return lines;
}

} // namespace testing
} // namespace rill::RILL_FORM
