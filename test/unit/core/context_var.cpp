// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/context_var.hpp>
#include <rill/future.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/post.hpp>

#include <stdexcept>
#include <string>
#include <thread>

namespace {

using rill::awaitable;
using rill::context_var;
using namespace std::chrono_literals;

const context_var<std::string> user("user", "nobody");
const context_var<int> depth("depth");

TEST_CASE("CV-01: a task copies its creator's context; later changes do not cross over")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        user.set("parent");
        std::string seen;
        const auto child = rill::create_task([&]() -> awaitable<void> {
            seen = user.get();
            user.set("child");
            co_await rill::sleep(1s);
            seen += " " + user.get();
        });
        user.set("parent, later"); // before the child's first step
        co_await rill::yield();
        co_await rill::yield();
        CHECK(user.get() == "parent, later");
        co_await child;
        CHECK(seen == "parent child");
        CHECK(user.get() == "parent, later");
    });
}

TEST_CASE("CV-01: tasks that take turns keep their values apart")
{
    test::loop loop;
    const auto count = [](int begin) -> awaitable<int> {
        depth.set(begin);
        for (int i = 0; i < 5; ++i) {
            depth.set(depth.get() + 1);
            co_await rill::yield();
        }
        co_return depth.get();
    };
    const auto a = loop.spawn(count(0));
    const auto b = loop.spawn(count(100));
    loop.settle();
    CHECK(a.result() == 5);
    CHECK(b.result() == 105);
}

TEST_CASE("CV-02: an awaited coroutine shares its caller's context, through a timeout too")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        const auto callee = [](std::string name) -> awaitable<std::string> {
            const auto before = user.get();
            co_await rill::yield();
            user.set(name);
            co_return before;
        };
        user.set("caller");
        const auto first = co_await callee("callee");
        CHECK(first == "caller");
        CHECK(user.get() == "callee");
        const auto second = co_await rill::timeout(1s, callee("timed"));
        CHECK(second == "callee");
        CHECK(user.get() == "timed");
    });
}

TEST_CASE("CV-03: callbacks run in the context in which they were registered, and change a copy")
{
    test::loop loop;
    std::string log;
    loop.run([&]() -> awaitable<void> {
        rill::future<> f;
        const auto note = [&] {
            log += user.get() + " ";
            user.set("BAD");
        };
        user.set("soon");
        loop.get().call_soon(note);
        user.set("later");
        loop.get().call_later(1s, note);
        user.set("done");
        f.add_done_callback(note);
        user.set("now");
        loop.get().call_later(2s, [f]() mutable { f.set_result(); });
        co_await rill::sleep(3s);
        CHECK(user.get() == "now");
    });
    CHECK(log == "soon later done ");
    CHECK(user.get() == "nobody");
}

TEST_CASE("CV-03: a callback of a callback gets what the first one set")
{
    test::loop loop;
    std::string seen;
    loop.get().call_soon([&] {
        user.set("first");
        loop.get().call_soon([&] { seen = user.get(); });
        user.set("too late");
    });
    loop.settle();
    CHECK(seen == "first");
}

TEST_CASE("CV-03: a task that a callback starts gets the callback's context")
{
    test::loop loop;
    std::string seen;
    loop.get().call_soon([&] {
        user.set("callback");
        rill::create_task([&]() -> awaitable<void> {
            seen = user.get();
            co_return;
        });
    });
    loop.settle();
    CHECK(seen == "callback");
}

TEST_CASE("CV-06: a value can be taken back with its token, down to the default")
{
    const auto first = user.set("a");
    const auto second = user.set("b");
    user.reset(second);
    CHECK(user.get() == "a");
    user.reset(first);
    CHECK(user.get() == "nobody");
}

TEST_CASE("CV-06: a token of another context is refused")
{
    test::loop loop;
    context_var<std::string>::token token;
    loop.run([&]() -> awaitable<void> {
        token = user.set("task");
        co_return;
    });
    CHECK_THROWS_AS(user.reset(token), std::logic_error);
    CHECK(user.get() == "nobody");
}

TEST_CASE("CV-06: a scoped value lasts as long as its scope, across waits and exceptions")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        user.set("outer");
        try {
            const auto scope = user.scoped("inner");
            co_await rill::yield();
            CHECK(user.get() == "inner");
            throw std::runtime_error("leaves");
        } catch (const std::runtime_error&) {
        }
        CHECK(user.get() == "outer");
    });
}

TEST_CASE("CV-06: default, fallback, or an error that names the variable")
{
    CHECK(user.get() == "nobody");
    CHECK(user.get("somebody") == "somebody");
    CHECK(depth.get(7) == 7);
    CHECK_THROWS_WITH_AS(
        depth.get(), "rill::context_var: 'depth' has no value and no default", std::out_of_range
    );
    CHECK(user.name() == "user");
}

TEST_CASE("context: run works in it and keeps what was set; a copy does not change with it")
{
    const rill::context context;
    context.run([] { user.set("inside"); });
    CHECK(user.get() == "nobody");
    CHECK(user.get(context) == "inside");
    const auto copy = context.run([] { return rill::copy_context(); });
    context.run([] { user.set("changed"); });
    CHECK(user.get(copy) == "inside");
    CHECK_FALSE(copy == context);
    CHECK_FALSE(depth.get(context));
}

TEST_CASE("context: run puts the context back when it throws")
{
    const rill::context context;
    CHECK_THROWS(context.run([] {
        user.set("inside");
        throw std::runtime_error("leaves");
    }));
    CHECK(user.get() == "nobody");
}

TEST_CASE("context: a task runs in the context that it is given, and changes it")
{
    test::loop loop;
    rill::context context;
    context.run([] { user.set("given"); });
    std::string seen;
    const auto t = loop.spawn(
        [&]() -> awaitable<void> {
            seen = user.get();
            co_await rill::yield();
            user.set("changed");
        },
        rill::task_options("t").context(context)
    );
    CHECK(t.get_context() == context);
    loop.settle();
    CHECK(seen == "given");
    CHECK(user.get(context) == "changed");
    CHECK(user.get() == "nobody");
}

TEST_CASE("context: what a task set can be looked at from outside")
{
    test::loop loop;
    const auto t = loop.spawn([]() -> awaitable<void> {
        user.set("task");
        co_await rill::sleep(1s);
    });
    const auto before = t.get_context(); // made before the task has any value
    loop.settle();
    CHECK(user.get(before) == "task");
    CHECK(user.get(t.get_context()) == "task");
    loop.advance(1s);
}

TEST_CASE("context: outside of loops, the values belong to the thread")
{
    const auto scope = user.scoped("main thread");
    std::string seen;
    std::thread([&] {
        seen = user.get();
        user.set("other thread");
    }).join();
    CHECK(seen == "nobody");
    CHECK(user.get() == "main thread");
}

TEST_CASE("context_var: a plain handler of Asio's sees the task's values on its executor")
{
    test::loop loop;
    std::string seen;
    loop.run([&]() -> awaitable<void> {
        user.set("task");
        const auto ex = co_await rill::asio::this_coro::executor;
        rill::asio::post(ex, [&] { seen = user.get(); });
        co_await rill::sleep(1s);
    });
    CHECK(seen == "task");
}

} // namespace
