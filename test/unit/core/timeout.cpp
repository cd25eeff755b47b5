// SPDX-License-Identifier: BSL-1.0
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/event.hpp>
#include <rill/shield.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>

namespace {

using rill::awaitable;
using rill::timeout_scope;
using test::how;
using namespace std::chrono_literals;

awaitable<int> value_after(rill::duration d, int value)
{
    co_await rill::sleep(d);
    co_return value;
}

TEST_CASE("TMO-01: a body that takes too long is interrupted, and timeout_error leaves the block")
{
    test::loop loop;
    const auto start = loop.now();
    CHECK(loop.run(how(rill::timeout(5s, rill::sleep(1h)))) == "timeout");
    CHECK(loop.now() == start + 5s);
    CHECK(loop.run(how(rill::timeout_at(loop.now() + 3s, rill::sleep(1h)))) == "timeout");
    CHECK(loop.now() == start + 8s);
}

TEST_CASE("TMO-01: timeout_error has the code timed_out and names the task")
{
    test::loop loop;
    const auto t = loop.spawn(rill::timeout(1s, rill::sleep(1h)), "fetch");
    loop.advance(2s);
    CHECK(test::text_of(t.exception()).find("'fetch'") != std::string::npos);
    CHECK_THROWS_AS(t.result(), rill::timeout_error);
}

TEST_CASE("TMO-02: a body that is quicker gives its value, and its timer is gone")
{
    test::loop loop;
    CHECK(loop.run(rill::timeout(5s, value_after(1s, 7))) == 7);
    CHECK(loop.leftovers().empty());
}

TEST_CASE("TMO-03: the body sees a cancellation, never a timeout_error")
{
    test::loop loop;
    std::string inside;
    const auto outside = loop.run(how(rill::timeout(1s, [&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::timeout_error&) {
            inside = "timeout";
        } catch (const rill::system_error& e) {
            inside = e.code() == rill::condition::cancelled ? "cancelled" : "other";
            throw;
        }
    })));
    CHECK(inside == "cancelled");
    CHECK(outside == "timeout");
}

TEST_CASE("TMO-04: `forever` and `never` set no deadline")
{
    test::loop loop;
    loop.run(rill::timeout(rill::forever, [](timeout_scope& scope) -> awaitable<void> {
        CHECK(scope.when() == rill::never);
        co_await rill::sleep(24h * 365);
        CHECK_FALSE(scope.expired());
    }));
}

TEST_CASE("TMO-05: a deadline that has passed ends the body at its first wait, a yield too")
{
    test::loop loop;
    for (const auto d : {rill::duration(0), rill::duration(-5s)}) {
        bool began = false;
        CHECK(loop.run(how(rill::timeout(d, [&]() -> awaitable<void> {
            began = true;
            co_await rill::yield();
            FAIL("the yield went on");
        }))) == "timeout");
        CHECK(began);
    }
}

TEST_CASE("TMO-06: a deadline that has passed is no error for a body that does not wait")
{
    test::loop loop;
    const int v = loop.run(rill::timeout(0s, []() -> awaitable<int> { co_return 4; }));
    CHECK(v == 4);
}

TEST_CASE("TMO-07, TMO-08: an error of the body's own leaves, before the deadline and after")
{
    test::loop loop;
    CHECK(loop.run(how(rill::timeout(1s, []() -> awaitable<void> {
        throw std::runtime_error("own");
        co_return;
    }))) == "own");
    CHECK(loop.run(how(rill::timeout(1s, []() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            throw std::runtime_error("instead");
        }
    }))) == "instead");
}

TEST_CASE("TMO-09: a cancel from outside leaves as such")
{
    test::loop loop;
    auto t = loop.spawn(how(rill::timeout(1h, rill::sleep(2h))));
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(t.result() == "cancelled");
}

TEST_CASE("TMO-10: after expiry the task waits as ever")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        CHECK(co_await how(rill::timeout(1s, rill::sleep(1h))) == "timeout");
        CHECK(rill::current_task()->cancelling() == 0);
        co_await rill::sleep(1s);
    });
}

