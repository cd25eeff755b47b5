// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/debug.hpp>
#include <rill/event.hpp>
#include <rill/gather.hpp>
#include <rill/introspect.hpp>
#include <rill/loop.hpp>
#include <rill/mutex.hpp>
#include <rill/queue.hpp>
#include <rill/race.hpp>
#include <rill/run.hpp>
#include <rill/semaphore.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/dispatch.hpp>

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
namespace asio = boost::asio;

/// Sets a variable of the environment as long as it lives; null takes it away.
class variable {
public:
    variable(const char* name, const char* value)
        : name_(name)
    {
        if (const char* before = std::getenv(name))
            before_ = before;
        set(value);
    }

    ~variable() { set(before_ ? before_->c_str() : nullptr); }

    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;

private:
    void set(const char* value) const
    {
        if (value)
            ::setenv(name_, value, 1);
        else
            ::unsetenv(name_);
    }

    const char* name_;
    std::optional<std::string> before_;
};

/// A loop in debug mode on real time, and what it reports.
class debugged {
public:
    explicit debugged(const rill::debug_options& options = {})
    {
        loop_.set_exception_handler([this](const rill::exception_context& context) {
            found_.push_back(context);
        });
        loop_.set_debug(options);
    }

    rill::loop& loop() { return loop_; }

    template <class Main>
    auto run(Main main)
    {
        return loop_.run_until_complete(std::move(main));
    }

    const std::vector<rill::exception_context>& found() const { return found_; }

    /// The only finding; "" where there is none.
    std::string only() const
    {
        CHECK(found_.size() <= 1);
        return found_.empty() ? std::string() : found_.front().message;
    }

private:
    std::vector<rill::exception_context> found_;
    rill::loop loop_;
};

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

/// A step that takes so long is slow; one that merely runs under a sanitizer is not.
constexpr auto slow = 30ms;

rill::debug_options sensitive()
{
    return rill::debug_options().slow_step(slow);
}

/// "debug.cpp:12".
std::string here(unsigned line)
{
    return "debug.cpp:" + std::to_string(line);
}

// On and off

TEST_CASE("DBG-01: debug mode is turned on and off while the loop runs")
{
    rill::loop loop;
    std::vector<std::string> found;
    loop.set_exception_handler([&](const rill::exception_context& context) {
        found.push_back(context.message);
    });
    const auto coroutine = []() -> awaitable<void> { co_return; };
    const auto forget = [&] { static_cast<void>(coroutine()); };
    loop.run_until_complete([&]() -> awaitable<void> {
        forget();
        CHECK(found.empty());
        loop.set_debug(true);
        CHECK(loop.get_debug());
        forget();
        CHECK(found.size() == 1);
        co_await rill::yield();
        forget();
        CHECK(found.size() == 2);
        loop.set_debug(false);
        CHECK_FALSE(loop.get_debug());
        forget();
        co_await rill::yield();
        forget();
        CHECK(found.size() == 2);
    });
}

TEST_CASE("DBG-01: RILL_DEBUG turns it on for run, and RILL_DEBUG_SLOW_STEP_MS says what is slow")
{
    const auto is_on = []() -> awaitable<bool> { co_return rill::this_loop().get_debug(); };
    {
        const variable on("RILL_DEBUG", "1");
        CHECK(rill::run(is_on));
        CHECK_FALSE(rill::run(is_on, rill::runner_options().debug(false)));
    }
    const variable off("RILL_DEBUG", nullptr);
    CHECK_FALSE(rill::run(is_on));
    CHECK(rill::run(is_on, rill::debug));

    const variable none("RILL_DEBUG_SLOW_STEP_MS", nullptr);
    CHECK(rill::debug_options().slow_step() == rill::duration(100ms));
    const variable some("RILL_DEBUG_SLOW_STEP_MS", "7");
    CHECK(rill::debug_options().slow_step() == rill::duration(7ms));
    const variable nonsense("RILL_DEBUG_SLOW_STEP_MS", "soon");
    CHECK(rill::debug_options().slow_step() == rill::duration(100ms));
}

