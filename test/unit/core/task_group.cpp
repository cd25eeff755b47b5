// SPDX-License-Identifier: BSL-1.0
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/context_var.hpp>
#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/shield.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using rill::awaitable;
using rill::task_group;
using rill::with_task_group;
using test::how;
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

TEST_CASE("TG-06: siblings that fail at the same time are all listed, also in their first step")
{
    test::loop loop;
    const auto at_once = loop.run(how(with_task_group([](task_group& g) -> awaitable<void> {
        for (const char* name : {"a", "b", "c"})
            g.create_task([name]() -> awaitable<void> {
                throw std::runtime_error(name);
                co_return;
            });
        co_return;
    })));
    CHECK(at_once == "group: 3 errors: a; b; c");
    const auto later = loop.run(how(with_task_group([](task_group& g) -> awaitable<void> {
        g.create_task(fail_after(1s, "a"));
        g.create_task(fail_after(1s, "b"));
        g.create_task(fail_after(2s, "BAD"));
        co_return;
    })));
    CHECK(later == "group: 2 errors: a; b");
}

TEST_CASE("TG-06: whoever was to begin in the turn of the failure has begun, and is then cancelled")
{
    test::loop loop;
    std::string log;
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task([]() -> awaitable<void> {
            throw std::runtime_error("a");
            co_return;
        });
        g.create_task([&]() -> awaitable<void> {
            log += "begun";
            co_await rill::sleep(1h);
            log += "BAD";
        });
        co_return;
    })));
    CHECK(result == "group: 1 error: a");
    CHECK(log == "begun");
}

TEST_CASE("task_group: an abort that nobody asked for is a failure, of a child and of the body")
{
    test::loop loop;
    rill::asio::steady_timer timer(loop.executor(), 1h);
    const auto wait = [&]() -> awaitable<void> { co_await timer.async_wait(rill::asio::deferred); };
    const auto cancel_soon = [&]() -> awaitable<void> {
        co_await rill::sleep(1s);
        timer.cancel();
    };
    const auto child = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task(wait);
        g.create_task(cancel_soon);
        co_return;
    })));
    CHECK(child.find("group: 1 error: ") == 0);
    const auto body = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task(cancel_soon);
        co_await wait();
    })));
    CHECK(body.find("group: 1 error: ") == 0);
}

TEST_CASE("task_group: a member that is aborted because its task was told to stop is none")
{
    test::loop loop;
    rill::asio::steady_timer timer(loop.executor(), 1h);
    const auto wait = [&]() -> awaitable<void> { co_await timer.async_wait(rill::asio::deferred); };
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task(wait);
        co_await rill::yield();
        g.cancel();
        co_await wait();
    })));
    CHECK(result == "done");
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

TEST_CASE("TG-12: a body that turns the cancellation into its own error gives a group with that")
{
    test::loop loop;
    auto t = loop.spawn(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task(rill::sleep(1h));
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            throw std::runtime_error("body");
        }
    })));
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(t.result() == "group: 1 error: body");
    CHECK(t.cancelling() == 1);
}

TEST_CASE(
    "TG-15: a body that had failed when a child fails: both errors, and nothing is left behind"
)
{
    test::loop loop;
    loop.run([&]() -> awaitable<void> {
        const auto result = co_await how(with_task_group([&](task_group& g) -> awaitable<void> {
            g.create_task([]() -> awaitable<void> {
                try {
                    co_await rill::sleep(1h);
                } catch (const rill::system_error&) {
                    throw std::runtime_error("child");
                }
            });
            co_await rill::yield();
            throw std::runtime_error("body");
        }));
        CHECK(result == "group: 2 errors: child; body");
        CHECK(rill::current_task()->cancelling() == 0);
        co_await rill::sleep(1s);
    });
}

awaitable<void> fail_when_set(rill::future<>& signal, std::string text)
{
    co_await signal;
    throw std::runtime_error(text);
}