TEST_CASE("TMO-11: expired and cancelled from outside: the cancellation goes first")
{
    test::loop loop;
    auto t = loop.spawn(how(rill::timeout(1s, [&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            rill::current_task()->cancel();
            throw;
        }
    })));
    loop.advance(2s);
    CHECK(t.result() == "cancelled");
}

TEST_CASE("TMO-12: of two that expire together, the inner passes the cancellation on")
{
    test::loop loop;
    std::string inner;
    const auto outer = loop.run(how(rill::timeout(1s, [&]() -> awaitable<void> {
        inner = co_await how(rill::timeout(1s, rill::sleep(1h)));
        co_await rill::yield();
    })));
    CHECK(inner == "cancelled");
    CHECK(outer == "timeout");
}

TEST_CASE("timeout: an inner one that expires leaves the outer one alone")
{
    test::loop loop;
    std::string inner;
    const auto outer = loop.run(how(rill::timeout(1h, [&]() -> awaitable<void> {
        inner = co_await how(rill::timeout(1s, rill::sleep(2h)));
        co_await rill::sleep(1s);
    })));
    CHECK(inner == "timeout");
    CHECK(outer == "done");
}

TEST_CASE("TMO-15: reschedule moves the deadline earlier, later and away")
{
    test::loop loop;
    const auto start = loop.now();
    const auto run_with = [&](rill::duration from_start) {
        const auto base = loop.now();
        const auto result =
            loop.run(how(rill::timeout(10s, [&](timeout_scope& s) -> awaitable<void> {
                s.reschedule(base + from_start);
                co_await rill::sleep(1h);
            })));
        return result == "timeout" ? loop.now() - base : rill::forever;
    };
    CHECK(run_with(2s) == 2s);
    CHECK(run_with(30s) == 30s);
    loop.run(rill::timeout(1s, [&](timeout_scope& s) -> awaitable<void> {
        s.reschedule(rill::never);
        co_await rill::sleep(1h);
    }));
    CHECK(loop.now() > start + 1h);
}

TEST_CASE("TMO-16: reschedule after expiry is refused")
{
    test::loop loop;
    CHECK(loop.run(how(rill::timeout(1s, [&](timeout_scope& s) -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            CHECK(s.expired());
            CHECK_THROWS_AS(s.reschedule(rill::never), rill::invalid_state);
            throw;
        }
    }))) == "timeout");
}

TEST_CASE("TMO-19: a body that swallows the expiry and ends normally gives its value")
{
    test::loop loop;
    bool expired = false;
    const int v = loop.run(rill::timeout(1s, [&](timeout_scope& s) -> awaitable<int> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
        }
        expired = s.expired();
        co_return 8;
    }));
    CHECK(v == 8);
    CHECK(expired);
}

TEST_CASE("timeout (completion wins): a value that came in the turn of the deadline is delivered")
{
    test::loop loop;
    rill::event event(loop.executor());
    std::string result;
    auto t = loop.spawn([&]() -> awaitable<void> {
        result = co_await how(rill::timeout(1s, event.wait()));
        co_await rill::yield(); // nothing of the expiry is left
    });
    loop.settle();
    loop.get().call_at(loop.now() + 1s, [] {}); // the deadline's turn is entered
    event.set();
    loop.advance(1s);
    CHECK(result == "done");
    CHECK(t.done());
}

TEST_CASE("move_on_after: gives the value, or nothing where the deadline came first")
{
    test::loop loop;
    CHECK(loop.run(rill::move_on_after(5s, value_after(1s, 3))) == 3);
    CHECK_FALSE(loop.run(rill::move_on_after(1s, value_after(5s, 3))));
    CHECK(loop.run(rill::move_on_after(5s, rill::sleep(1s))));
    CHECK_FALSE(loop.run(rill::move_on_at(loop.now() + 1s, rill::sleep(5s))));
}