TEST_CASE("DBG-01: a handler may end debug mode while it is told of a finding")
{
    rill::loop loop;
    int found = 0;
    loop.set_exception_handler([&](const rill::exception_context&) {
        ++found;
        loop.set_debug(false);
    });
    loop.set_debug(sensitive());
    const auto coroutine = []() -> awaitable<void> { co_return; };
    loop.run_until_complete([&]() -> awaitable<void> {
        static_cast<void>(coroutine());
        static_cast<void>(coroutine());
        co_await rill::yield();
        static_cast<void>(coroutine());
    });
    CHECK(found == 1);
    loop.set_debug(sensitive());
    loop.run_until_complete([]() -> awaitable<void> {
        ::usleep(100'000);
        co_return;
    });
    CHECK(found == 2);
}

// Slow steps

[[gnu::noinline]] void sleep_in_the_step()
{
    std::this_thread::sleep_for(4 * slow);
}

TEST_CASE("DBG-02: a slow step is reported with its task, its time, where it went on and its calls")
{
    debugged d(sensitive());
    unsigned line = 0;
    d.run([&]() -> awaitable<void> {
        const auto slow_task = [&]() -> awaitable<void> {
            line = __LINE__ + 1;
            co_await rill::yield();
            sleep_in_the_step();
        };
        co_await rill::create_task(slow_task, "importer");
    });
    const std::string text = d.only();
    CAPTURE(text);
    CHECK(text.starts_with("a step of task 'importer' took 1"));
    CHECK(contains(text, "ms, and the loop stood still"));
    CHECK(contains(text, "its wait at " + here(line)));
    CHECK(contains(text, "sleep_in_the_step"));
}

TEST_CASE("DBG-02: a slow callback is reported with where it was registered, and with the calls "
          "that did it")
{
    debugged d(sensitive());
    const unsigned line = __LINE__ + 1;
    d.loop().call_soon([] { sleep_in_the_step(); });
    d.run([]() -> awaitable<void> { co_await rill::yield(); });
    const std::string text = d.only();
    CAPTURE(text);
    CHECK(text.starts_with("the callback registered at " + here(line) + " took 1"));
    CHECK(contains(text, "sleep_in_the_step"));
    CHECK(contains(d.found().front().trace, "DOCTEST_ANON_FUNC"));
}

TEST_CASE("DBG-02: steps below the threshold are not reported, whatever their number")
{
    debugged d(rill::debug_options().slow_step(10s));
    d.run([]() -> awaitable<void> {
        for (int i = 0; i < 1000; ++i)
            co_await rill::yield();
    });
    CHECK(d.found().empty());
}

TEST_CASE("DBG-02: a slow step within a step is a part of it")
{
    debugged d(sensitive());
    d.run([&]() -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        asio::dispatch(ex, [] { sleep_in_the_step(); });
        sleep_in_the_step();
    });
    const std::string text = d.only();
    CAPTURE(text);
    CHECK(text.starts_with("a step of task 'main' took 2"));
}

TEST_CASE("DBG-02: a step that hangs is reported while it lasts")
{
    std::promise<std::string> told;
    auto text = told.get_future();
    debugged d(rill::debug_options().slow_step(5ms).hang(20ms).on_hang([&](const std::string& what
                                                                       ) { told.set_value(what); })
    );
    std::string what;
    d.run([&]() -> awaitable<void> {
        what = text.get(); // only the report ends it
        co_return;
    });
    CAPTURE(what);
    CHECK(what.starts_with("a step of task 'main' has kept the loop for "));
    CHECK(contains(what, "and goes on"));
}

TEST_CASE("DBG-09: a blocking call on a socket is named by its calls")
{
    debugged d(sensitive());
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    std::thread peer([&] {
        std::this_thread::sleep_for(4 * slow);
        static_cast<void>(::send(pair[1], "x", 1, 0));
    });
    d.run([&]() -> awaitable<void> {
        char byte = 0;
        CHECK(::recv(pair[0], &byte, 1, 0) == 1);
        co_return;
    });
    peer.join();
    ::close(pair[0]);
    ::close(pair[1]);
    const std::string text = d.only();
    CAPTURE(text);
    CHECK(contains(text, "recv"));
}

// Threads