TEST_CASE("TG-18: inner and outer group fail together: each error where it belongs")
{
    test::loop loop;
    std::string between = "waits";
    rill::future<> now(loop.executor());
    loop.get().call_later(1s, [&] { now.set_result(); });
    loop.run([&]() -> awaitable<void> {
        const auto body = [&](task_group& outer) -> awaitable<void> {
            outer.create_task(fail_when_set(now, "outer"));
            std::exception_ptr inner_error;
            try {
                co_await with_task_group([&](task_group& inner) -> awaitable<void> {
                    inner.create_task(fail_when_set(now, "inner"));
                    co_return;
                });
            } catch (const rill::exception_group&) {
                inner_error = std::current_exception();
            }
            CHECK(rill::current_task()->cancelling() == 0);
            try {
                co_await rill::yield();
            } catch (const rill::system_error&) {
                between = "cancelled";
            }
            std::rethrow_exception(inner_error);
        };
        const auto result = co_await how(with_task_group(body));
        CHECK(result == "group: 2 errors: outer; [1 error: inner]");
        CHECK(between == "cancelled"); // by the outer group
        co_await rill::sleep(1s);
    });
}

TEST_CASE("TG-20, TG-22: a fatal error leaves the group bare, after all ended; others are reported")
{
    test::loop loop;
    bool cleaned_up = false;
    auto t = loop.spawn(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task([&]() -> awaitable<void> {
            try {
                co_await rill::sleep(1h);
            } catch (const rill::system_error&) {
            }
            cleaned_up = true;
            throw std::runtime_error("hidden");
        });
        g.create_task([]() -> awaitable<void> {
            co_await rill::yield();
            throw rill::fatal_error("out of power");
        });
        co_return;
    }));
    CHECK_THROWS_AS(loop.settle(), rill::fatal_error); // the child's
    CHECK_THROWS_AS(loop.settle(), rill::fatal_error); // and the parent's
    loop.settle();
    CHECK(cleaned_up);
    CHECK_THROWS_AS(t.result(), rill::fatal_error);
    REQUIRE(loop.reported().size() == 1);
    CHECK(loop.reported()[0].find("hidden") != std::string::npos);
    loop.forget_reported();
}

TEST_CASE("TG-21: exceptions of any type are kept in the group")
{
    test::loop loop;
    std::vector<std::exception_ptr> leaves;
    loop.run([&]() -> awaitable<void> {
        try {
            co_await with_task_group([](task_group& g) -> awaitable<void> {
                g.create_task([]() -> awaitable<void> {
                    throw 42;
                    co_return;
                });
                co_return;
            });
        } catch (const rill::exception_group& e) {
            leaves = e.exceptions();
        }
    });
    REQUIRE(leaves.size() == 1);
    CHECK_THROWS_AS(std::rethrow_exception(leaves[0]), int);
}

TEST_CASE("TG-24: a group exists within with_task_group only, and wherever that is awaited")
{
    static_assert(!std::is_default_constructible_v<task_group>);
    static_assert(!std::is_copy_constructible_v<task_group>);
    static_assert(!std::is_move_constructible_v<task_group>);
    test::loop loop;
    std::string log;
    rill::asio::co_spawn(
        loop.context(),
        with_task_group([&](task_group& g) -> awaitable<void> {
            g.create_task(say_after(1s, log, "child of a plain coroutine"));
            co_return;
        }),
        rill::asio::detached
    );
    loop.advance(1s);
    CHECK(log == "child of a plain coroutine");
}

TEST_CASE("TG-26: name, context and eager start are passed on to the task")
{
    static const rill::context_var<int> number("number", 0);
    test::loop loop;
    rill::context context;
    context.run([] { number.set(5); });
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        std::string name;
        int seen = -1;
        const auto child = g.create_task(
            [&]() -> awaitable<void> {
                name = rill::current_task()->name();
                seen = number.get();
                number.set(6);
                co_return;
            },
            rill::task_options("worker").context(context).eager()
        );
        CHECK(child.done());
        CHECK(name == "worker");
        CHECK(seen == 5);
        CHECK(number.get(context) == 6); // it is the same context, not a copy
        CHECK(number.get() == 0);
        co_return;
    }));
}

/// Fails in its first step.
awaitable<void> fail_at_once(std::string text)
{
    throw std::runtime_error(text);
    co_return;
}

