// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/shield.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <stdexcept>
#include <string>

namespace {

using rill::awaitable;
using rill::task_group;
using rill::with_task_group;
using namespace std::chrono_literals;

awaitable<void> fail_after(rill::duration d, std::string text)
{
    co_await rill::sleep(d);
    throw std::runtime_error(text);
}

awaitable<void> say_after(rill::duration d, std::string& log, std::string text)
{
    co_await rill::sleep(d);
    log += text;
}

/// How `body` ended: done, cancelled, or what the exception says.
awaitable<std::string> how(awaitable<void> body)
{
    try {
        co_await std::move(body);
        co_return "done";
    } catch (const rill::exception_group& e) {
        co_return std::string("group: ") + e.what();
    } catch (const rill::timeout_error&) {
        co_return "timeout";
    } catch (const rill::system_error& e) {
        co_return e.code() == rill::condition::cancelled ? "cancelled" : "other";
    }
}

TEST_CASE("TG-01: leaving the block waits for every child, whose results are readable then")
{
    test::loop loop;
    rill::task<int> child;
    const int sum = loop.run(with_task_group([&](task_group& g) -> awaitable<int> {
        child = g.create_task([]() -> awaitable<int> {
            co_await rill::sleep(1h);
            co_return 2;
        });
        co_return 40;
    }));
    CHECK(sum + child.result() == 42);
}

TEST_CASE("TG-02: children start children, also while the group waits for its end")
{
    test::loop loop;
    std::string log;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task([&]() -> awaitable<void> {
            co_await rill::sleep(1s);
            g.create_task(say_after(1s, log, "grandchild "));
            log += "child ";
        });
        co_return;
    }));
    CHECK(log == "child grandchild ");
}

TEST_CASE("TG-06: the first failure cancels the rest; errors come in order, the body's own last")
{
    test::loop loop;
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task(fail_after(1s, "first"));
        g.create_task([]() -> awaitable<void> {
            try {
                co_await rill::sleep(1h);
            } catch (const rill::system_error&) {
                throw std::runtime_error("second");
            }
        });
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            throw std::runtime_error("body");
        }
    })));
    CHECK(result == "group: 3 errors: first; second; body");
}

TEST_CASE("TG-07: a body that throws cancels the children and throws a group")
{
    test::loop loop;
    std::string log;
    const auto start = loop.now();
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task(say_after(1h, log, "BAD"));
        co_await rill::yield();
        throw std::runtime_error("body");
    })));
    CHECK(result == "group: 1 error: body");
    CHECK(log.empty());
    CHECK(loop.now() == start);
}

TEST_CASE("TG-08: cancelled while it waits at the exit, it ends the children and is cancelled")
{
    test::loop loop;
    rill::task<void> child;
    auto t = loop.spawn(how(with_task_group([&](task_group& g) -> awaitable<void> {
        child = g.create_task(rill::sleep(1h));
        co_return;
    })));
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(child.cancelled());
    CHECK(t.result() == "cancelled");
}

TEST_CASE("TG-09: cancelled while the body waits, the body sees it first")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task([&]() -> awaitable<void> {
            try {
                co_await rill::sleep(1h);
            } catch (const rill::system_error&) {
                log += "child ";
                throw;
            }
        });
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            log += "body ";
            throw;
        }
    })));
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(log == "body child ");
    CHECK(t.result() == "cancelled");
}

TEST_CASE("TG-10, TG-13: errors win over a cancellation, which is due at the next wait")
{
    test::loop loop;
    std::string first;
    std::string then;
    auto t = loop.spawn([&]() -> awaitable<void> {
        first = co_await how(with_task_group([&](task_group& g) -> awaitable<void> {
            g.create_task([]() -> awaitable<void> {
                try {
                    co_await rill::sleep(1h);
                } catch (const rill::system_error&) {
                    throw std::runtime_error("in cleanup");
                }
            });
            co_await rill::sleep(1h);
        }));
        try {
            co_await rill::yield();
        } catch (const rill::system_error&) {
            then = "cancelled";
            throw;
        }
    });
    loop.settle();
    t.cancel();
    CHECK(t.cancelling() == 1);
    loop.settle();
    CHECK(first == "group: 1 error: in cleanup");
    CHECK(then == "cancelled");
}

TEST_CASE("TG-14: the cancellation that a group applied to its own body is gone afterwards")
{
    test::loop loop;
    loop.run([&]() -> awaitable<void> {
        const auto result = co_await how(with_task_group([&](task_group& g) -> awaitable<void> {
            g.create_task(fail_after(1s, "x"));
            co_await rill::sleep(1h);
        }));
        CHECK(result == "group: 1 error: x");
        CHECK(rill::current_task()->cancelling() == 0);
        co_await rill::sleep(1s);
    });
}

