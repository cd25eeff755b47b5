// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/event.hpp>
#include <rill/shield.hpp>
#include <rill/task.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using rill::awaitable;
using rill::cancel_scope;
using namespace std::chrono_literals;

awaitable<void> yield_once()
{
    co_await rill::yield();
}

TEST_CASE("BY-01: once a scope is cancelled, every later wait in it throws until it is left")
{
    test::loop loop;
    int thrown = 0;
    loop.run([&]() -> awaitable<void> {
        cancel_scope scope;
        const bool finished = co_await scope.run([&](cancel_scope& inside) -> awaitable<void> {
            inside.cancel();
            for (int i = 0; i < 3; ++i) {
                try {
                    co_await rill::sleep(1h);
                } catch (const rill::system_error& e) {
                    thrown += e.code() == rill::condition::cancelled;
                }
            }
            co_await rill::yield();
        });
        CHECK_FALSE(finished);
        CHECK(scope.cancelled_caught());
        co_await rill::sleep(1s); // outside of it, waits work
    });
    CHECK(thrown == 3);
}

TEST_CASE("BY-01: a scope that is not cancelled gives its body's value")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        cancel_scope scope;
        const std::optional<int> value = co_await scope.run(rill::sleep(1s, 5));
        CHECK(value == 5);
        CHECK_FALSE(scope.cancel_called());
        CHECK_FALSE(scope.cancelled_caught());
        scope.cancel(); // too late for anything
        CHECK(scope.cancel_called());
        CHECK_FALSE(scope.cancelled_caught());
    });
}

TEST_CASE("BY-01: a body that ends in spite of the cancellation gives its value, nothing is caught")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        cancel_scope scope;
        const auto body = [](cancel_scope& inside) -> awaitable<int> {
            inside.cancel();
            co_return 5;
        };
        const std::optional<int> value = co_await scope.run(body);
        CHECK(value == 5);
        CHECK(scope.cancel_called());
        CHECK_FALSE(scope.cancelled_caught());
    });
}

TEST_CASE("BY-01: errors of the body's own leave the scope, cancelled or not")
{
    test::loop loop;
    cancel_scope scope;
    const auto body = [](cancel_scope& inside) -> awaitable<void> {
        inside.cancel();
        throw std::runtime_error("broken");
        co_return;
    };
    CHECK_THROWS_WITH_AS(loop.run(scope.run(body)), "broken", std::runtime_error);
    CHECK_FALSE(scope.cancelled_caught());
}

TEST_CASE("BY-04: an outer cancel passes an inner cancelled scope, up to the outer edge")
{
    test::loop loop;
    std::string log;
    loop.run([&]() -> awaitable<void> {
        cancel_scope outer;
        cancel_scope inner;
        co_await outer.run([&]() -> awaitable<void> {
            co_await inner.run([&]() -> awaitable<void> {
                inner.cancel();
                outer.cancel();
                co_await rill::yield();
            });
            log += "BAD";
        });
        CHECK_FALSE(inner.cancelled_caught());
        CHECK(outer.cancelled_caught());
        co_await rill::yield();
        log += "outside";
    });
    CHECK(log == "outside");
}

TEST_CASE("BY-04: an inner cancelled scope stops there, and the outer one goes on")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        cancel_scope outer;
        const bool finished = co_await outer.run([]() -> awaitable<void> {
            cancel_scope inner;
            inner.cancel();
            const bool inner_finished = co_await inner.run(rill::sleep(1h));
            CHECK_FALSE(inner_finished);
            co_await rill::sleep(1s);
        });
        CHECK(finished);
    });
}

TEST_CASE("BY-04: a cancel of the task passes every scope")
{
    test::loop loop;
    cancel_scope scope;
    auto t = loop.spawn([&]() -> awaitable<void> { co_await scope.run(rill::sleep(1h)); });
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(t.cancelled());
    CHECK_FALSE(scope.cancelled_caught());
    CHECK_FALSE(scope.cancel_called());
}

