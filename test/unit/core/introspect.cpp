// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>
#include <support/sanitized.hpp>

#include <rill/barrier.hpp>
#include <rill/condition_variable.hpp>
#include <rill/context_var.hpp>
#include <rill/delay_queue.hpp>
#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/gather.hpp>
#include <rill/introspect.hpp>
#include <rill/latch.hpp>
#include <rill/mutex.hpp>
#include <rill/owned_mutex.hpp>
#include <rill/queue.hpp>
#include <rill/race.hpp>
#include <rill/rate_limiter.hpp>
#include <rill/semaphore.hpp>
#include <rill/shared_mutex.hpp>
#include <rill/shield.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>
#include <rill/wait.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
namespace asio = boost::asio;

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

/// "introspect.cpp:12".
std::string here(unsigned line)
{
    return "introspect.cpp:" + std::to_string(line);
}

const rill::task_info& find(const rill::loop_snapshot& s, std::string_view name)
{
    for (const rill::task_info& t : s.tasks)
        if (t.name == name)
            return t;
    FAIL("no such task");
    return s.tasks.front();
}

/// The names of those who await a task, sorted as the graph has them.
std::vector<std::string> awaiters(const rill::task_ref& t)
{
    std::vector<std::string> names;
    for (const rill::call_graph& g : rill::capture_call_graph(t).awaited_by)
        names.push_back(g.task.name);
    return names;
}

using names = std::vector<std::string>;

awaitable<void> await(rill::task<void> t)
{
    co_await t;
}

// A snapshot

TEST_CASE(
    "snapshot: a task shows its name, parent, place, state, deadline, locks, variables and steps"
)
{
    static const rill::context_var<std::string> request("request", rill::shown);
    static const rill::context_var<std::string> secret("secret");
    static const rill::context_var<int> number("number", 0, rill::shown);
    test::loop loop;
    rill::event end(loop.executor());
    end.set_name("end");
    rill::mutex mutex(loop.executor());
    mutex.set_name("cache");
    unsigned created = 0;
    unsigned waits = 0;
    const auto child = [&]() -> awaitable<void> {
        request.set("r-17");
        secret.set("hunter2");
        number.set(3);
        const auto lock = co_await mutex.scoped();
        const auto limited = [&]() -> awaitable<void> {
            waits = __LINE__ + 1;
            co_await end.wait();
        };
        co_await rill::timeout(1h, limited);
    };
    const auto parent = loop.spawn(
        [&]() -> awaitable<void> {
            created = __LINE__ + 1;
            co_await rill::create_task(child, "child");
        },
        "parent"
    );
    loop.advance(10min);
    const rill::loop_snapshot s = rill::take_snapshot(loop.executor());
    REQUIRE(s.tasks.size() == 2);
    CHECK(s.loop.tasks == 2);
    CHECK(s.loop.timers == 1);
    CHECK(s.tasks[0].name == "parent");
    const rill::task_info& t = s.tasks[1];
    CHECK(t.name == "child");
    CHECK(t.parent == s.tasks[0].id);
    CHECK_FALSE(s.tasks[0].parent);
    CHECK(t.created.line() == created);
    CHECK(t.state == rill::activity::waiting);
    CHECK_FALSE(t.cancelling);
    CHECK(t.waits_for == "event 'end'");
    CHECK(t.where.line() == waits);
    CHECK(t.stack.size() == 2);
    CHECK(t.since == rill::duration(10min));
    CHECK(t.deadline == rill::duration(50min));
    CHECK(t.holds == names{"mutex 'cache'"});
    using variables = std::vector<std::pair<std::string, std::string>>;
    CHECK(t.context == variables{{"request", "r-17"}, {"number", "3"}});
    CHECK(t.awaited_by == std::vector{s.tasks[0].id});
    CHECK(t.steps == 1);
    const std::string text = to_text(s);
    CAPTURE(text);
    CHECK(text.starts_with("2 tasks, 0 ready, 1 timers, lag p99 "));
    CHECK(contains(
        text,
        "    └── child  waiting 600s for event 'end' at " + here(waits) +
            ", 3000s left, holds mutex 'cache', request=r-17, number=3\n"
    ));
    CHECK_FALSE(contains(text, "hunter2"));
    end.set();
    loop.settle();
    CHECK(parent.done());
    CHECK(rill::take_snapshot(loop.executor()).tasks.empty());
}

