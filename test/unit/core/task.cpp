// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/gather.hpp>
#include <rill/introspect.hpp>
#include <rill/task.hpp>
#include <rill/task_group.hpp>
#include <rill/wait.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

awaitable<int> answer()
{
    co_await rill::yield();
    co_return 42;
}

awaitable<int> fail(std::string text)
{
    co_await rill::yield();
    throw std::runtime_error(text);
}

TEST_CASE("task: awaiting an awaitable that has been moved from is an error that tells where")
{
    test::loop loop;
    const auto twice = []() -> awaitable<void> {
        awaitable<void> once = rill::sleep(1s);
        co_await std::move(once);
        co_await std::move(once);
    };
    const auto t = loop.spawn(twice);
    loop.advance(1s);
    const std::string text = test::text_of(t.exception());
    CHECK(text.find("rill: the awaitable that is awaited at task.cpp:") == 0);
    CHECK(text.find(" has been awaited or given away already") != std::string::npos);
}

TEST_CASE("TASK-01: a task carries its coroutine's value")
{
    test::loop loop;
    const auto t = loop.spawn(answer());
    CHECK_FALSE(t.done());
    CHECK_THROWS_AS(t.result(), rill::invalid_state);
    loop.settle();
    REQUIRE(t.done());
    CHECK(t.result() == 42);
    CHECK(t.exception() == nullptr);
}

TEST_CASE("TASK-01: a task carries its coroutine's exception unchanged")
{
    test::loop loop;
    const auto t = loop.spawn(fail("broken"));
    loop.settle();
    CHECK_THROWS_WITH_AS(t.result(), "broken", std::runtime_error);
    CHECK_FALSE(t.cancelled());
}

TEST_CASE("TASK-02: nothing of a task runs inside create_task, and tasks start in order")
{
    test::loop loop;
    std::vector<int> order;
    for (int i = 0; i < 5; ++i)
        loop.spawn([&order, i]() -> awaitable<void> {
            order.push_back(i);
            co_return;
        });
    CHECK(order.empty());
    loop.settle();
    CHECK(order == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE("CB-01: starts, wake-ups and callbacks keep the order in which they were posted")
{
    test::loop loop;
    std::string order;
    const auto say = [&order](char c) -> awaitable<void> {
        order += c;
        co_return;
    };
    loop.get().call_soon([&] { order += 'a'; });
    loop.spawn(say('b'));
    loop.get().call_soon([&] { order += 'c'; });
    loop.spawn(say('d'));
    loop.settle();
    CHECK(order == "abcd");
}

TEST_CASE("SLP-02: tasks that yield take turns in the order in which they yielded")
{
    test::loop loop;
    std::string order;
    for (const char name : {'a', 'b', 'c'})
        loop.spawn([&order, name]() -> awaitable<void> {
            for (int i = 0; i < 3; ++i) {
                order += name;
                co_await rill::yield();
            }
        });
    loop.settle();
    CHECK(order == "abcabcabc");
}

TEST_CASE("task: awaiting it gives the result to each of several waiters")
{
    test::loop loop;
    const auto t = loop.spawn(answer());
    const auto twice = [&]() -> awaitable<int> {
        const int first = co_await t;
        co_return first + co_await t; // done by now: gives the value without suspending
    };
    const auto a = loop.spawn(twice);
    const auto b = loop.spawn(twice);
    loop.settle();
    CHECK(a.result() == 84);
    CHECK(b.result() == 84);
}

TEST_CASE("task: awaiting one that has ended does not suspend")
{
    test::loop loop;
    const auto t = loop.spawn(answer());
    loop.settle();
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback "; });
        order += std::to_string(co_await t) + " ";
        co_await rill::yield();
    });
    CHECK(order == "42 callback ");
}

TEST_CASE("task: awaiting a failed one rethrows the same exception, each time")
{
    test::loop loop;
    const auto t = loop.spawn(fail("once"));
    loop.run([&]() -> awaitable<void> {
        for (int i = 0; i < 2; ++i) {
            std::string text;
            try {
                co_await t;
            } catch (const std::runtime_error& e) {
                text = e.what();
            }
            CHECK(text == "once");
        }
    });
}

struct no_default {
    explicit no_default(int v)
        : value(v)
    {}