TEST_CASE("BY-05 (sticky): a scope that is cancelled before its entry keeps the body from beginning"
)
{
    test::loop loop;
    std::string log;
    cancel_scope scope;
    scope.cancel("not today");
    CHECK(scope.cancel_called());
    const auto body = [&]() -> awaitable<void> {
        log += "BAD";
        co_await rill::yield();
    };
    const bool finished = loop.run(scope.run(body));
    CHECK_FALSE(finished);
    CHECK(log.empty());
    CHECK(scope.cancelled_caught());
    REQUIRE(scope.reason());
    CHECK(scope.reason()->text() == "not today");
}

TEST_CASE("BY-05: a scope is entered once")
{
    test::loop loop;
    cancel_scope scope;
    loop.run(scope.run(yield_once()));
    CHECK_THROWS_AS(loop.run(scope.run(yield_once())), rill::invalid_state);
}

TEST_CASE("BY-07: lifting a shield delivers the cancel that is due outside, at the next wait")
{
    test::loop loop;
    std::string log;
    cancel_scope shielded;
    shielded.set_shield(true);
    auto t = loop.spawn([&]() -> awaitable<void> {
        co_await shielded.run([&]() -> awaitable<void> {
            co_await rill::sleep(1s);
            log += "protected ";
            shielded.set_shield(false);
            co_await rill::yield();
            log += "BAD";
        });
    });
    loop.settle();
    t.cancel();
    loop.advance(1s);
    CHECK(log == "protected ");
    CHECK(t.cancelled());
}

TEST_CASE("BY-07: a shield that is lifted from outside while the task waits ends that wait")
{
    test::loop loop;
    cancel_scope shielded;
    shielded.set_shield(true);
    auto t = loop.spawn([&]() -> awaitable<void> { co_await shielded.run(rill::sleep(1h)); });
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK_FALSE(t.done());
    CHECK(shielded.shield());
    shielded.set_shield(false);
    loop.settle();
    CHECK(t.cancelled());
}

TEST_CASE("BY-07: a shield can be raised while the task runs, before a cancel comes")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        cancel_scope scope;
        co_await scope.run([&]() -> awaitable<void> {
            scope.set_shield(true);
            co_await rill::sleep(1s);
            log += "protected";
        });
        co_await rill::yield();
        log += "BAD";
    });
    loop.settle();
    t.cancel();
    loop.advance(1s);
    CHECK(log == "protected");
    CHECK(t.cancelled());
}

TEST_CASE("BY-08: a shielded scope can wait in cleanup after a cancel, and keeps its own deadline")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        bool stop = false;
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            stop = true;
        }
        const rill::shield_scope cleanup;
        co_await rill::sleep(1s);
        log += "cleaned up, ";
        const bool finished = co_await rill::move_on_after(1s, rill::sleep(1h));
        log += finished ? "BAD" : "gave up";
        CHECK(stop);
    });
    loop.settle();
    t.cancel();
    loop.advance(2s);
    CHECK(log == "cleaned up, gave up");
    CHECK(t.done());
}

TEST_CASE("BY-08: a shielded scope ends as its own though a cancel is due outside; that follows")
{
    test::loop loop;
    std::string log;
    const auto shielded = [](rill::cancel_scope& s) -> awaitable<void> {
        s.set_shield(true);
        co_await rill::sleep(1h);
    };
    auto t = loop.spawn([&]() -> awaitable<void> {
        log += co_await rill::move_on_after(1s, shielded) ? "BAD " : "moved on, ";
        co_await rill::yield();
        log += "BAD";
    });
    rill::cancel_scope own;
    auto u = loop.spawn([&]() -> awaitable<void> {
        log += co_await own.run(shielded) ? "BAD " : "cancelled by itself, ";
        co_await rill::yield();
        log += "BAD";
    });
    loop.settle();
    t.cancel();
    u.cancel();
    loop.advance(1s);
    own.cancel();
    loop.settle();
    CHECK(log == "moved on, cancelled by itself, ");
    CHECK(own.cancelled_caught());
    CHECK(t.cancelled());
    CHECK(u.cancelled());
}