/// Calls f() in another thread while the loop's stands in a step; gives what it throws, in words.
template <class F>
std::string in_another_thread(F f)
{
    std::string thrown;
    std::thread([&] {
        try {
            f();
        } catch (const std::logic_error& e) {
            thrown = e.what();
        }
    }).join();
    return thrown;
}

TEST_CASE("DBG-03: scheduling on a loop that another thread runs throws")
{
    debugged d;
    rill::loop& loop = d.loop();
    d.run([&]() -> awaitable<void> {
        const auto ex = loop.get_executor();
        const auto nothing = []() -> awaitable<void> { co_return; };
        CHECK(contains(in_another_thread([&] { loop.call_soon([] {}); }), "another thread"));
        CHECK(contains(in_another_thread([&] { loop.call_later(1s, [] {}); }), "another thread"));
        CHECK(
            contains(in_another_thread([&] { loop.call_at(rill::never, [] {}); }), "another thread")
        );
        CHECK(contains(in_another_thread([&] { rill::create_task(ex, nothing); }), "another thread")
        );
        CHECK(in_another_thread([&] { loop.call_soon_threadsafe([] {}); }).empty());
        co_await rill::yield();
    });
    CHECK(d.found().empty());
}

TEST_CASE("DBG-03: other uses by another thread are reported, with its calls")
{
    debugged d;
    d.run([&]() -> awaitable<void> {
        rill::event event;
        const auto waits = rill::create_task(event.wait());
        co_await rill::yield();
        in_another_thread([&] { event.set(); });
        co_await waits;
        co_await rill::sleep(1ms); // the report travels through the loop
    });
    REQUIRE(d.found().size() == 2); // it is set, and who waits for it is woken
    for (const auto& finding : d.found()) {
        CHECK(finding.message.starts_with("an event was used by thread "));
        CHECK(contains(finding.message, "\n    in "));
    }
}

TEST_CASE("DBG-03: a loop that nobody runs may be set up by any thread")
{
    debugged d;
    const std::string thrown = in_another_thread([&] {
        d.loop().call_soon([] {});
        d.run([]() -> awaitable<void> { co_await rill::yield(); });
    });
    CHECK(thrown.empty());
    d.loop().call_soon([] {});
    d.run([]() -> awaitable<void> { co_await rill::yield(); });
    CHECK(d.found().empty());
}

TEST_CASE("DBG-03: a program that runs its io_context itself is checked once it does")
{
    asio::io_context io;
    rill::loop view(io);
    view.set_debug(true);
    CHECK(in_another_thread([&] { view.call_soon([] {}); }).empty());
    std::string thrown;
    view.call_soon([&] { thrown = in_another_thread([&] { view.call_soon([] {}); }); });
    io.run();
    CHECK(contains(thrown, "another thread"));
    CHECK(in_another_thread([&] { view.call_soon([] {}); }).empty());
    view.close();
}

TEST_CASE("debug mode: a mutex that another task than its holder unlocks is reported")
{
    debugged d;
    d.run([&]() -> awaitable<void> {
        rill::mutex mutex;
        mutex.set_name("cache");
        const auto holder = rill::create_task(
            [&]() -> awaitable<void> {
                co_await mutex.lock();
                co_await rill::sleep(1ms);
            },
            "holder"
        );
        co_await rill::yield();
        mutex.unlock();
        co_await holder;
    });
    CHECK(d.only().starts_with("mutex 'cache', held by task 'holder', was unlocked by task 'main'")
    );
}

// Coroutines that are never awaited

awaitable<void> forgotten()
{
    co_return;
}

TEST_CASE("DBG-04: a coroutine that is never awaited is reported with its place and its calls")
{
    debugged d;
    d.run([]() -> awaitable<void> {
        static_cast<void>(forgotten());
        co_await rill::yield();
    });
    const std::string text = d.only();
    CAPTURE(text);
    CHECK(contains(text, "a coroutine was never awaited: "));
    CHECK(contains(text, "forgotten, defined at debug.cpp:"));
    CHECK(contains(d.found().front().trace, "DOCTEST_ANON_FUNC"));
}