    int value;
};

TEST_CASE("task: a result need not be default-constructible")
{
    test::loop loop;
    const auto make = []() -> awaitable<no_default> {
        co_await rill::yield();
        co_return no_default(7);
    };
    const auto outer = loop.spawn([&]() -> awaitable<int> {
        const auto t = rill::create_task(make());
        co_return (co_await t).value;
    });
    loop.settle();
    CHECK(outer.result() == 7);
}

TEST_CASE("task: a move-only result is taken out by awaiting the moved handle")
{
    test::loop loop;
    const auto make = []() -> awaitable<std::unique_ptr<int>> {
        co_await rill::yield();
        co_return std::make_unique<int>(9);
    };
    const int value = loop.run([&]() -> awaitable<int> {
        auto t = rill::create_task(make());
        const std::unique_ptr<int> p = co_await std::move(t);
        co_return *p;
    });
    CHECK(value == 9);
}

TEST_CASE("TASK-09: names are unique by default, can be given and be changed")
{
    test::loop loop;
    const auto a = loop.spawn(answer());
    const auto b = loop.spawn(answer());
    auto c = loop.spawn(answer(), "refill");
    CHECK(a.name() != b.name());
    CHECK(a.name().starts_with("Task-"));
    CHECK(c.name() == "refill");
    c.set_name("drain");
    CHECK(c.name() == "drain");
    loop.settle();
}

TEST_CASE("TASK-10: the current task is right across interleaving tasks and empty in callbacks")
{
    test::loop loop;
    CHECK_FALSE(rill::current_task());
    const auto check = [](std::string name) -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            CHECK(rill::current_task()->name() == name);
            co_await rill::yield();
        }
    };
    loop.spawn(check("a"), "a");
    loop.spawn(check("b"), "b");
    bool empty_in_callback = false;
    loop.get().call_soon([&] { empty_in_callback = !rill::current_task(); });
    loop.settle();
    CHECK(empty_in_callback);
    CHECK_FALSE(rill::current_task());
}

TEST_CASE("TASK-14: a failure that nobody looked at is reported once, when the last handle goes")
{
    test::loop loop;
    const std::string line = std::to_string(__LINE__ + 2);
    {
        const auto t = loop.spawn(fail("unseen"), "worker");
        loop.settle();
        CHECK(loop.reported().empty());
    }
    REQUIRE(loop.reported().size() == 1);
    CHECK(
        loop.reported()[0] ==
        "task exception was never retrieved (task 'worker', created at task.cpp:" + line +
            "): unseen"
    );
    loop.forget_reported();
}

TEST_CASE("TASK-14: a failure that was looked at, or a cancellation, is not reported")
{
    test::loop loop;
    {
        const auto seen = loop.spawn(fail("seen"));
        auto cancelled = loop.spawn(rill::sleep(1h));
        loop.settle();
        CHECK(seen.exception());
        cancelled.cancel();
        loop.settle();
    }
    CHECK(loop.reported().empty());
}

TEST_CASE("TASK-19: the loop owns a task whose handle was dropped")
{
    test::loop loop;
    bool ended = false;
    loop.spawn([&]() -> awaitable<void> {
        co_await rill::sleep(1h);
        ended = true;
    });
    loop.advance(2h);
    CHECK(ended);
}

TEST_CASE("task: the frames of a coroutine are gone before those who await it go on")
{
    test::loop loop;
    struct guard {
        bool& gone;

        ~guard() { gone = true; }
    };
    bool gone = false;
    const auto t = loop.spawn([&]() -> awaitable<void> {
        const guard g{gone};
        co_await rill::yield();
    });
    loop.run([&]() -> awaitable<void> {
        co_await t;
        CHECK(gone);
    });
}

TEST_CASE("TASK-18: a result whose destructor starts tasks is safe")
{
    test::loop loop;
    int started = 0;
    struct restless {
        rill::testing::loop* loop;
        int* started;

        ~restless()
        {
            if (!loop)
                return;
            loop->spawn([n = started]() -> awaitable<void> {
                ++*n;
                co_return;
            });
        }

        restless(rill::testing::loop& l, int& s)
            : loop(&l)
            , started(&s)
        {}

        restless(restless&& other) noexcept
            : loop(std::exchange(other.loop, nullptr))
            , started(other.started)
        {}
    };
    {
        const auto t =
            loop.spawn([&]() -> awaitable<restless> { co_return restless(loop, started); });
        loop.settle();
    }
    loop.settle();
    CHECK(started == 1);
}