TEST_CASE("BY-07: a shield that is lifted before the scope's end lets the outer cancel go first")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        co_await rill::move_on_after(1s, [](rill::cancel_scope& s) -> awaitable<void> {
            s.set_shield(true);
            try {
                co_await rill::sleep(1h);
            } catch (const rill::system_error&) {
                s.set_shield(false);
                throw;
            }
        });
        log += "BAD";
    });
    loop.settle();
    t.cancel();
    loop.advance(1s);
    CHECK(log.empty());
    CHECK(t.cancelled());
}

TEST_CASE("BY-09: the deadline can be moved either way, and taken away")
{
    test::loop loop;
    const auto begin = loop.now();
    cancel_scope scope;
    auto t =
        loop.spawn([&]() -> awaitable<bool> { co_return co_await scope.run(rill::sleep(1h)); });
    scope.set_deadline(begin + 5s);
    loop.settle();
    CHECK(scope.deadline() == begin + 5s);
    scope.set_deadline(begin + 10s);
    loop.advance(9s);
    CHECK_FALSE(scope.cancel_called());
    scope.set_deadline(rill::never);
    loop.advance(10s);
    CHECK_FALSE(scope.cancel_called());
    scope.set_timeout(1s); // from now
    loop.advance(1s);
    CHECK(scope.cancelled_caught());
    REQUIRE(t.done());
    CHECK_FALSE(t.result());
}

TEST_CASE("BY-09: moved to the past, it cancels without time passing")
{
    test::loop loop;
    cancel_scope scope;
    const auto begin = loop.now();
    loop.run([&]() -> awaitable<void> {
        const bool finished = co_await scope.run([&]() -> awaitable<void> {
            scope.set_deadline(begin - 1s);
            co_await rill::sleep(1h);
        });
        CHECK_FALSE(finished);
    });
    CHECK(loop.now() == begin);
    REQUIRE(scope.reason());
    CHECK(scope.reason()->origin() == rill::cancel_origin::deadline);
}

TEST_CASE("BY-09: moved to the past and back before the next turn, it does not cancel")
{
    test::loop loop;
    cancel_scope scope;
    const bool finished = loop.run(scope.run([&]() -> awaitable<void> {
        scope.set_deadline(loop.now() - 1s);
        scope.set_deadline(loop.now() + 1h);
        co_await rill::sleep(1s);
    }));
    CHECK(finished);
    CHECK_FALSE(scope.cancel_called());
}

TEST_CASE("BY-10: the effective deadline is the least of all scopes, down to the first shield")
{
    test::loop loop;
    const auto now = loop.now();
    CHECK(rill::current_effective_deadline() == rill::never);
    loop.run([&]() -> awaitable<void> {
        CHECK(rill::current_effective_deadline() == rill::never);
        co_await rill::timeout(10s, [&]() -> awaitable<void> {
            CHECK(rill::current_effective_deadline() == now + 10s);
            co_await rill::timeout(20s, [&]() -> awaitable<void> {
                CHECK(rill::current_effective_deadline() == now + 10s);
                const rill::shield_scope shield;
                CHECK(rill::current_effective_deadline() == rill::never);
                co_await rill::move_on_after(30s, [&]() -> awaitable<void> {
                    CHECK(rill::current_effective_deadline() == now + 30s);
                    co_return;
                });
            });
        });
    });
}

TEST_CASE("BY-10: where a cancellation is due, the effective deadline has passed long ago")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        cancel_scope scope;
        co_await scope.run([](cancel_scope& inside) -> awaitable<void> {
            inside.cancel();
            CHECK(rill::current_effective_deadline() == rill::time_point::min());
            const rill::shield_scope shield;
            CHECK(rill::current_effective_deadline() == rill::never);
            co_return;
        });
    });
}