TEST_CASE("TG-27: a child that fails in its eager start does not cancel its parent in that call")
{
    test::loop loop;
    std::string log;
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        const auto child = g.create_task(fail_at_once("early"), rill::task_options().eager());
        CHECK(child.done());
        const auto sibling = g.create_task(say_after(1s, log, "BAD")); // not refused
        rill::throw_if_cancelled();
        log += "goes on ";
        co_await rill::sleep(1h);
    })));
    CHECK(result == "group: 1 error: early");
    CHECK(log == "goes on ");
}

TEST_CASE("TG-27: nor does one that has started another eager child before it fails")
{
    test::loop loop;
    std::string log;
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        const auto child = [&]() -> awaitable<void> {
            g.create_task([]() -> awaitable<void> { co_return; }, rill::task_options().eager());
            co_await fail_at_once("early");
        };
        g.create_task(child, rill::task_options().eager());
        rill::throw_if_cancelled();
        log += "goes on";
        co_await rill::sleep(1h);
    })));
    CHECK(result == "group: 1 error: early");
    CHECK(log == "goes on");
}

TEST_CASE("TG-27: a body that ends at once after such a start still gives the error")
{
    test::loop loop;
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task(fail_at_once("early"), rill::task_options().eager());
        co_return;
    })));
    CHECK(result == "group: 1 error: early");
}

TEST_CASE("TG-27: such a failure while the group waits for its end cancels the rest in time")
{
    test::loop loop;
    const auto begin = loop.now();
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task(rill::sleep(1h));
        g.create_task([&]() -> awaitable<void> {
            co_await rill::sleep(1s);
            g.create_task(fail_at_once("early"), rill::task_options().eager());
        });
        co_return;
    })));
    CHECK(result == "group: 1 error: early");
    CHECK(loop.now() == begin + 1s);
}

TEST_CASE("TG-31: a child that cancels its group in its eager start is cancelled itself")
{
    test::loop loop;
    rill::task<void> child;
    const auto begin = loop.now();
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        child = g.create_task(
            [&]() -> awaitable<void> {
                g.cancel();
                co_await rill::sleep(1h);
            },
            rill::task_options().eager()
        );
        co_await rill::sleep(1h);
    }));
    CHECK(child.cancelled());
    CHECK(loop.now() == begin);
}

TEST_CASE("TG-32: no child outlives its group's task, however often that is cancelled")
{
    test::loop loop;
    rill::task<void> child;
    auto parent = loop.spawn(how(with_task_group([&](task_group& g) -> awaitable<void> {
        child = g.create_task([]() -> awaitable<void> {
            const rill::shield_scope cleanup;
            co_await rill::sleep(1min);
            throw std::runtime_error("late");
        });
        co_await rill::sleep(1h);
    })));
    loop.settle();
    for (int i = 0; i < 3; ++i) {
        parent.cancel();
        loop.advance(1s);
        CHECK_FALSE(parent.done());
    }
    loop.advance(1min);
    CHECK(child.done());
    CHECK(parent.result() == "group: 1 error: late");
}

TEST_CASE("TG-28, BY-24 (as asyncio): an empty group ends without a turn, and is no checkpoint")
{
    test::loop loop;
    bool turned = false;
    auto t = loop.spawn([&]() -> awaitable<void> {
        loop.get().call_soon([&] { turned = true; });
        co_await with_task_group([](task_group&) -> awaitable<void> { co_return; });
        CHECK_FALSE(turned);
        co_await rill::yield(); // whoever wants a turn takes one
        CHECK(turned);
    });
    loop.settle();
    CHECK(t.done());
}

TEST_CASE("task_group: a second cancel from outside goes on to children that clean up")
{
    test::loop loop;
    int told = 0;
    auto t = loop.spawn(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task([&]() -> awaitable<void> {
            for (int i = 0; i < 2; ++i) {
                try {
                    co_await rill::sleep(1h);
                } catch (const rill::system_error&) {
                    ++told;
                    rill::current_task()->uncancel();
                }
            }
        });
        co_return;
    })));
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(told == 1);
    t.cancel();
    loop.settle();
    CHECK(told == 2);
    CHECK(t.result() == "cancelled");
}