TEST_CASE("TASK-03: what is ready to await is passed on as it is, whatever kind it has")
{
    test::loop loop;
    const auto t = loop.spawn(answer());
    rill::future<int> f(loop.executor());
    f.set_result(2);
    const auto sum = loop.run([&]() -> awaitable<int> {
        int total = co_await rill::create_task(answer());
        total += co_await t;
        total += co_await f;
        co_return total;
    });
    CHECK(sum == 86);
}

TEST_CASE("TASK-03, TASK-04: awaiting a task of another loop is an error in the awaiting task")
{
    test::loop here;
    test::loop there;
    auto foreign = there.spawn(rill::sleep(1h));
    const auto t = here.spawn([&]() -> awaitable<void> { co_await foreign; });
    here.settle();
    REQUIRE(t.done());
    CHECK_THROWS_AS(t.result(), std::logic_error);
    CHECK(test::text_of(t.exception()).find("another loop") != std::string::npos);
    CHECK_FALSE(foreign.done());
    foreign.cancel();
}

TEST_CASE("TASK-04: awaiting a future of another loop is an error in the awaiting task")
{
    test::loop here;
    test::loop there;
    const rill::future<int> foreign(there.executor());
    const auto t = here.spawn([&]() -> awaitable<int> { co_return co_await foreign; });
    here.settle();
    CHECK_THROWS_AS(t.result(), std::logic_error);
}

TEST_CASE("TASK-05: a task that awaits itself gets an error instead of hanging")
{
    test::loop loop;
    rill::task<void> self;
    std::string error;
    self = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await self;
        } catch (const std::logic_error& e) {
            error = e.what();
        }
    });
    loop.settle();
    CHECK(self.done());
    CHECK(error.find("awaits itself") != std::string::npos);
}

template <class Handle>
concept settable = requires(Handle h) { h.set_result(1); } ||
                   requires(Handle h) { h.set_exception(std::exception_ptr()); };

TEST_CASE("TASK-06: the outcome of a task cannot be set from outside, unlike a future's")
{
    static_assert(settable<rill::future<int>>);
    static_assert(!settable<rill::task<int>>);
    static_assert(!settable<rill::task_ref>);
    static_assert(!std::is_convertible_v<rill::task<int>, rill::future<int>>);
}

TEST_CASE("TASK-12: the current task is put back after steps within steps, an io_context's included"
)
{
    test::loop loop;
    loop.run([&]() -> awaitable<void> {
        const auto self = *rill::current_task();
        test::loop inner;
        const auto t = inner.spawn(
            [&]() -> awaitable<void> {
                CHECK(rill::current_task()->name() == "inner");
                CHECK(rill::all_tasks().size() == 1);
                co_return;
            },
            "inner"
        );
        inner.settle();
        CHECK(t.done());
        CHECK(rill::current_task() == self);
        CHECK(rill::this_loop().get_executor() == loop.executor());
        co_return;
    });
}

TEST_CASE("TASK-13: a task that cannot be started is gone: its body is destroyed, it is not listed")
{
    test::loop loop;
    auto& core = rill::detail::loop_core::of(loop.context());
    core.task_factory = [](auto&) { throw std::runtime_error("no more tasks"); };
    const auto held = std::make_shared<int>(1);
    CHECK_THROWS_WITH_AS(
        loop.spawn([copy = held]() -> awaitable<void> { co_return; }),
        "no more tasks",
        std::runtime_error
    );
    CHECK(held.use_count() == 1);
    CHECK(rill::all_tasks(loop.executor()).empty());
    core.task_factory = {};
}

TEST_CASE("TASK-13: a task that could not be started does not keep the loop from ending")
{
    rill::asio::io_context context;
    auto& core = rill::detail::loop_core::of(context);
    core.task_factory = [](auto&) { throw std::runtime_error("no more tasks"); };
    CHECK_THROWS(rill::create_task(context.get_executor(), answer()));
    context.poll();
    CHECK(context.stopped()); // run() would return
}