TEST_CASE("snapshot: what a task is about to do, and that it was told to stop")
{
    test::loop loop;
    const auto fresh = loop.spawn(rill::sleep(1h), "fresh");
    CHECK(rill::describe(fresh).state == rill::activity::fresh);
    CHECK(rill::describe(fresh).stack.empty());
    loop.settle();
    rill::activity own = rill::activity::fresh;
    loop.run([&]() -> awaitable<void> {
        own = rill::describe(*rill::current_task()).state;
        co_return;
    });
    CHECK(own == rill::activity::running);
    rill::task_ref(fresh).cancel();
    CHECK(rill::describe(fresh).cancelling);
    CHECK(rill::describe(fresh).state == rill::activity::ready);
    CHECK(contains(to_string(fresh), "cancelling"));
    loop.settle();
    CHECK(rill::describe(fresh).state == rill::activity::ended);
    CHECK(rill::describe(fresh).waits_for == "cancelled");
    CHECK_FALSE(rill::describe(fresh).cancelling);
}

TEST_CASE("snapshot: a child shows its group")
{
    test::loop loop;
    unsigned group_line = 0;
    const auto main = loop.spawn([&]() -> awaitable<void> {
        const auto body = [](rill::task_group& group) -> awaitable<void> {
            group.create_task(rill::sleep(1h), "child");
            co_return;
        };
        group_line = __LINE__ + 1;
        co_await rill::with_task_group(body);
    });
    loop.settle();
    CHECK(find(rill::take_snapshot(loop.executor()), "child").group.line() == group_line);
    rill::task_ref(main).cancel();
}

TEST_CASE("snapshot: in slices it has each task once, in the order of creation")
{
    test::loop loop;
    constexpr int n = 1000;
    std::vector<rill::task<void>> tasks;
    for (int i = 0; i < n; ++i)
        tasks.push_back(loop.spawn(rill::sleep(1h)));
    bool running = true;
    const auto disturbs = loop.spawn(
        [&]() -> awaitable<void> { // tasks end and begin, those that the snapshot stands at as well
            for (std::size_t i = 0; i < tasks.size() && running; i += 5) {
                tasks[i].cancel();
                tasks[i] = rill::create_task(rill::sleep(1h));
                co_await asio::post(asio::use_awaitable);
            }
        },
        "disturbs"
    );
    const auto s = loop.run([&]() -> awaitable<rill::loop_snapshot> {
        auto all = co_await rill::snapshot(0ns);
        running = false;
        co_return all;
    });
    CHECK(s.tasks.size() > n / 2);
    CHECK(s.tasks.size() <= n + 3);
    for (std::size_t i = 1; i < s.tasks.size(); ++i)
        REQUIRE(s.tasks[i - 1].id < s.tasks[i].id);
    for (const rill::task_info& t : s.tasks)
        REQUIRE(t.since >= 0ns);
    for (const auto& t : tasks)
        rill::task_ref(t).cancel();
}

TEST_CASE("snapshot: cancelled, it ends at once and looks no further")
{
    test::loop loop;
    std::vector<rill::task<void>> tasks;
    for (int i = 0; i < 100; ++i)
        tasks.push_back(loop.spawn(rill::sleep(1h)));
    const auto looks = loop.spawn([]() -> awaitable<void> { co_await rill::snapshot(0ns); });
    loop.step();
    loop.step();
    rill::task_ref(looks).cancel();
    loop.settle();
    CHECK(looks.cancelled());
    CHECK_FALSE(rill::detail::loop_core::of(loop.executor()).monitor.observed());
    for (const auto& t : tasks)
        rill::task_ref(t).cancel();
}

TEST_CASE("snapshot: a loop may die in the midst of one")
{
    test::abandoned_loop loop;
    for (int i = 0; i < 100; ++i)
        loop.spawn(rill::sleep(1h));
    loop.spawn([]() -> awaitable<void> { co_await rill::snapshot(0ns); });
    loop.step();
    loop.step();
    CHECK(rill::take_snapshot(loop.executor()).tasks.size() == 101);
}