TEST_CASE("task_group: cancel() may be repeated, and cleanup errors still come out")
{
    test::loop loop;
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task([]() -> awaitable<void> {
            try {
                co_await rill::sleep(1h);
            } catch (const rill::system_error&) {
                throw std::runtime_error("cleanup");
            }
        });
        co_await rill::yield();
        g.cancel("once");
        g.cancel("twice");
    })));
    CHECK(result == "group: 1 error: cleanup");
}

TEST_CASE("BY-16, task_group: members learn that a sibling failed, and with what")
{
    test::loop loop;
    rill::cancel_reason_ptr seen;
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task([&]() -> awaitable<void> {
            try {
                co_await rill::sleep(1h);
            } catch (const rill::system_error&) {
                seen = rill::current_task()->reason();
                throw;
            }
        });
        g.create_task(fail_after(1s, "disk full"));
        co_return;
    })));
    CHECK(result == "group: 1 error: disk full");
    REQUIRE(seen);
    CHECK(seen->origin() == rill::cancel_origin::sibling);
    CHECK(seen->text().find("disk full") != std::string::npos);
}

/// Counts how often somebody asks for its text.
class counted_error : public std::exception {
public:
    explicit counted_error(int& asked)
        : asked_(asked)
    {}

    const char* what() const noexcept override
    {
        ++asked_;
        return "counted";
    }

private:
    int& asked_;
};

TEST_CASE("BY-16, EG-04: nobody's text is built before it is asked for, the reason's or the group's"
)
{
    test::loop loop;
    int asked = 0;
    rill::cancel_reason_ptr seen;
    auto t = loop.spawn(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task([&]() -> awaitable<void> {
            try {
                co_await rill::sleep(1h);
            } catch (const rill::cancelled_error& e) {
                seen = e.reason();
                throw;
            }
        });
        g.create_task([&]() -> awaitable<void> {
            co_await rill::yield();
            throw counted_error(asked);
        });
        co_return;
    }));
    loop.settle();
    REQUIRE(seen);
    CHECK(asked == 0);
    CHECK(seen->text() == "another member of its task group failed: counted");
    CHECK(seen->text().size() > 0);
    CHECK(asked == 1);
    CHECK(test::text_of(t.exception()) == "1 error: counted");
    CHECK(test::text_of(t.exception()) == "1 error: counted");
    CHECK(asked == 2);
}

TEST_CASE("task_group: a result that is neither default-constructible nor copyable is given back")
{
    struct sealed {
        explicit sealed(int n)
            : number(std::make_unique<int>(n))
        {}

        std::unique_ptr<int> number;
    };
    test::loop loop;
    const sealed s = loop.run(with_task_group([](task_group& g) -> awaitable<sealed> {
        g.create_task(rill::sleep(1s));
        co_return sealed(4);
    }));
    CHECK(*s.number == 4);
}

TEST_CASE(
    "task_group: cut short by cancel(), a body gives a default result, or is cancelled without"
)
{
    struct sealed {
        explicit sealed(int) {}
    };
    test::loop loop;
    const int zero = loop.run(with_task_group([](task_group& g) -> awaitable<int> {
        g.cancel();
        co_await rill::yield();
        co_return 4;
    }));
    CHECK(zero == 0);
    const auto t = loop.spawn(with_task_group([](task_group& g) -> awaitable<sealed> {
        g.cancel();
        co_await rill::yield();
        co_return sealed(4);
    }));
    loop.settle();
    CHECK(t.cancelled());
}

// limit()

/// Logs its beginning and its end.
awaitable<void> work(std::string& log, std::string name, rill::duration d = 1s)
{
    log += "+" + name;
    co_await rill::sleep(d);
    log += "-" + name;
}

TEST_CASE("task_group: with a limit, children take turns in the order in which they were started")
{
    test::loop loop;
    std::string log;
    const auto begin = loop.now();
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        g.limit(2);
        for (const char* name : {"a", "b", "c", "d", "e"})
            g.create_task(work(log, name));
        CHECK(g.size() == 5);
        co_return;
    }));
    CHECK(log == "+a+b-a-b+c+d-c-d+e-e");
    CHECK(loop.now() == begin + 3s);
}