TEST_CASE("BY-11: a relative deadline starts at the entry")
{
    test::loop loop;
    cancel_scope scope;
    scope.set_timeout(5s);
    loop.advance(1h);
    const auto begin = loop.now();
    const bool finished = loop.run(scope.run(rill::sleep(1h)));
    CHECK_FALSE(finished);
    CHECK(loop.now() == begin + 5s);
}

TEST_CASE("BY-11: of a deadline and a timeout that were both set, the earlier one counts")
{
    test::loop loop;
    cancel_scope scope;
    const auto begin = loop.now();
    scope.set_deadline(begin + 3s);
    scope.set_timeout(5s);
    loop.run(scope.run(rill::sleep(1h)));
    CHECK(loop.now() == begin + 3s);
}

TEST_CASE("BY-13: timeout throws for its own deadline only, not for a scope around it")
{
    test::loop loop;
    bool timed_out = false;
    loop.run([&]() -> awaitable<void> {
        cancel_scope scope;
        co_await scope.run([&](cancel_scope& inside) -> awaitable<void> {
            try {
                co_await rill::timeout(1h, [&]() -> awaitable<void> {
                    inside.cancel();
                    co_await rill::sleep(2h);
                });
            } catch (const rill::timeout_error&) {
                timed_out = true;
            }
        });
        CHECK(scope.cancelled_caught());
    });
    CHECK_FALSE(timed_out);
}

TEST_CASE("BY-13: nor for a scope inside it")
{
    test::loop loop;
    const auto begin = loop.now();
    loop.run(rill::timeout(10s, []() -> awaitable<void> {
        const bool finished = co_await rill::move_on_after(1s, rill::sleep(1h));
        CHECK_FALSE(finished);
        co_await rill::sleep(1s);
    }));
    CHECK(loop.now() == begin + 2s);
}

TEST_CASE("BY-16: a cancellation has a reason and an origin, and the first reason stays")
{
    test::loop loop;
    rill::cancel_reason_ptr seen;
    cancel_scope scope;
    loop.run(scope.run([&]() -> awaitable<void> {
        scope.cancel("quota reached");
        scope.cancel("something else");
        seen = rill::current_task()->reason();
        co_await rill::yield();
    }));
    REQUIRE(seen);
    CHECK(seen->text() == "quota reached");
    CHECK(seen->origin() == rill::cancel_origin::request);
    CHECK(scope.reason() == seen);
}

TEST_CASE("BY-16: inside nested scopes the innermost cancelled one tells why; outside, nothing")
{
    test::loop loop;
    const auto reason = [] {
        const auto why = rill::current_task()->reason();
        return why ? why->text() : std::string("none");
    };
    std::string log;
    loop.run([&]() -> awaitable<void> {
        cancel_scope outer;
        co_await outer.run([&]() -> awaitable<void> {
            cancel_scope inner;
            log += reason() + " ";
            co_await inner.run([&]() -> awaitable<void> {
                outer.cancel("outer");
                log += reason() + " ";
                inner.cancel("inner");
                log += reason() + " ";
                co_return;
            });
            log += reason() + " ";
        });
        log += reason();
    });
    CHECK(log == "none outer inner outer none");
}

TEST_CASE("BY-16: a task that a deadline cancels in a scope learns which deadline it was")
{
    test::loop loop;
    std::string why;
    const auto line = std::to_string(__LINE__ + 1);
    loop.run(rill::move_on_after(5s, [&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            why = rill::current_task()->reason()->text();
            throw;
        }
    }));
    CHECK(why == "5s passed (deadline set at cancel_scope.cpp:" + line + ")");
}