TEST_CASE("TASK-15: a fatal error stays in its task, and leaves the run of the loop as well")
{
    test::loop loop;
    const auto t = loop.spawn([]() -> awaitable<void> {
        co_await rill::yield();
        throw rill::fatal_error("out of power");
    });
    const auto other = loop.spawn(answer());
    CHECK_THROWS_WITH_AS(loop.settle(), "out of power", rill::fatal_error);
    REQUIRE(t.done());
    CHECK_THROWS_AS(t.result(), rill::fatal_error);
    CHECK_FALSE(rill::current_task());
    loop.settle(); // the loop stays usable
    CHECK(other.result() == 42);
}

TEST_CASE("TASK-15: those who await a task that failed fatally get the error too")
{
    test::loop loop;
    const auto t = loop.spawn([]() -> awaitable<void> {
        throw rill::fatal_error("out of power");
        co_return;
    });
    std::string seen;
    const auto waiter = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await t;
        } catch (const rill::fatal_error& e) {
            seen = e.what();
        }
    });
    CHECK_THROWS_AS(loop.settle(), rill::fatal_error);
    loop.settle();
    CHECK(seen == "out of power");
    CHECK(waiter.done());
}

TEST_CASE("TASK-14: a failure that was followed by a cancel() is not reported")
{
    test::loop loop;
    {
        auto t = loop.spawn(fail("stopped anyway"));
        loop.settle();
        CHECK_FALSE(t.cancel());
    }
    CHECK(loop.reported().empty());
}

TEST_CASE(
    "task: done callbacks are called in order, with the task if they take it, in a callback's place"
)
{
    test::loop loop;
    std::string log;
    const auto t = loop.spawn(answer());
    t.add_done_callback([&](const rill::task<int>& ended) {
        log += std::to_string(ended.result());
        CHECK_FALSE(rill::current_task());
    });
    auto removed = t.add_done_callback([&] { log += "BAD"; });
    t.add_done_callback([&] { log += " second"; });
    removed.cancel();
    loop.settle();
    CHECK(log == "42 second");
    CHECK(removed.cancelled());
}

TEST_CASE("task: a done callback taken back after the end, before its turn, is not called")
{
    test::loop loop;
    rill::future<int> f(loop.executor());
    const auto held = std::make_shared<int>(1);
    auto registration = f.add_done_callback([copy = held] { FAIL("it was taken back"); });
    f.set_result(1);
    registration.cancel();
    CHECK(held.use_count() == 1);
    loop.settle();
}

TEST_CASE("task: a result that is neither default-constructible nor copyable passes all the way")
{
    struct sealed {
        explicit sealed(int n)
            : number(std::make_unique<int>(n))
        {}

        std::unique_ptr<int> number;
    };
    test::loop loop;
    const auto make = []() -> awaitable<sealed> {
        co_await rill::yield();
        co_return sealed(8);
    };
    const auto number = loop.run([&]() -> awaitable<int> {
        auto inner = rill::create_task(make());
        const sealed taken = co_await std::move(inner);
        co_return *taken.number;
    });
    CHECK(number == 8);
    const sealed direct = loop.run(make());
    CHECK(*direct.number == 8);
}

TEST_CASE("PRIM-02: handles of tasks outlive their loop, whatever had become of the tasks")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    const auto ended = loop->spawn(answer());
    const auto failed = loop->spawn(fail("seen"));
    auto waiting = loop->spawn(rill::sleep(1h));
    const auto joined = loop->spawn([&]() -> awaitable<void> { co_await waiting; });
    loop->settle();
    auto unstarted = loop->spawn(answer());
    loop.reset();
    CHECK(ended.result() == 42);
    CHECK(test::text_of(failed.exception()) == "seen");
    CHECK_FALSE(waiting.done());
    CHECK_FALSE(waiting.cancel());
    CHECK_FALSE(unstarted.cancel());
    CHECK_THROWS_AS(joined.result(), rill::invalid_state);
    CHECK_THROWS_AS(waiting.add_done_callback([] {}), rill::invalid_state);
}