TEST_CASE("DBG-04: a coroutine that was awaited is not reported, however it ended")
{
    debugged d;
    d.run([]() -> awaitable<void> {
        co_await forgotten();
        const auto throws = []() -> awaitable<void> {
            throw std::runtime_error("wrong");
            co_return;
        };
        CHECK_THROWS(co_await throws());
        const auto t = rill::create_task(rill::sleep(1h));
        co_await rill::yield();
        rill::task_ref(t).cancel();
        co_await rill::yield();
    });
    CHECK(d.found().empty());
}

TEST_CASE("DBG-04: what a task drops because it is cancelled is not missed")
{
    debugged d;
    d.run([]() -> awaitable<void> {
        const auto drops = []() -> awaitable<void> {
            auto later = forgotten();
            co_await rill::sleep(1h);
            co_await std::move(later);
        };
        const auto t = rill::create_task(drops);
        const auto unstarted = rill::create_task(forgotten());
        rill::task_ref(unstarted).cancel();
        co_await rill::yield();
        rill::task_ref(t).cancel();
        co_await rill::yield();
        CHECK(t.cancelled());
        CHECK(unstarted.cancelled());
    });
    CHECK(d.found().empty());
}

TEST_CASE("DBG-04: what a function of Rill's does not start is not missed")
{
    debugged d;
    rill::loop other;
    const auto elsewhere = rill::create_task(other.get_executor(), rill::sleep(1h));
    d.run([&]() -> awaitable<void> {
        CHECK_THROWS_AS(co_await rill::wait_for(forgotten(), 0s), rill::timeout_error);
        CHECK_THROWS_AS(rill::run(forgotten()), std::logic_error);
        CHECK_THROWS_AS(rill::runner().run(forgotten()), std::logic_error);
        CHECK_THROWS_AS(rill::loop().run_until_complete(forgotten()), std::logic_error);
        CHECK_THROWS_AS(co_await rill::gather(forgotten(), elsewhere), std::logic_error);
        rill::cancel_scope scope;
        scope.cancel();
        CHECK_FALSE(co_await scope.run(forgotten()));
        co_await rill::with_task_group([](rill::task_group& group) -> awaitable<void> {
            group.cancel();
            CHECK_THROWS_AS(group.create_task(forgotten()), std::logic_error);
            co_return;
        });
        d.loop().set_task_factory([](rill::task_ref) { throw std::runtime_error("no"); });
        CHECK_THROWS_AS(rill::create_task(forgotten()), std::runtime_error);
        d.loop().set_task_factory({});
    });
    CHECK(d.found().empty());
}

TEST_CASE("DBG-04: a combinator that is never awaited itself is reported, and its body")
{
    debugged d;
    d.run([]() -> awaitable<void> {
        static_cast<void>(rill::timeout(1s, forgotten()));
        co_return;
    });
    REQUIRE(d.found().size() == 2);
    CHECK(contains(d.found()[0].message, "rill::detail::run_with_timeout"));
    CHECK(contains(d.found()[1].message, "forgotten"));
}

// Tasks that are destroyed

TEST_CASE(
    "DBG-06: a task that a closed loop destroys is reported, the main task of a stopped run is not"
)
{
    debugged d;
    CHECK_THROWS_AS(
        d.run([&]() -> awaitable<void> {
            rill::create_task(rill::sleep(1h), "left behind");
            co_await rill::yield();
            d.loop().stop();
            co_await rill::sleep(1h);
        }),
        std::logic_error
    );
    CHECK(d.found().empty());
    d.loop().close();
    const std::string text = d.only();
    CAPTURE(text);
    CHECK(text.starts_with(
        "a task was destroyed before its end: task 'left behind', created at debug.cpp:"
    ));
    CHECK(contains(text, "waited for a sleep at debug.cpp:"));
}

TEST_CASE("DBG-06: nothing is reported of the main task that a fatal error leaves behind")
{
    debugged d;
    CHECK_THROWS_AS(
        d.run([&]() -> awaitable<void> {
            d.loop().call_soon([] { throw rill::fatal_error("over"); });
            co_await rill::sleep(1h);
        }),
        rill::fatal_error
    );
    d.loop().close();
    CHECK(d.found().empty());
}

// Where things come from