TEST_CASE("snapshot: a variable whose text fails does not hide the tasks")
{
    struct odd {};

    static const rill::context_var<std::string> good("good", rill::shown);
    struct angry {
        static std::string text() { throw std::runtime_error("no"); }
    };
    test::loop loop;
    rill::detail::shown_variables::add({~0ull, "never set", [](const void*) {
                                            return angry::text();
                                        }});
    const auto t = loop.spawn([&]() -> awaitable<void> {
        good.set("fine");
        rill::detail::assign(
            *rill::detail::current_context(), ~0ull, std::make_shared<const odd>()
        );
        co_await rill::sleep(1h);
    });
    loop.settle();
    const auto info = rill::describe(t);
    REQUIRE(info.context.size() == 2);
    CHECK(info.context[0].second == "fine");
    CHECK(info.context[1].second == "(its text failed)");
    rill::detail::shown_variables::remove(~0ull);
    rill::task_ref(t).cancel();
}

TEST_CASE("dump_tasks: writes the loop that runs; an error where none does")
{
    test::loop loop;
    std::ostringstream text;
    CHECK_THROWS_AS(rill::dump_tasks(text), std::logic_error);
    loop.spawn(
        [&]() -> awaitable<void> {
            rill::dump_tasks(text);
            co_return;
        },
        "curious"
    );
    loop.settle();
    CHECK(contains(text.str(), "└── curious  running"));
}

TEST_CASE("a dump lets no control character through, whatever it is called")
{
    test::loop loop;
    const auto t = loop.spawn(rill::sleep(1h), "a\x1b[2J\n\x7f\u009b\u00e9");
    loop.settle();
    const std::string text = to_text(rill::take_snapshot(loop.executor()));
    CHECK(contains(text, "a\\x1b[2J\\x0a\\x7f\\xc2\\x9b\u00e9  waiting"));
    rill::task_ref(t).cancel();
}

// Call graphs

TEST_CASE("IN-01: the call graph of a task has its stack, and who awaits it, and so on")
{
    test::loop loop;
    const auto leaf = loop.spawn(rill::sleep(1h), "leaf");
    const auto middle = loop.spawn(await(leaf), "middle");
    const auto other = loop.spawn(await(leaf), "other");
    const auto root = loop.spawn(await(middle), "root");
    loop.settle();
    const rill::call_graph graph = rill::capture_call_graph(leaf);
    CHECK(graph.task.name == "leaf");
    REQUIRE(graph.awaited_by.size() == 2);
    CHECK(graph.awaited_by[0].task.name == "middle");
    CHECK(graph.awaited_by[0].task.stack.size() == 1);
    CHECK(graph.awaited_by[1].task.name == "other");
    CHECK(graph.awaited_by[1].awaited_by.empty());
    REQUIRE(graph.awaited_by[0].awaited_by.size() == 1);
    CHECK(graph.awaited_by[0].awaited_by[0].task.name == "root");
    const std::string text = to_text(graph);
    CAPTURE(text);
    CHECK(contains(text, "task 'leaf'\n  awaited by:\n    task 'middle'\n      in "));
    CHECK(contains(text, "await at introspect.cpp:"));
    CHECK(contains(text, "      awaited by:\n        task 'root'\n"));
    rill::task_ref(root).cancel();
    loop.settle();
    CHECK(other.done());
}

TEST_CASE("IN-01: a future's call graph has who awaits it")
{
    test::loop loop;
    const rill::future<int> answer(loop.executor());
    const auto asks = [&]() -> awaitable<void> { co_await answer; };
    const auto asker = loop.spawn(asks, "asker");
    const auto root = loop.spawn(await(asker), "root");
    loop.settle();
    const rill::call_graph graph = rill::capture_call_graph(answer);
    CHECK(graph.task.name == "a future");
    REQUIRE(graph.awaited_by.size() == 1);
    CHECK(graph.awaited_by[0].task.name == "asker");
    CHECK(graph.awaited_by[0].awaited_by.at(0).task.name == "root");
    rill::future<int>(answer).set_result(1);
    loop.settle();
    CHECK(rill::capture_call_graph(answer).awaited_by.empty());
    CHECK(rill::capture_call_graph(answer).task.waits_for == "done");
}