TEST_CASE(
    "task_group: a child cancelled while it waits for its turn never begins, and blocks nobody"
)
{
    test::loop loop;
    std::string log;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        g.limit(1);
        g.create_task(work(log, "a"));
        auto second = g.create_task(work(log, "b"));
        g.create_task(work(log, "c"));
        co_await rill::yield();
        second.cancel();
    }));
    CHECK(log == "+a-a+c-c");
}

TEST_CASE("task_group: a child cancelled when it has just got its turn passes it on, unbegun")
{
    test::loop loop;
    std::string log;
    rill::task<void> second;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        g.limit(1);
        g.create_task([&]() -> awaitable<void> {
            co_await rill::sleep(1s);
            loop.get().call_soon([&] { second.cancel(); });
        });
        second = g.create_task(work(log, "b"));
        g.create_task(work(log, "c"));
        co_return;
    }));
    CHECK(second.cancelled());
    CHECK(log == "+c-c");
}

TEST_CASE("task_group: an error inside a limited group cancels those that wait for their turn")
{
    test::loop loop;
    std::string log;
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.limit(1);
        g.create_task(fail_after(1s, "first"));
        g.create_task(work(log, "b"));
        g.create_task(work(log, "c"));
        co_return;
    })));
    CHECK(result == "group: 1 error: first");
    CHECK(log.empty());
}

TEST_CASE("task_group: a limit is at least 1, and set before the first child")
{
    test::loop loop;
    loop.run(with_task_group([](task_group& g) -> awaitable<void> {
        CHECK_THROWS_AS(g.limit(0), std::invalid_argument);
        g.create_task(rill::sleep(1s));
        CHECK_THROWS_AS(g.limit(1), std::logic_error);
        co_return;
    }));
}

TEST_CASE("task_group: children begun with start() count for the limit as well")
{
    test::loop loop;
    std::string log;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        g.limit(1);
        co_await g.start([&](rill::task_status<> status) -> awaitable<void> {
            status.started();
            co_await work(log, "server");
        });
        g.create_task(work(log, "child"));
    }));
    CHECK(log == "+server-server+child-child");
}

// collect_errors()

TEST_CASE("task_group: collecting errors, a failure cancels nobody, and all are thrown in the end")
{
    test::loop loop;
    std::string log;
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.collect_errors();
        g.create_task(fail_after(1s, "one"));
        g.create_task(say_after(2s, log, "lives on"));
        g.create_task(fail_after(3s, "two"));
        throw std::runtime_error("body");
        co_return;
    })));
    CHECK(log == "lives on");
    CHECK(result == "group: 3 errors: one; two; body");
}

TEST_CASE("task_group: collecting errors, a cancellation from outside still ends all")
{
    test::loop loop;
    auto t = loop.spawn(how(with_task_group([&](task_group& g) -> awaitable<void> {
        g.collect_errors();
        g.create_task(rill::sleep(1h));
        co_await rill::sleep(1h);
    })));
    loop.settle();
    t.cancel();
    loop.settle();
    REQUIRE(t.done());
    CHECK(t.result() == "cancelled");
}

TEST_CASE("task_group: collecting errors, a fatal one still leaves bare")
{
    test::loop loop;
    auto t = loop.spawn(with_task_group([&](task_group& g) -> awaitable<void> {
        g.collect_errors();
        g.create_task([]() -> awaitable<void> {
            throw rill::fatal_error("out of power");
            co_return;
        });
        co_return;
    }));
    CHECK_THROWS_AS(loop.settle(), rill::fatal_error);
    CHECK_THROWS_AS(loop.settle(), rill::fatal_error);
    CHECK_THROWS_AS(t.result(), rill::fatal_error);
}

// start()