TEST_CASE("move_on_after: errors and cancellations from outside pass through")
{
    test::loop loop;
    auto t = loop.spawn(rill::move_on_after(1h, rill::sleep(2h)));
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(t.cancelled());
    const auto failing = []() -> awaitable<int> {
        throw std::runtime_error("own");
        co_return 0;
    };
    CHECK_THROWS_WITH(loop.run(rill::move_on_after(1s, failing)), "own");
}

TEST_CASE("shield_scope: a cancel that is due does not disturb cleanup, and shows afterwards")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            log += "cancelled ";
        }
        {
            const rill::shield_scope shield;
            co_await rill::sleep(5s);
            log += "cleaned ";
        }
        co_await rill::yield();
        log += "BAD";
    });
    loop.settle();
    t.cancel();
    loop.advance(1min);
    CHECK(log == "cancelled cleaned ");
    CHECK(t.cancelled());
}

TEST_CASE("shield_scope: a cancel that arrives inside waits for its end")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        {
            const rill::shield_scope shield;
            co_await rill::sleep(5s);
            log += "done ";
        }
        co_await rill::sleep(1h);
        log += "BAD";
    });
    loop.advance(1s);
    t.cancel();
    loop.advance(1min);
    CHECK(log == "done ");
    CHECK(t.cancelled());
}

TEST_CASE("shield_scope: a timeout inside it still works, one around it waits")
{
    test::loop loop;
    std::string inner;
    const auto start = loop.now();
    const auto outer = loop.run(how(rill::timeout(1s, [&]() -> awaitable<void> {
        {
            const rill::shield_scope shield;
            inner = co_await how(rill::timeout(3s, rill::sleep(1h)));
        }
        co_await rill::yield();
    })));
    CHECK(inner == "timeout");
    CHECK(outer == "timeout");
    CHECK(loop.now() == start + 3s);
}

TEST_CASE("shield_scope: outside a task it is refused")
{
    CHECK_THROWS_AS(static_cast<void>(rill::shield_scope()), std::logic_error);
}

/// What the exception of a task with this body says.
std::string story(test::loop& loop, awaitable<void> body)
{
    const auto t = loop.spawn(std::move(body), "fetch");
    loop.advance(2h);
    return test::text_of(t.exception());
}

TEST_CASE("TMO-01: timeout_error tells the time, the timeout's place, the task and its wait")
{
    test::loop loop;
    const auto outer = std::source_location::current();
    const auto inner = std::source_location::current();
    const auto text = story(loop, rill::timeout(5s, rill::sleep(1h, inner), outer));
    const auto at = [](const std::source_location& place) {
        return "timeout.cpp:" + std::to_string(place.line());
    };
    CHECK(
        text == "rill::timeout: 5s passed (deadline set at " + at(outer) +
                    ") in task 'fetch' while it waited for a sleep at " + at(inner)
    );
}

TEST_CASE("TMO-01: the text names the timeout that fired, of several around each other")
{
    test::loop loop;
    const auto text = story(loop, rill::timeout(1min, rill::timeout(5s, rill::sleep(1h))));
    CHECK(text.find("5s passed") != std::string::npos);
    const auto other = story(loop, rill::timeout(5s, rill::timeout(1min, rill::sleep(1h))));
    CHECK(other.find("5s passed") != std::string::npos);
}

TEST_CASE("TMO-01: the text is kept through a cleanup that waits in a shield")
{
    test::loop loop;
    const auto text = story(loop, rill::timeout(5s, []() -> awaitable<void> {
                                bool stop = false;
                                try {
                                    co_await rill::sleep(1h);
                                } catch (const rill::system_error&) {
                                    stop = true;
                                }
                                {
                                    const rill::shield_scope cleanup;
                                    co_await rill::sleep(1s);
                                }
                                if (stop)
                                    co_await rill::yield();
                            }));
    CHECK(text.find("while it waited for a sleep") != std::string::npos);
}