TEST_CASE("IN-03: who waits for several, by whatever means, awaits each, until it has ended")
{
    test::loop loop;
    rill::event first(loop.executor());
    rill::event second(loop.executor());
    const auto waits = [](rill::event& e) -> awaitable<void> { co_await e.wait(); };
    using task = rill::task<void>;
    const auto check = [&](auto how) {
        const task a = loop.spawn(waits(first), "a");
        const task b = loop.spawn(waits(second), "b");
        const auto whole = loop.spawn(how(a, b), "whole");
        loop.settle();
        CHECK(awaiters(a) == names{"whole"});
        CHECK(awaiters(b) == names{"whole"});
        first.set();
        loop.settle();
        CHECK(awaiters(a).empty());
        if (!whole.done())
            CHECK(awaiters(b) == names{"whole"});
        else
            CHECK(awaiters(b).empty());
        second.set();
        loop.settle();
        CHECK(whole.done());
        CHECK(awaiters(b).empty());
        first.clear();
        second.clear();
    };
    check([](task a, task b) -> awaitable<void> { co_await rill::gather(a, b); });
    check([](task a, task b) -> awaitable<void> { co_await rill::gather_settled(a, b); });
    check([](task a, task b) -> awaitable<void> {
        const std::vector<task> both{a, b};
        co_await rill::wait(both, rill::return_when::all_completed);
    });
    check([](task a, task b) -> awaitable<void> {
        const std::vector<task> both{a, b};
        co_await rill::wait(both, rill::return_when::first_completed);
    });
}

TEST_CASE("IN-03: a group's children are awaited by who waits for its end")
{
    test::loop loop;
    rill::event goes_on(loop.executor());
    std::optional<rill::task<void>> child;
    const auto body = [&](rill::task_group& group) -> awaitable<void> {
        child = group.create_task(rill::sleep(1h), "child");
        co_await goes_on.wait();
    };
    const auto parent = loop.spawn(rill::with_task_group(body), "parent");
    loop.settle();
    CHECK(awaiters(*child).empty());
    goes_on.set();
    loop.settle();
    CHECK(awaiters(*child) == names{"parent"});
    rill::task_ref(parent).cancel();
    loop.settle();
    CHECK(awaiters(*child).empty());
}

TEST_CASE("IN-03: a wait that is cancelled or left early leaves no edge")
{
    test::loop loop;
    const auto work = loop.spawn(rill::sleep(1h), "work");
    const auto shielded = [](rill::task<void> t) -> awaitable<void> { co_await rill::shield(t); };
    const auto cancelled = loop.spawn(shielded(work), "cancelled");
    const auto early = loop.spawn(rill::timeout(1s, shielded(work)), "early");
    const auto limited = [](rill::task<void> t) -> awaitable<void> {
        const std::vector<rill::task<void>> one{t};
        co_await rill::wait(one, rill::return_when::all_completed, 2s);
    };
    const auto waits = loop.spawn(limited(work), "waits");
    loop.settle();
    CHECK(awaiters(work) == names{"cancelled", "early", "waits"});
    rill::task_ref(cancelled).cancel();
    loop.settle();
    CHECK(awaiters(work) == names{"early", "waits"});
    loop.advance(1s);
    CHECK(awaiters(work) == names{"waits"});
    loop.advance(1s);
    CHECK(awaiters(work).empty());
    CHECK(waits.done());
    CHECK(early.exception() != nullptr);
    rill::task_ref(work).cancel();
}

TEST_CASE("IN-05: without an argument it is the current task, nothing outside of tasks, an error "
          "without a loop")
{
    CHECK_THROWS_AS(static_cast<void>(rill::capture_call_graph()), std::logic_error);
    test::loop loop;
    std::optional<rill::call_graph> in_task;
    std::optional<rill::call_graph> in_callback;
    const auto t = loop.spawn(
        [&]() -> awaitable<void> {
            in_task = rill::capture_call_graph();
            co_return;
        },
        "asks"
    );
    loop.get().call_soon([&] { in_callback = rill::capture_call_graph(); });
    loop.settle();
    REQUIRE(in_task);
    CHECK(in_task->task.name == "asks");
    CHECK(in_task->task.state == rill::activity::running);
    CHECK_FALSE(in_callback);
}

TEST_CASE("IN-08: tasks that await each other are named, and nothing goes round for ever")
{
    test::abandoned_loop loop;
    rill::task<void> a;
    rill::task<void> b;
    rill::event known(loop.executor());
    const auto waits = [&](rill::task<void>& other) -> awaitable<void> {
        co_await known.wait();
        co_await other;
    };
    a = loop.spawn(waits(b), "a");
    b = loop.spawn(waits(a), "b");
    const auto outside = loop.spawn(await(a), "outside");
    loop.settle();
    CHECK(rill::find_cycles(rill::take_snapshot(loop.executor()).tasks).empty());
    known.set();
    loop.settle();
    const rill::loop_snapshot s = rill::take_snapshot(loop.executor());
    const auto cycles = rill::find_cycles(s.tasks);
    REQUIRE(cycles.size() == 1);
    CHECK(cycles.front().size() == 2);
    CHECK(contains(to_text(s), "deadlock: a -> b -> a\n"));
    const rill::call_graph graph = rill::capture_call_graph(a);
    CHECK_FALSE(graph.cycle);
    const rill::call_graph* by_b = nullptr;
    for (const rill::call_graph& g : graph.awaited_by)
        if (g.task.name == "b")
            by_b = &g;
    REQUIRE(by_b);
    REQUIRE(by_b->awaited_by.size() == 1);
    CHECK(by_b->awaited_by[0].cycle);
    CHECK(contains(to_text(graph), "task 'a' (again: it waits for itself)"));
}