TEST_CASE("BY-34: start waits until the child says that it has started, and gives its value")
{
    test::loop loop;
    std::string log;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        const int port =
            co_await g.start<int>([&](rill::task_status<int> status) -> awaitable<void> {
                co_await rill::sleep(1s);
                status.started(8080);
                log += "serves ";
                co_await rill::sleep(1s);
                log += "ended ";
            });
        CHECK(port == 8080);
        log += "started ";
        CHECK(g.size() == 1);
    }));
    CHECK(log == "serves started ended ");
}

TEST_CASE("BY-34: once started, a child that fails is the group's business")
{
    test::loop loop;
    bool cut_short = false;
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        co_await g.start([](rill::task_status<> status) -> awaitable<void> {
            status.started();
            co_await fail_after(1s, "later");
        });
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            cut_short = true;
            throw;
        }
    })));
    CHECK(result == "group: 1 error: later");
    CHECK(cut_short);
}

TEST_CASE("BY-34: started() counts once, and its value may be move-only")
{
    test::loop loop;
    loop.run(with_task_group([](task_group& g) -> awaitable<void> {
        const auto server = [](rill::task_status<std::unique_ptr<int>> status) -> awaitable<void> {
            status.started(std::make_unique<int>(3));
            CHECK_THROWS_AS(status.started(nullptr), std::logic_error);
            co_return;
        };
        const auto value = co_await g.start<std::unique_ptr<int>>(server);
        CHECK(*value == 3);
    }));
}

TEST_CASE("BY-34: an eager child that says so at once: start needs no wait")
{
    test::loop loop;
    bool turned = false;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        loop.get().call_soon([&] { turned = true; });
        const auto server = [](rill::task_status<int> status) -> awaitable<void> {
            status.started(1);
            co_await rill::sleep(1s);
        };
        const int value = co_await g.start<int>(server, rill::task_options("server").eager());
        CHECK(value == 1);
        CHECK_FALSE(turned);
    }));
}

TEST_CASE("BY-35: a child that fails before it started: its error leaves start, the group goes on")
{
    test::loop loop;
    std::string log;
    std::string error;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task(say_after(1min, log, "sibling ends"));
        try {
            co_await g.start([](rill::task_status<>) { return fail_after(1s, "port in use"); });
        } catch (const std::runtime_error& e) {
            error = e.what();
        }
        co_await rill::sleep(1s);
        CHECK(g.size() == 1);
    }));
    CHECK(error == "port in use");
    CHECK(log == "sibling ends");
}

TEST_CASE("BY-35: the same for one that fails in its eager start, and for one that just returns")
{
    test::loop loop;
    std::string error;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        try {
            const auto fails = [](rill::task_status<>) { return fail_at_once("early"); };
            co_await g.start(fails, rill::task_options().eager());
        } catch (const std::runtime_error& e) {
            error = e.what();
        }
        try {
            const auto returns = [](rill::task_status<int>) -> awaitable<void> { co_return; };
            co_await g.start<int>(returns, "silent");
        } catch (const std::logic_error& e) {
            error += std::string("; ") + e.what();
        }
        co_await rill::yield();
    }));
    CHECK(error == "early; rill::task_group: task 'silent' ended without started()");
}

TEST_CASE("TG-27, BY-34: nor does one that says started() and fails, all in its eager start")
{
    test::loop loop;
    std::string log;
    const auto result = loop.run(how(with_task_group([&](task_group& g) -> awaitable<void> {
        const auto server = [](rill::task_status<> status) -> awaitable<void> {
            status.started();
            co_await fail_at_once("early");
        };
        co_await g.start(server, rill::task_options().eager());
        rill::throw_if_cancelled();
        log += "goes on";
        co_await rill::sleep(1h);
    })));
    CHECK(result == "group: 1 error: early");
    CHECK(log == "goes on");
}

TEST_CASE("BY-37: cancelling start cancels the child that starts, and waits for its end")
{
    test::loop loop;
    std::string log;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        auto starter = g.create_task([&]() -> awaitable<void> {
            const auto slow = [&](rill::task_status<>) -> awaitable<void> {
                try {
                    co_await rill::sleep(1h);
                } catch (const rill::system_error&) {
                    log += "child ";
                    throw;
                }
            };
            try {
                co_await g.start(slow);
            } catch (const rill::system_error&) {
                log += "starter";
                throw;
            }
        });
        co_await rill::sleep(1s);
        CHECK(g.size() == 2);
        starter.cancel("no need");
        co_await rill::sleep(1s);
        CHECK(g.size() == 0);
    }));
    CHECK(log == "child starter");
}