TEST_CASE("PRIM-02: awaiting a task whose loop has gone is an error, unless it had ended")
{
    std::optional<test::abandoned_loop> gone(std::in_place);
    const auto ended = gone->spawn(answer());
    gone->settle();
    const auto unfinished = gone->spawn(answer());
    gone.reset();
    test::loop loop;
    const auto value = loop.run([&]() -> awaitable<int> { co_return co_await ended; });
    CHECK(value == 42);
    CHECK_THROWS_AS(
        loop.run([&]() -> awaitable<int> { co_return co_await unfinished; }), rill::invalid_state
    );
}

TEST_CASE("PRIM-02: a chain of 10 000 tasks that await each other dies with its loop")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    const auto join = [](rill::task<void> inner) -> awaitable<void> { co_await inner; };
    auto last = loop->spawn(rill::sleep(1h));
    for (int i = 0; i < 10'000; ++i)
        last = loop->spawn(join(last));
    loop->settle();
    loop.reset();
    CHECK_FALSE(last.done());
}

TEST_CASE("task: all_tasks lists what has not ended, in the order of creation")
{
    test::loop loop;
    const auto names = [&] {
        std::string text;
        for (const rill::task_ref& t : rill::all_tasks(loop.executor()))
            text += t.name();
        return text;
    };
    const auto a = loop.spawn(rill::sleep(3s), "a");
    const auto b = loop.spawn(rill::sleep(1s), "b");
    const auto c = loop.spawn(rill::sleep(2s), "c");
    CHECK(names() == "abc");
    loop.advance(1s);
    CHECK(names() == "ac");
    loop.advance(2s);
    CHECK(names().empty());
    CHECK_THROWS_AS(rill::all_tasks(), std::logic_error); // no loop runs here
}

TEST_CASE("task: what all_tasks gives is awaited, waited for and gathered as tasks are")
{
    test::loop loop;
    loop.spawn(rill::sleep(1h), "a");
    loop.spawn(rill::sleep(2h, 7), "b");
    loop.run([&]() -> awaitable<void> {
        auto tasks = rill::all_tasks();
        std::erase(tasks, *rill::current_task());
        REQUIRE(tasks.size() == 2);
        const auto waited = co_await rill::wait(tasks, rill::return_when::first_completed);
        CHECK(waited.done == std::vector{tasks[0]});
        CHECK(waited.pending == std::vector{tasks[1]});
        for (auto& t : tasks)
            t.cancel("shutdown");
        const auto outcomes = co_await rill::gather_settled(tasks);
        CHECK(outcomes[0].has_value());
        CHECK(test::text_of(outcomes[1].exception()).find("shutdown") != std::string::npos);
        CHECK_THROWS_AS(co_await tasks[1], rill::cancelled_error);
        CHECK(tasks[1].cancelled());
        CHECK(rill::all_tasks().size() == 1);
    });
}

TEST_CASE("task: a task_ref throws the task's exception, which counts as seen then")
{
    test::loop loop;
    {
        const rill::task_ref ref = loop.spawn(fail("unseen"));
        loop.settle();
        CHECK_THROWS_WITH_AS(ref.result(), "unseen", std::runtime_error);
    }
    CHECK(loop.reported().empty());
}

namespace {

awaitable<void> sum(int a, int b, int c, int d)
{
    co_await rill::sleep(std::chrono::seconds(a + b + c + d));
}

awaitable<void> wait_for_event(rill::event& e)
{
    co_await e.wait();
}

/// Where a task was made: "task.cpp:12", or nothing.
std::string made_at(const rill::task_ref& t)
{
    const auto where = rill::describe(t).created;
    const std::string file = where.file_name();
    return file.substr(file.rfind('/') + 1) + ":" + std::to_string(where.line());
}

} // namespace