TEST_CASE(
    "IN-08: circles through gathers and groups, two that share a task, one of a task and itself"
)
{
    const auto task = [](std::uint64_t id, std::vector<std::uint64_t> awaited_by) {
        rill::task_info t;
        t.id = id;
        t.name = "t" + std::to_string(id);
        t.awaited_by = std::move(awaited_by);
        return t;
    };
    using cycles = std::vector<std::vector<std::uint64_t>>;
    CHECK(rill::find_cycles({}).empty());
    CHECK(rill::find_cycles({task(1, {2}), task(2, {3}), task(3, {99})}).empty());
    CHECK(rill::find_cycles({task(1, {1})}) == cycles{{1}});
    // 1 awaits 2 and 3, both await 1
    CHECK(
        rill::find_cycles({task(1, {2, 3}), task(2, {1}), task(3, {1})}) == cycles{{1, 2}, {1, 3}}
    );
    // two circles, and one who waits for both
    CHECK(
        rill::find_cycles(
            {task(1, {2, 5}), task(2, {1}), task(3, {4, 5}), task(4, {3}), task(5, {})}
        ) == cycles{{1, 2}, {3, 4}}
    );

    test::abandoned_loop loop;
    rill::task<void> parent;
    const auto waits_for_parent = [&]() -> awaitable<void> { co_await parent; };
    const auto gathers = [&]() -> awaitable<void> {
        co_await rill::gather(waits_for_parent(), rill::sleep(1h));
    };
    parent = loop.spawn(gathers, "parent");
    loop.settle();
    CHECK(rill::find_cycles(rill::take_snapshot(loop.executor()).tasks).size() == 1);
}

TEST_CASE("IN-09: several roots, tasks whose creator has ended, tasks without a name")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        rill::create_task(rill::sleep(1h));
        rill::create_task(rill::sleep(1h), "named");
        co_return;
    });
    const rill::loop_snapshot s = rill::take_snapshot(loop.executor());
    REQUIRE(s.tasks.size() == 2);
    CHECK(s.tasks[0].name == "Task-2");
    CHECK_FALSE(s.tasks[0].parent);
    const std::string text = to_text(s);
    CHECK(contains(text, "├── Task-2  waiting"));
    CHECK(contains(text, "└── named  waiting"));
    rill::loop_snapshot partial = s;
    partial.tasks[0].parent = 12345; // it is not in the list
    partial.tasks[0].awaited_by = {12345};
    CHECK(contains(to_text(partial), "├── Task-2  waiting"));
    for (const rill::task_ref& t : rill::all_tasks(loop.executor()))
        rill::task_ref(t).cancel();
}

TEST_CASE("IN-09: each of two loops shows its own")
{
    test::loop one;
    test::loop other;
    const auto here_ = one.spawn(rill::sleep(1h), "one's");
    const auto there = other.spawn(rill::sleep(1h), "other's");
    CHECK(rill::take_snapshot(one.executor()).tasks.at(0).name == "one's");
    CHECK(rill::take_snapshot(other.get()).tasks.at(0).name == "other's");
    rill::task_ref(here_).cancel();
    rill::task_ref(there).cancel();
}