TEST_CASE("TMO-01: a wait for an object of Asio's is named as such")
{
    test::loop loop;
    const auto text =
        story(loop, rill::timeout(5s, []() -> awaitable<void> {
                  rill::asio::steady_timer timer(co_await rill::asio::this_coro::executor, 1h);
                  co_await timer.async_wait(rill::asio::deferred);
              }));
    CHECK(text.find("while it waited for an operation of Asio's") != std::string::npos);
}

TEST_CASE("TMO-16: reschedule works while the body cleans up before its deadline, not afterwards")
{
    test::loop loop;
    std::string log;
    const auto result = loop.run(how(rill::timeout(1s, [&](timeout_scope& t) -> awaitable<void> {
        t.reschedule(loop.now() + 2s);
        CHECK(t.when() == loop.now() + 2s);
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            try {
                t.reschedule(loop.now() + 1h);
            } catch (const rill::invalid_state& e) {
                log = e.what();
            }
            throw;
        }
    })));
    CHECK(result == "timeout");
    CHECK(log.find("expired") != std::string::npos);
}

TEST_CASE("TMO-17: it works in cleanup after a cancellation that was taken back")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
        }
        rill::current_task()->uncancel();
        log += co_await how(rill::timeout(1s, rill::sleep(1h)));
        co_await rill::sleep(1s);
        log += " and on";
    });
    loop.settle();
    t.cancel();
    loop.advance(2s);
    CHECK(log == "timeout and on");
    CHECK_FALSE(t.cancelled());
}

TEST_CASE("TMO-17, CX-21 (sticky): after one that was swallowed only, it passes the cancellation on"
)
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
        }
        CHECK(rill::current_task()->cancelling() == 1);
        {
            const rill::shield_scope cleanup;
            log += co_await how(rill::timeout(1s, rill::sleep(1h)));
        }
        co_await rill::timeout(1s, rill::sleep(1h));
    });
    loop.settle();
    t.cancel();
    loop.advance(1s);
    CHECK(log == "timeout"); // within the shield it is the timeout's own
    CHECK(t.cancelled());    // and outside the cancellation, which is still due
    CHECK(t.cancelling() == 1);
}

TEST_CASE("CX-21: a swallowed cancellation leaves the count raised, and scopes around it cope")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<int> {
        log = co_await how(rill::timeout(1s, []() -> awaitable<void> {
            try {
                co_await rill::sleep(1h);
            } catch (const rill::system_error&) {
            }
        }));
        co_return 3;
    });
    loop.settle();
    t.cancel();
    loop.advance(2s);
    CHECK(log == "done");
    CHECK(t.cancelling() == 1);
    CHECK(t.result() == 3);
}

TEST_CASE("timeout: deadlines and callbacks that are due together come in the order they were set")
{
    test::loop loop;
    rill::event event(loop.executor());
    const auto due = loop.now() + 1s;
    loop.get().call_at(due, [&] { event.set(); });
    const auto in_time = loop.spawn(how(rill::timeout_at(due, event.wait())));
    loop.settle();
    loop.advance(1s);
    CHECK(in_time.result() == "done");
    event.clear();
    const auto again = loop.now() + 1s;
    const auto too_late = loop.spawn(how(rill::timeout_at(again, event.wait())));
    loop.settle();
    loop.get().call_at(again, [&] { event.set(); });
    loop.advance(1s);
    CHECK(too_late.result() == "timeout");
}

TEST_CASE("timeout: a result that is neither default-constructible nor copyable passes")
{
    struct sealed {
        explicit sealed(int n)
            : number(std::make_unique<int>(n))
        {}

        std::unique_ptr<int> number;
    };
    test::loop loop;
    const sealed s = loop.run(rill::timeout(1s, []() -> awaitable<sealed> {
        co_await rill::yield();
        co_return sealed(2);
    }));
    CHECK(*s.number == 2);
}

} // namespace