TEST_CASE("TG-16: an inner group's failure stays wrapped in the outer one")
{
    test::loop loop;
    const auto result = loop.run(how(with_task_group([&](task_group&) -> awaitable<void> {
        co_await with_task_group([&](task_group& g) -> awaitable<void> {
            g.create_task(fail_after(1s, "x"));
            co_return;
        });
    })));
    CHECK(result == "group: 1 error: [1 error: x]");
}

TEST_CASE("TG-17: an outer child fails while the inner group waits: only its error appears")
{
    test::loop loop;
    std::string inner;
    const auto outer = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task(fail_after(1s, "outer"));
        inner = co_await how(with_task_group([&](task_group& h) -> awaitable<void> {
            h.create_task(rill::sleep(1h));
            co_return;
        }));
        co_await rill::yield();
    })));
    CHECK(inner == "cancelled");
    CHECK(outer == "group: 1 error: outer");
}

TEST_CASE("TG-23: once it aborts, no child can start, and the given coroutine never runs")
{
    test::loop loop;
    bool ran = false;
    std::string refused;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        g.cancel();
        try {
            g.create_task([&]() -> awaitable<void> {
                ran = true;
                co_return;
            });
        } catch (const std::logic_error& e) {
            refused = e.what();
        }
        co_return;
    }));
    CHECK(refused.find("shutting down") != std::string::npos);
    CHECK_FALSE(ran);
}

TEST_CASE("TG-25: a child that has ended is let go at once")
{
    test::loop loop;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        const auto watched = std::make_shared<int>(1);
        g.create_task([copy = watched]() -> awaitable<void> { co_return; });
        co_await rill::yield();
        co_await rill::yield();
        CHECK(watched.use_count() == 1);
    }));
}

TEST_CASE("TG-28: without running children it ends without a wait")
{
    test::loop loop;
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback "; });
        co_await with_task_group([](task_group&) -> awaitable<void> { co_return; });
        order += "group ";
        co_await rill::yield();
    });
    CHECK(order == "group callback ");
}

TEST_CASE("TG-29: cancel() ends body and children without an error")
{
    test::loop loop;
    std::string log;
    CHECK(loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task(say_after(1h, log, "BAD"));
        g.create_task([&]() -> awaitable<void> {
            co_await rill::sleep(1s);
            g.cancel();
            g.cancel();
        });
        co_await rill::sleep(2h);
        log += "BAD";
    }))) == "done");
    CHECK(log.empty());
}

TEST_CASE("TG-30: cancel() and an expired timeout around the group: the timeout comes out")
{
    test::loop loop;
    CHECK(loop.run(how(rill::timeout(1s, with_task_group([&](task_group& g) -> awaitable<void> {
                                         try {
                                             co_await rill::sleep(1h);
                                         } catch (const rill::system_error&) {
                                             g.cancel();
                                             throw;
                                         }
                                     })))) == "timeout");
}

TEST_CASE("TMO-18: a timeout around a group: timeout_error, unless a cleanup failed")
{
    test::loop loop;
    const auto group = [](bool fail) {
        return with_task_group([fail](task_group& g) -> awaitable<void> {
            g.create_task([fail]() -> awaitable<void> {
                try {
                    co_await rill::sleep(1h);
                } catch (const rill::system_error&) {
                    if (fail)
                        throw std::runtime_error("cleanup");
                    throw;
                }
            });
            co_return;
        });
    };
    CHECK(loop.run(how(rill::timeout(1s, group(false)))) == "timeout");
    CHECK(loop.run(how(rill::timeout(1s, group(true)))) == "group: 1 error: cleanup");
}

TEST_CASE("task_group: a child that is cancelled alone is no error")
{
    test::loop loop;
    CHECK(loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        auto child = g.create_task(rill::sleep(1h));
        co_await rill::yield();
        child.cancel();
    }))) == "done");
}

TEST_CASE("task_group: a body that awaits a cancelled task is cancelled itself")
{
    test::loop loop;
    CHECK(loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        auto child = g.create_task(rill::sleep(1h));
        co_await rill::yield();
        child.cancel();
        co_await child;
    }))) == "cancelled");
}

TEST_CASE("exception_group: lists its errors, nested ones in brackets")
{
    const auto error = [](const char* text) {
        return std::make_exception_ptr(std::runtime_error(text));
    };
    const rill::exception_group inner({error("b"), error("c")});
    const rill::exception_group outer({error("a"), std::make_exception_ptr(inner)});
    CHECK(std::string(outer.what()) == "2 errors: a; [2 errors: b; c]");
    CHECK(outer.exceptions().size() == 2);
}

} // namespace