TEST_CASE("IN-10: chains of 100 000 tasks are dumped and drawn without a deep stack")
{
    constexpr int n = test::sanitized ? 20'000 : 100'000;
    test::loop loop;
    rill::event end(loop.executor());
    const auto waits = [&]() -> awaitable<void> { co_await end.wait(); };
    const rill::task<void> leaf = loop.spawn(waits, "leaf");
    rill::task<void> last = leaf;
    for (int i = 0; i < n; ++i)
        last = loop.spawn(await(last));
    loop.settle();
    const rill::loop_snapshot s = rill::take_snapshot(loop.executor());
    CHECK(s.tasks.size() == n + 1);
    CHECK(rill::find_cycles(s.tasks).empty());
    CHECK(to_text(s).size() > n * 40u);
    const rill::call_graph graph = rill::capture_call_graph(leaf);
    const rill::call_graph* g = &graph;
    std::size_t depth = 0;
    for (; !g->awaited_by.empty(); g = &g->awaited_by.front())
        ++depth;
    CHECK(depth == 1000);
    CHECK(g->cut);
    CHECK(contains(to_text(graph), " (...)\n"));
    end.set();
    loop.settle();
}

TEST_CASE("IN-10: tasks that share their awaiters do not make a graph grow without bound")
{
    test::loop loop;
    rill::event end(loop.executor());
    const auto waits = [&]() -> awaitable<void> { co_await end.wait(); };
    rill::task<void> joint = loop.spawn(waits);
    const rill::task<void> leaf = joint;
    const auto both = [](rill::task<void> a, rill::task<void> b) -> awaitable<void> {
        co_await rill::gather(a, b);
    };
    for (int layer = 0; layer < 40; ++layer) { // 2^40 ways from the leaf to the last one
        const auto a = loop.spawn(await(joint));
        const auto b = loop.spawn(await(joint));
        joint = loop.spawn(both(a, b));
    }
    loop.settle();
    CHECK(to_text(rill::capture_call_graph(leaf)).size() < 100'000);
    end.set();
    loop.settle();
}

TEST_CASE("IN-10: a tree of tasks that is 100 000 deep is drawn without a deep stack")
{
    std::vector<rill::task_info> tasks(100'000);
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        tasks[i].id = i + 1;
        tasks[i].name = "t";
        if (i > 0) {
            tasks[i].parent = i;
            tasks[i].awaited_by.push_back(i);
        }
    }
    tasks.front().awaited_by.push_back(tasks.size()); // and all are one circle
    rill::loop_snapshot s;
    s.tasks = std::move(tasks);
    REQUIRE(rill::find_cycles(s.tasks).size() == 1);
    CHECK(rill::find_cycles(s.tasks).front().size() == s.tasks.size());
    CHECK(contains(to_text(s), "deadlock: t -> t -> "));
}

TEST_CASE("IN-12: the stack of a task is printed while it waits, and how it ended afterwards")
{
    test::loop loop;
    unsigned inner = 0;
    unsigned outer = 0;
    const auto inside = [&]() -> awaitable<void> {
        inner = __LINE__ + 1;
        co_await rill::sleep(1s);
    };
    const auto waits = loop.spawn(
        [&]() -> awaitable<void> {
            outer = __LINE__ + 1;
            co_await inside();
        },
        "waits"
    );
    const auto fails = loop.spawn(
        []() -> awaitable<void> {
            throw std::runtime_error("wrong");
            co_return;
        },
        "fails"
    );
    loop.settle();
    std::ostringstream text;
    rill::print_stack(waits, text);
    CAPTURE(text.str());
    CHECK(contains(text.str(), "waits  waiting 0ns for a sleep at " + here(inner) + "\n  "));
    const auto first = text.str().find(" at " + here(outer) + "\n");
    CHECK(first != std::string::npos);
    CHECK(text.str().find(" at " + here(inner) + "\n", first) != std::string::npos);
    loop.advance(1s);
    text.str("");
    rill::print_stack(waits, text);
    rill::print_stack(fails, text);
    CHECK(text.str() == "waits  ended, done\nfails  ended, failed: wrong\n");
    CHECK(fails.exception() != nullptr);
}

TEST_CASE("IN-12: a task whose loop is gone tells how it ended")
{
    std::optional<rill::task<void>> done;
    std::optional<rill::task<void>> lost;
    {
        test::abandoned_loop loop;
        done = loop.spawn(rill::sleep(0s), "done");
        lost = loop.spawn(rill::sleep(1h), "lost");
        loop.settle();
    }
    CHECK(to_string(*done) == "task 'done', ended, done");
    CHECK(to_string(*lost) == "task 'lost', ended, its loop is gone");
    CHECK(rill::capture_call_graph(*lost).awaited_by.empty());
}

// Texts

TEST_CASE("DBG-11: tasks and futures as text")
{
    test::loop loop;
    unsigned line = 0;
    CHECK(to_string(rill::task<int>()) == "no task");
    const unsigned made = __LINE__ + 1;
    const rill::future<int> answer(loop.executor());
    CHECK(to_string(answer) == "a future created at " + here(made) + ", pending");
    const auto t = loop.spawn(
        [&]() -> awaitable<void> {
            line = __LINE__ + 1;
            co_await answer;
        },
        "asks"
    );
    CHECK(to_string(t) == "task 'asks', new");
    loop.advance(2s);
    CHECK(to_string(t) == "task 'asks', waiting 2s for a future at " + here(line));
    CHECK(contains(to_string(answer), ", pending, 1 waits for it"));
    rill::future<int>(answer).set_exception(std::runtime_error("lost"));
    loop.settle();
    CHECK(contains(to_string(answer), ", failed: lost"));
    CHECK(to_string(t) == "task 'asks', ended, failed: lost");
    CHECK(t.exception() != nullptr);
    rill::future<int> cancelled(loop.executor());
    cancelled.cancel();
    CHECK(contains(to_string(cancelled), ", cancelled"));
}

TEST_CASE("DBG-11: a text survives a task that waits for itself through a future")
{
    test::loop loop;
    const rill::future<rill::task<void>> itself(loop.executor());
    const rill::future<int> never(loop.executor());
    const auto t = loop.spawn(
        [&]() -> awaitable<void> {
            const rill::task<void> me = co_await itself;
            const auto other = rill::create_task(await(me), "other");
            co_await other;
        },
        "me"
    );
    rill::future<rill::task<void>>(itself).set_result(t);
    loop.settle();
    CHECK(to_string(t).starts_with("task 'me', waiting 0ns for task 'other' at "));
    CHECK(contains(to_text(rill::take_snapshot(loop.executor())), "deadlock: me -> other -> me\n"));
    CHECK(contains(to_text(rill::capture_call_graph(t)), "it waits for itself"));
    rill::task_ref(t).cancel();
}

TEST_CASE("DBG-11: a timeout as text")
{
    test::loop loop;
    std::vector<std::string> texts;
    const auto body = [&](rill::timeout_scope& scope) -> awaitable<void> {
        texts.push_back(to_string(scope));
        scope.reschedule(rill::never);
        texts.push_back(to_string(scope));
        scope.reschedule(loop.now());
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            texts.push_back(to_string(scope));
            throw;
        }
    };
    loop.run([&]() -> awaitable<void> {
        CHECK_THROWS_AS(co_await rill::timeout(1500ms, body), rill::timeout_error);
    });
    CHECK(texts == names{"timeout (1.5s left)", "timeout (no deadline)", "timeout (expired)"});
}