TEST_CASE("BY-37: cancelled in the child's eager step, start throws; the group cancels the child "
          "and waits")
{
    test::loop loop;
    std::string log;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        const auto cancels_its_starter = [&](rill::task_status<>) -> awaitable<void> {
            g.cancel();
            rill::shield_scope cleanup;
            co_await rill::sleep(1s);
            log += "child";
        };
        try {
            co_await g.start(cancels_its_starter, rill::task_options().eager());
        } catch (const rill::system_error&) {
            log += "start ";
            throw;
        }
    }));
    CHECK(log == "start child");
}

TEST_CASE("PRIM-02, task_group: a loop ends with children of a limited group in all states")
{
    int ends = 0;
    std::optional<test::abandoned_loop> loop(std::in_place);
    struct witness {
        int& count;

        ~witness() { ++count; }
    };
    const auto child = [&](bool asio) -> awaitable<void> {
        const witness w{ends};
        if (asio) {
            rill::asio::steady_timer timer(co_await rill::asio::this_coro::executor, 1h);
            co_await timer.async_wait(rill::asio::deferred);
        }
        co_await rill::sleep(1h);
    };
    loop->spawn(with_task_group([&](task_group& g) -> awaitable<void> {
        g.limit(2);
        for (int i = 0; i < 4; ++i)
            g.create_task(child(i == 0));
        co_return;
    }));
    loop->settle();
    loop.reset();
    CHECK(ends == 2); // the others had not begun
}

TEST_CASE("BY-37: a cancel after started() does not reach the child, and the value is delivered")
{
    test::loop loop;
    std::string log;
    rill::task<void> starter;
    const auto server = [&](rill::task_status<int> status) -> awaitable<void> {
        status.started(5);
        starter.cancel();
        co_await say_after(1s, log, "served");
    };
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        starter = g.create_task([&]() -> awaitable<void> {
            const int value = co_await g.start<int>(server);
            log += std::to_string(value) + " ";
            co_await rill::sleep(1h);
        });
        co_return;
    }));
    CHECK(log == "5 served");
}

TEST_CASE("BY-38: a pending start keeps the group open")
{
    test::loop loop;
    std::string log;
    const auto begin = loop.now();
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task([&]() -> awaitable<void> {
            const auto server = [](rill::task_status<> status) -> awaitable<void> {
                co_await rill::sleep(1min);
                status.started();
            };
            co_await g.start(server);
            log += "started";
        });
        co_return;
    }));
    CHECK(log == "started");
    CHECK(loop.now() == begin + 1min);
}

TEST_CASE("BY-38: a group that is cancelled ends a pending start, and refuses new ones")
{
    test::loop loop;
    std::string log;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        g.create_task([&]() -> awaitable<void> {
            const rill::shield_scope cleanup;
            const auto server = [](rill::task_status<>) { return rill::sleep(1h); };
            try {
                co_await g.start(server);
            } catch (const rill::system_error&) {
                log += "pending one cancelled, ";
            }
            try {
                co_await g.start(server);
            } catch (const std::logic_error&) {
                log += "new one refused";
            }
        });
        co_await rill::sleep(1s);
        g.cancel();
    }));
    CHECK(log == "pending one cancelled, new one refused");
}

TEST_CASE("BY-34: a task_status that outlives its child is harmless")
{
    test::loop loop;
    std::vector<rill::task_status<>> kept;
    loop.run(with_task_group([&](task_group& g) -> awaitable<void> {
        const auto forgetful = [&](rill::task_status<> status) -> awaitable<void> {
            kept.push_back(status);
            co_return;
        };
        try {
            co_await g.start(forgetful);
        } catch (const std::logic_error&) {
        }
    }));
    REQUIRE(kept.size() == 1);
    CHECK_NOTHROW(kept[0].started());
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