TEST_CASE("DBG-07: the calls that made tasks, futures and callbacks are known, in debug mode only")
{
    rill::loop loop;
    const auto traces = [&]() -> awaitable<std::vector<std::string>> {
        const auto task = rill::create_task(rill::sleep(0s));
        const rill::future<int> future;
        const rill::handle soon = loop.call_soon([] {});
        const rill::handle later = loop.call_later(1h, [] {});
        const rill::handle at_end = task.add_done_callback([] {});
        std::vector<std::string> all;
        all.push_back(rill::creation_trace(task));
        all.push_back(rill::creation_trace(future));
        for (const rill::handle& h : {soon, later, at_end})
            all.push_back(rill::creation_trace(h));
        rill::handle(later).cancel();
        co_await task;
        CHECK(rill::creation_trace(soon).empty());
        CHECK(rill::creation_trace(later).empty());
        co_return all;
    };
    for (const std::string& trace : loop.run_until_complete(traces))
        CHECK(trace.empty());
    loop.set_debug(true);
    for (const std::string& trace : loop.run_until_complete(traces))
        CHECK(contains(trace, "\n    in "));
    loop.set_debug(rill::debug_options().traces(false));
    for (const std::string& trace : loop.run_until_complete(traces))
        CHECK(trace.empty());
    loop.set_debug(true);
    const auto kept = loop.run_until_complete([]() -> awaitable<rill::future<int>> {
        co_return rill::future<int>();
    });
    CHECK_FALSE(rill::creation_trace(kept).empty());
    loop.close();
    CHECK(rill::creation_trace(kept).empty());
}

TEST_CASE("DBG-07: an error that nobody retrieved comes with the calls that made its task")
{
    debugged d;
    d.run([]() -> awaitable<void> {
        rill::create_task([]() -> awaitable<void> {
            throw std::runtime_error("unseen");
            co_return;
        });
        co_await rill::yield();
        co_await rill::yield();
    });
    REQUIRE(d.found().size() == 1);
    CHECK(contains(d.found().front().trace, "\n    in "));
    CHECK(contains(to_string(d.found().front()), "\n  made by:\n    in "));
}

TEST_CASE("DBG-10: off, nobody looks on and nothing is remembered")
{
    rill::loop loop;
    auto& core = rill::detail::loop_access::core(loop);
    loop.run_until_complete([&]() -> awaitable<void> {
        CHECK(core.debug == nullptr);
        CHECK(*rill::detail::current.watch == nullptr);
        CHECK_FALSE(core.monitor.observed());
        const auto task = rill::create_task(forgotten());
        CHECK(rill::creation_trace(task).empty());
        co_await task;
    });
    loop.set_debug(true);
    CHECK(core.monitor.observed());
    loop.set_debug(false);
    CHECK_FALSE(core.monitor.observed());
    CHECK(core.debug == nullptr);
}

// Nothing is kept alive

/// Counts the frames that it stands in.
class in_frame {
public:
    in_frame() noexcept { ++alive; }

    ~in_frame() { --alive; }

    in_frame(const in_frame&) = delete;
    in_frame& operator=(const in_frame&) = delete;

    static inline int alive = 0;
};

awaitable<void> counted_sleep()
{
    const in_frame here;
    co_await rill::sleep(1h);
}

awaitable<void> counted_failure()
{
    const in_frame here;
    co_await rill::yield();
    throw std::runtime_error("failed");
}

/// Runs `body`, which throws; while the exception is held, the frames that it came from are gone.
template <class Body>
void check_frames_are_gone(Body body)
{
    test::loop loop;
    std::exception_ptr error;
    loop.run([&]() -> awaitable<void> {
        try {
            co_await body();
        } catch (...) {
            error = std::current_exception();
        }
        CHECK(in_frame::alive == 0);
    });
    CHECK(error != nullptr);
    CHECK(in_frame::alive == 0);
}