TEST_CASE("DBG-11: locks as text")
{
    test::loop loop;
    const auto ex = loop.executor();
    rill::mutex mutex(ex);
    CHECK(to_string(mutex) == "a mutex (free)");
    mutex.set_name("cache");
    rill::owned_mutex owned(ex);
    rill::shared_mutex shared(ex);
    rill::semaphore semaphore(ex, 2);
    CHECK(to_string(owned) == "an owned mutex (free)");
    CHECK(to_string(shared) == "a shared mutex (free)");
    CHECK(to_string(semaphore) == "a semaphore (2 free)");
    rill::event end(ex);
    const auto holds = loop.spawn(
        [&]() -> awaitable<void> {
            co_await mutex.lock();
            co_await owned.lock();
            co_await shared.lock();
            co_await semaphore.acquire(2);
            co_await end.wait();
            mutex.unlock();
            owned.unlock();
            shared.unlock();
            semaphore.release(2);
        },
        "h"
    );
    loop.settle();
    const auto m = loop.spawn([&]() -> awaitable<void> { const auto l = co_await mutex.scoped(); });
    const auto o = loop.spawn([&]() -> awaitable<void> { const auto l = co_await owned.scoped(); });
    const auto s = loop.spawn([&]() -> awaitable<void> {
        co_await shared.lock_shared();
        shared.unlock_shared();
    });
    const auto p =
        loop.spawn([&]() -> awaitable<void> { const auto one = co_await semaphore.scoped(); });
    loop.settle();
    CHECK(to_string(mutex) == "mutex 'cache', held by task 'h' (locked, 1 waits)");
    CHECK(to_string(owned) == "an owned mutex, held by task 'h' (locked, 1 waits)");
    CHECK(to_string(shared) == "a shared mutex, held by task 'h' (locked, 1 reader waits)");
    CHECK(to_string(semaphore) == "a semaphore (0 free, 1 waits)");
    end.set();
    loop.settle();
}