TEST_CASE("BY-18: cancelling scopes and tasks together keeps the counts right")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        auto self = *rill::current_task();
        cancel_scope scope;
        try {
            co_await scope.run([&]() -> awaitable<void> {
                scope.cancel();
                CHECK(self.cancelling() == 0);
                self.cancel();
                CHECK(self.cancelling() == 1);
                co_await rill::yield();
            });
        } catch (const rill::system_error&) {
            log += "passed the scope, ";
        }
        CHECK_FALSE(scope.cancelled_caught());
        CHECK(self.uncancel() == 0);
        co_await rill::sleep(1s);
        log += "waits again";
    });
    loop.advance(1s);
    CHECK(log == "passed the scope, waits again");
    CHECK_FALSE(t.cancelled());
}

TEST_CASE("BY-18: the task's request taken back inside a cancelled scope leaves that cancelled")
{
    test::loop loop;
    cancel_scope scope;
    auto t = loop.spawn([&]() -> awaitable<void> {
        co_await scope.run([&]() -> awaitable<void> {
            auto self = *rill::current_task();
            scope.cancel();
            self.cancel();
            self.uncancel();
            co_await rill::yield();
            FAIL("it is still cancelled");
        });
        co_await rill::sleep(1s);
    });
    loop.advance(1s);
    CHECK(t.done());
    CHECK_FALSE(t.cancelled());
    CHECK(scope.cancelled_caught());
}

TEST_CASE("BY-22: half checkpoints: only if cancelled, and only a yield")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        bool turned = false;
        loop.get().call_soon([&] { turned = true; });
        rill::throw_if_cancelled(); // not cancelled: neither throws nor yields
        CHECK_FALSE(turned);
        rill::current_task()->cancel();
        {
            const rill::shield_scope shield;
            rill::throw_if_cancelled();
            co_await rill::yield(); // yields, and does not throw
            CHECK(turned);
            log += "yielded ";
        }
        rill::throw_if_cancelled();
        log += "BAD";
    });
    loop.settle();
    CHECK(log == "yielded ");
    CHECK(t.cancelled());
}

TEST_CASE("cancel_scope: whoever holds it can cancel the body from another task")
{
    test::loop loop;
    cancel_scope scope;
    const auto t = loop.spawn(scope.run(rill::sleep(1h)));
    loop.settle();
    loop.spawn([&]() -> awaitable<void> {
        scope.cancel("from afar");
        co_return;
    });
    loop.settle();
    REQUIRE(t.done());
    CHECK_FALSE(t.result());
    CHECK(scope.cancelled_caught());
}

TEST_CASE("cancel_scope (completion wins): a value that was there before the cancel is delivered")
{
    test::loop loop;
    rill::event event(loop.executor());
    cancel_scope scope;
    const auto t = loop.spawn(scope.run([&]() -> awaitable<int> {
        co_await event.wait();
        co_return 5;
    }));
    loop.settle();
    event.set();
    scope.cancel();
    loop.settle();
    CHECK(t.result() == 5);
}

TEST_CASE("cancel_scope: in a coroutine that is no task, it works as in one")
{
    test::loop loop;
    cancel_scope scope;
    bool finished = true;
    rill::asio::co_spawn(
        loop.context(),
        [&]() -> awaitable<void> { finished = co_await scope.run(rill::sleep(1h)); },
        rill::asio::detached
    );
    loop.settle();
    scope.cancel();
    loop.settle();
    CHECK_FALSE(finished);
    CHECK(scope.cancelled_caught());
}

TEST_CASE("cancel_scope: a result that is neither default-constructible nor copyable passes")
{
    struct sealed {
        explicit sealed(int n)
            : number(std::make_unique<int>(n))
        {}

        std::unique_ptr<int> number;
    };
    test::loop loop;
    cancel_scope scope;
    const auto value = loop.run(scope.run([]() -> awaitable<sealed> { co_return sealed(2); }));
    REQUIRE(value.has_value());
    CHECK(*value->number == 2);
}

} // namespace