TEST_CASE("task: create_task with arguments notes the caller's place, and takes a name")
{
    test::loop loop;
    loop.run([&]() -> awaitable<void> {
        rill::event done;
        const int line = __LINE__;
        const auto plain = rill::create_task(wait_for_event, std::ref(done));
        const auto named = rill::create_task("waiter", wait_for_event, std::ref(done));
        const auto many = rill::create_task(rill::task_options("sum").eager(), sum, 1, 2, 3, 4);
        co_await rill::with_task_group([&](rill::task_group& group) -> awaitable<void> {
            const auto child = group.create_task(wait_for_event, std::ref(done));
            const auto other = group.create_task("child", wait_for_event, std::ref(done));
            CHECK(made_at(child) == "task.cpp:" + std::to_string(line + 5));
            CHECK(made_at(other) == "task.cpp:" + std::to_string(line + 6));
            CHECK(other.name() == "child");
            done.set();
            co_return;
        });
        CHECK(made_at(plain) == "task.cpp:" + std::to_string(line + 1));
        CHECK(made_at(named) == "task.cpp:" + std::to_string(line + 2));
        CHECK(made_at(many) == "task.cpp:" + std::to_string(line + 3));
        CHECK(named.name() == "waiter");
        CHECK(many.name() == "sum");
        co_await many;
        co_await rill::create_task(sum, 1, 2, 3, 4);
    });
}

TEST_CASE("task: without a running loop create_task is refused, and the body is destroyed unrun")
{
    const auto held = std::make_shared<int>(1);
    const auto body = [](std::shared_ptr<int>) -> awaitable<void> {
        FAIL("it ran");
        co_return;
    };
    CHECK_THROWS_AS(rill::create_task(body(held)), std::logic_error);
    CHECK(held.use_count() == 1);
}

TEST_CASE("task: awaiting a handle that refers to nothing is an error")
{
    test::loop loop;
    const rill::task<void> nothing;
    CHECK_THROWS_AS(loop.run([&]() -> awaitable<void> { co_await nothing; }), rill::invalid_state);
    CHECK_THROWS_AS(nothing.result(), rill::invalid_state);
}

TEST_CASE("task: a handle that refers to nothing, or was moved from, throws whatever is asked of it"
)
{
    test::loop loop;
    loop.run([&]() -> awaitable<void> {
        auto from = rill::create_task([]() -> awaitable<void> { co_return; });
        const auto to = std::move(from);
        for (const rill::task<void>& empty : {rill::task<void>(), from}) {
            rill::task<void> nothing = empty;
            CHECK_FALSE(nothing);
            CHECK_THROWS_AS(nothing.done(), rill::invalid_state);
            CHECK_THROWS_AS(nothing.cancelled(), rill::invalid_state);
            CHECK_THROWS_AS(nothing.exception(), rill::invalid_state);
            CHECK_THROWS_AS(nothing.cancel(), rill::invalid_state);
            CHECK_THROWS_AS(nothing.cancelling(), rill::invalid_state);
            CHECK_THROWS_AS(nothing.uncancel(), rill::invalid_state);
            CHECK_THROWS_AS(nothing.name(), rill::invalid_state);
            CHECK_THROWS_AS(nothing.set_name("x"), rill::invalid_state);
            CHECK_THROWS_AS(nothing.get_context(), rill::invalid_state);
            CHECK_THROWS_AS(nothing.add_done_callback([] {}), rill::invalid_state);
            CHECK_THROWS_AS(rill::task_ref{nothing}, rill::invalid_state);
        }
        co_await to;
        rill::future<int> set;
        const auto kept = std::move(set);
        CHECK_THROWS_AS(set.set_result(1), rill::invalid_state);
        CHECK_THROWS_AS(set.cancel(), rill::invalid_state);
        CHECK_THROWS_AS(set.done(), rill::invalid_state);
        CHECK_THROWS_AS(to_string(set), rill::invalid_state);
        CHECK_FALSE(set.set_result_unless_done(1));
    });
}

TEST_CASE(
    "create_task: arguments are copied and live as long as the task; std::ref is for references"
)
{
    test::loop loop;
    int calls = 0;
    const auto length = [](const std::string& text, int& count) -> awaitable<std::size_t> {
        co_await rill::yield();
        ++count;
        co_return text.size();
    };
    const auto sum = loop.run([&]() -> awaitable<std::size_t> {
        auto one =
            rill::create_task(length, std::string("a temporary of some length"), std::ref(calls));
        auto two = rill::create_task([](int n) -> awaitable<int> { co_return n; }, 4);
        co_return co_await one + static_cast<std::size_t>(co_await two);
    });
    CHECK(sum == 30);
    CHECK(calls == 1);
}

} // namespace