TEST_CASE("DBG-11: queues as text")
{
    test::loop loop;
    const auto ex = loop.executor();
    rill::queue<int> jobs(ex, 2);
    jobs.set_name("jobs");
    CHECK(to_string(jobs) == "queue 'jobs' (0 of 2 items)");
    const auto get = [&]() -> awaitable<void> { co_await jobs.get(); };
    const auto one = loop.spawn(get);
    const auto two = loop.spawn(get);
    loop.settle();
    CHECK(to_string(jobs) == "queue 'jobs' (0 of 2 items, 2 getters wait)");
    for (int i = 0; i < 4; ++i)
        REQUIRE(jobs.try_put(i));
    loop.settle();
    const auto put = loop.spawn(jobs.put(4));
    loop.settle();
    CHECK(to_string(jobs) == "queue 'jobs' (2 of 2 items, 1 putter waits)");
    jobs.shutdown(true);
    loop.settle();
    CHECK(to_string(jobs) == "queue 'jobs' (0 of 2 items, shut down)");
    CHECK(put.exception() != nullptr);
    CHECK(to_string(rill::queue<int>(ex)) == "a queue (0 items)");
    rill::delay_queue<int> later(ex);
    REQUIRE(later.try_put(1, 90s));
    CHECK(to_string(later) == "a delay queue (1 stored, the next due in 90s)");
}

TEST_CASE("DBG-11: what else tasks wait for, as text")
{
    test::loop loop;
    const auto ex = loop.executor();
    rill::event event(ex);
    event.set_name("go");
    rill::latch latch(ex, 3);
    rill::barrier barrier(ex, 2);
    rill::rate_limiter limiter(ex, 10, 1s, 2);
    rill::mutex mutex(ex);
    rill::condition_variable changed(mutex);
    const auto waits = loop.spawn(event.wait());
    const auto counts = loop.spawn(latch.wait());
    const auto comes = loop.spawn([&]() -> awaitable<void> { co_await barrier.wait(); });
    const auto listens = loop.spawn([&]() -> awaitable<void> {
        const auto lock = co_await mutex.scoped();
        co_await changed.wait();
    });
    loop.settle();
    CHECK(to_string(event) == "event 'go' (not set, 1 waits)");
    CHECK(to_string(latch) == "a latch (3 to come, 1 waits)");
    CHECK(to_string(barrier) == "a barrier (1 of 2 have come)");
    CHECK(to_string(limiter) == "a rate limiter (2 of 2 saved up)");
    CHECK(to_string(changed) == "a condition variable of a mutex (1 waiting)");
    event.set();
    CHECK(to_string(event) == "event 'go' (set)");
    latch.count_down(3);
    barrier.abort();
    CHECK(to_string(barrier) == "a barrier (0 of 2 have come, broken)");
    REQUIRE(mutex.try_lock());
    changed.notify_all();
    mutex.unlock();
    loop.settle();
    CHECK(comes.exception() != nullptr);
}

// What is not a task's

TEST_CASE("a callback on the executor of a task that has ended is no step of that task")
{
    test::loop loop;
    rill::event event(loop.executor());
    bool called = false;
    std::optional<std::string> in;
    loop.run([&]() -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        event.async_wait(asio::bind_executor(ex, [&](rill::error_code) {
            called = true;
            if (const auto task = rill::current_task())
                in = task->name();
        }));
    });
    const auto later = loop.spawn(rill::sleep(1h), "in the same place");
    event.set();
    loop.settle();
    CHECK(called);
    CHECK_FALSE(in);
    rill::task_ref(later).cancel();
}

TEST_CASE("a callback on the executor of a task that lives is a step of that task")
{
    test::loop loop;
    rill::event event(loop.executor());
    std::optional<std::string> in;
    const auto task = loop.spawn(
        [&]() -> awaitable<void> {
            const auto ex = co_await asio::this_coro::executor;
            event.async_wait(asio::bind_executor(ex, [&](rill::error_code) {
                if (const auto here_ = rill::current_task())
                    in = here_->name();
            }));
            co_await rill::sleep(1h);
        },
        "owner"
    );
    loop.settle();
    CHECK(rill::describe(task).waits_for == "a sleep");
    event.set();
    loop.settle();
    CHECK(in == "owner");
    rill::task_ref(task).cancel();
}

} // namespace