TEST_CASE(
    "DBG-12: no frame is kept by a group, a timeout, a wait_for, a race or a gather that has ended"
)
{
    check_frames_are_gone([] {
        return rill::with_task_group([](rill::task_group& group) -> awaitable<void> {
            const in_frame here;
            group.create_task(counted_sleep());
            group.create_task(counted_failure());
            co_await rill::sleep(1h);
        });
    });
    check_frames_are_gone([] { return rill::timeout(1s, counted_sleep()); });
    check_frames_are_gone([] { return rill::wait_for(counted_sleep(), 1s); });
    check_frames_are_gone([] { return rill::wait_for(rill::create_task(counted_sleep()), 1s); });
    check_frames_are_gone([]() -> awaitable<void> {
        co_await rill::race(counted_sleep(), counted_failure());
    });
    check_frames_are_gone([]() -> awaitable<void> {
        const auto failed = rill::create_task(counted_failure());
        co_await rill::gather(failed, forgotten());
    });
}

TEST_CASE("DBG-12: no frame is kept by the exception that a task or a future holds")
{
    test::loop loop;
    const auto failed = loop.spawn(counted_failure());
    const rill::future<int> future(loop.executor());
    const auto waits = loop.spawn([&]() -> awaitable<void> {
        const in_frame here;
        co_await future;
    });
    loop.settle();
    CHECK(in_frame::alive == 1);
    rill::future<int>(future).set_exception(std::runtime_error("failed"));
    loop.settle();
    CHECK(in_frame::alive == 0);
    CHECK(failed.exception() != nullptr);
    CHECK(waits.exception() != nullptr);
}

TEST_CASE("DBG-01: RILL_DEBUG turns it on in a program that runs its io_context itself")
{
    const variable on("RILL_DEBUG", "1");
    asio::io_context io;
    rill::event started(io.get_executor());
    rill::loop view(io);
    CHECK(view.get_debug());
    std::string found;
    view.set_exception_handler([&](const rill::exception_context& c) { found = c.message; });
    view.call_soon([&] { in_another_thread([&] { started.set(); }); });
    io.run();
    CHECK(found.starts_with("an event was used by thread "));
    view.close();
    CHECK(view.is_closed());
    CHECK(rill::loop(io).get_debug());
    CHECK(rill::loop().get_debug());
}

TEST_CASE("DBG-03: another thread's uses that the loop does not hear of are reported, with names")
{
    debugged d;
    ::pthread_setname_np(::pthread_self(), "of_the_loop");
    d.run([&]() -> awaitable<void> {
        rill::queue<int> queue;
        queue.set_name("jobs");
        rill::event event;
        rill::mutex mutex;
        rill::semaphore semaphore;
        rill::future<int> result;
        in_another_thread([&] {
            ::pthread_setname_np(::pthread_self(), "outsider");
            queue.try_put(1);
            queue.try_get();
            event.set();
            mutex.try_lock();
            semaphore.try_acquire();
            result.set_result(1);
        });
        co_await rill::sleep(1ms); // the reports travel through the loop
        CHECK(queue.try_put(2));
        co_await result;
    });
    std::vector<std::string> found;
    for (const auto& finding : d.found())
        found.push_back(finding.message);
    REQUIRE(found.size() == 6);
    CHECK(found[0].starts_with("queue 'jobs' was used by thread "));
    CHECK(contains(found[0], " 'outsider', while thread "));
    CHECK(contains(found[0], " 'of_the_loop' runs its loop: "));
    CHECK(found[1].starts_with("queue 'jobs' was used by thread "));
    CHECK(found[2].starts_with("an event was used by thread "));
    CHECK(found[3].starts_with("a mutex was used by thread "));
    CHECK(found[4].starts_with("a semaphore was used by thread "));
    CHECK(contains(found[5], "a future created at"));
}

TEST_CASE("DBG-03: who runs another loop is another thread, and an object may outlive its loop")
{
    std::optional<debugged> d(std::in_place);
    std::optional<rill::mutex> mutex(std::in_place, d->loop().get_executor());
    d->run([&]() -> awaitable<void> {
        in_another_thread([&] {
            rill::run([&]() -> awaitable<void> {
                mutex->try_lock();
                co_return;
            });
        });
        co_await rill::sleep(1ms);
    });
    CHECK(d->only().starts_with("a mutex was used by thread "));
    d.reset();
    CHECK_FALSE(mutex->try_lock());
    mutex.reset();
}

} // namespace
