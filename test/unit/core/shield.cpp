// SPDX-License-Identifier: BSL-1.0
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/future.hpp>
#include <rill/shield.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using rill::awaitable;
using rill::shield_scope;
using test::how;
using namespace std::chrono_literals;

awaitable<int> value_after(rill::duration d, int value)
{
    co_await rill::sleep(d);
    co_return value;
}

awaitable<int> fail_after(rill::duration d, std::string text)
{
    co_await rill::sleep(d);
    throw std::runtime_error(text);
}

TEST_CASE("SH-01: value and error pass through, of a coroutine, a task and a future")
{
    test::loop loop;
    const auto t = loop.spawn(value_after(1s, 2));
    const auto failing = loop.spawn(fail_after(1s, "task"));
    rill::future<int> f(loop.executor());
    f.set_result(3);
    CHECK(loop.run(rill::shield(value_after(1s, 1))) == 1);
    CHECK(loop.run(rill::shield(t)) == 2);
    CHECK(loop.run(rill::shield(f)) == 3);
    CHECK_THROWS_WITH_AS(
        loop.run(rill::shield(fail_after(1s, "coroutine"))), "coroutine", std::runtime_error
    );
    CHECK_THROWS_WITH_AS(loop.run(rill::shield(failing)), "task", std::runtime_error);
}

TEST_CASE("SH-01: callables and operations are taken as everywhere, and kept while they run")
{
    test::loop loop;
    const auto shielded = [&] {
        return rill::shield([held = std::make_unique<int>(3)]() -> awaitable<int> {
            co_await rill::sleep(1s);
            co_return *held;
        });
    };
    CHECK(loop.run(shielded()) == 3);
    CHECK(loop.run(how(rill::shield(rill::sleep(1s)))) == "done");
}

TEST_CASE("shield, task: an empty handle is an error that says so")
{
    test::loop loop;
    CHECK_THROWS_AS(loop.run(rill::shield(rill::task<int>())), rill::invalid_state);
    CHECK_THROWS_AS(rill::task<int>().add_done_callback([] {}), rill::invalid_state);
}

TEST_CASE("SH-02: cancelling the waiter ends its wait at once, and the work runs on undisturbed")
{
    test::loop loop;
    const auto work = loop.spawn(value_after(1h, 4));
    auto waiter = loop.spawn(rill::shield(work));
    loop.settle();
    waiter.cancel("no patience");
    loop.settle();
    CHECK(waiter.cancelled());
    CHECK_FALSE(work.done());
    CHECK(work.cancelling() == 0);
    loop.advance(1h);
    CHECK(work.result() == 4);
}

TEST_CASE("SH-02: of two that shield one task, cancelling the first leaves the second alone")
{
    test::loop loop;
    const auto work = loop.spawn(value_after(1h, 4));
    auto first = loop.spawn(rill::shield(work));
    const auto second = loop.spawn(rill::shield(work));
    loop.settle();
    first.cancel();
    loop.advance(1h);
    CHECK(first.cancelled());
    CHECK(second.result() == 4);
}

TEST_CASE("SH-03: work that is cancelled is seen as cancelled, with its message")
{
    test::loop loop;
    auto work = loop.spawn(value_after(1h, 4));
    const auto waiter = loop.spawn(rill::shield(work));
    loop.settle();
    work.cancel("closing");
    loop.settle();
    CHECK(waiter.cancelled());
    CHECK(waiter.cancelling() == 0);
    CHECK(test::text_of(waiter.exception()).find("closing") != std::string::npos);
}

TEST_CASE("SH-04: a value that comes after the waiter was cancelled makes no noise")
{
    test::loop loop;
    auto waiter = loop.spawn(rill::shield(value_after(1s, 4)));
    loop.settle();
    waiter.cancel();
    loop.advance(1s);
    CHECK(waiter.cancelled());
    CHECK(rill::all_tasks(loop.executor()).empty());
    CHECK(loop.reported().empty());
}

TEST_CASE("SH-05: an error that comes after the waiter was cancelled is reported once")
{
    test::loop loop;
    auto waiter = loop.spawn(rill::shield(fail_after(1s, "nobody saw it")));
    loop.settle();
    waiter.cancel();
    loop.settle();
    CHECK(loop.reported().empty());
    loop.advance(1s);
    REQUIRE(loop.reported().size() == 1);
    CHECK(loop.reported()[0].find("nobody saw it") != std::string::npos);
    loop.forget_reported();
}

TEST_CASE("SH-05: an error that several saw, or that a handle is left for, is not reported")
{
    test::loop loop;
    const auto work = loop.spawn(fail_after(1s, "seen"));
    auto cancelled = loop.spawn(rill::shield(work));
    const auto waiter = loop.spawn(rill::shield(work));
    loop.settle();
    cancelled.cancel();
    loop.advance(1s);
    CHECK(loop.reported().empty());
    CHECK(test::text_of(waiter.exception()) == "seen");
}

TEST_CASE("SH-06: shielding what is done already costs no turn")
{
    test::loop loop;
    const auto work = loop.spawn(value_after(0s, 4));
    loop.settle();
    bool turned = false;
    loop.run([&]() -> awaitable<void> {
        loop.get().call_soon([&] { turned = true; });
        const int value = co_await rill::shield(work);
        CHECK(value == 4);
        CHECK_FALSE(turned);
    });
}

TEST_CASE("SH-06: shielding a task leaves its value where it is")
{
    test::loop loop;
    const auto work = loop.spawn(rill::sleep(1s, std::string("a text of some length, kept")));
    CHECK(loop.run(rill::shield(work)) == "a text of some length, kept");
    CHECK(loop.run(rill::shield(work)) == "a text of some length, kept");
    CHECK(work.result() == "a text of some length, kept");
}

TEST_CASE("SH-08: a coroutine that is shielded is a task of the loop")
{
    test::loop loop;
    std::string name;
    const auto work = [&]() -> awaitable<void> {
        name = rill::current_task()->name();
        co_await rill::sleep(1s);
        name += " ended";
    };
    auto waiter = loop.spawn(rill::shield(work()), "waiter");
    loop.settle();
    CHECK(rill::all_tasks(loop.executor()).size() == 2);
    CHECK(name != "waiter");
    waiter.cancel();
    loop.advance(1s);
    CHECK(name.find(" ended") != std::string::npos);
}

TEST_CASE("SH-08: where there is no loop, it is an error, and the coroutine does not begin")
{
    rill::asio::thread_pool pool(1);
    bool began = false;
    const auto body = [&]() -> awaitable<void> {
        began = true;
        co_return;
    };
    auto outcome = rill::asio::co_spawn(pool, rill::shield(body()), rill::asio::use_future);
    CHECK_THROWS_AS(outcome.get(), std::invalid_argument);
    pool.join();
    CHECK_FALSE(began);
}

TEST_CASE("SH-09: nothing of cancelled waiters stays with the work")
{
    test::loop loop;
    auto work = loop.spawn(rill::sleep(1h));
    for (int i = 0; i < 100; ++i) {
        auto waiter = loop.spawn(rill::shield(work));
        loop.settle();
        CHECK_FALSE(rill::detail::data_of(work).joiners.empty());
        waiter.cancel();
        loop.settle();
        CHECK(rill::detail::data_of(work).joiners.empty());
    }
    work.cancel();
}

TEST_CASE("shield: a task that shields itself gets an error instead of hanging")
{
    test::loop loop;
    rill::task<void> self;
    self = loop.spawn([&]() -> awaitable<void> { co_await rill::shield(self); });
    loop.settle();
    CHECK_THROWS_AS(self.result(), std::logic_error);
}

TEST_CASE("shield: a result that cannot be copied is passed on")
{
    test::loop loop;
    const auto work = [](int n) -> awaitable<std::unique_ptr<int>> {
        co_await rill::sleep(1s);
        co_return std::make_unique<int>(n);
    };
    CHECK(*loop.run(rill::shield(work(1))) == 1);
    auto t = loop.spawn(work(2));
    CHECK(*loop.run(rill::shield(std::move(t))) == 2);
}

TEST_CASE("BY-14: scopes left in a wrong order are reported, and cancellation works as ever")
{
    test::loop loop;
    std::string log;
    auto t = loop.spawn(
        [&]() -> awaitable<void> {
            auto first = std::make_unique<shield_scope>();
            auto second = std::make_unique<shield_scope>();
            first.reset();
            rill::current_task()->cancel();
            co_await rill::sleep(1s); // the second one still protects
            log += "protected ";
            second.reset();
            co_await rill::yield();
            log += "BAD";
        },
        "misnested"
    );
    loop.advance(1s);
    CHECK(log == "protected ");
    CHECK(t.cancelled());
    REQUIRE(loop.reported().size() == 1);
    CHECK(loop.reported()[0].find("left before the scopes inside it") != std::string::npos);
    CHECK(loop.reported()[0].find("'misnested'") != std::string::npos);
    loop.forget_reported();
}

TEST_CASE("BY-14: a timeout that is left inside a shield of its own body's: reported, and it works")
{
    test::loop loop;
    std::unique_ptr<shield_scope> kept;
    loop.run([&]() -> awaitable<void> {
        const auto body = [&]() -> awaitable<void> {
            kept = std::make_unique<shield_scope>();
            co_return;
        };
        co_await rill::timeout(1s, body);
        kept.reset();
        const bool finished = co_await rill::move_on_after(1s, rill::sleep(1h));
        CHECK_FALSE(finished);
        co_await rill::sleep(1s);
    });
    CHECK(loop.reported().size() == 1);
    loop.forget_reported();
}

TEST_CASE("BY-14: a shield that another task destroys is reported, and lifted")
{
    test::loop loop;
    std::unique_ptr<shield_scope> shield;
    auto t = loop.spawn(
        [&]() -> awaitable<void> {
            shield = std::make_unique<shield_scope>();
            co_await rill::sleep(1h);
        },
        "protected"
    );
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK_FALSE(t.done());
    loop.get().call_soon([&] { shield.reset(); });
    loop.settle();
    CHECK(t.cancelled());
    REQUIRE(loop.reported().size() == 1);
    CHECK(loop.reported()[0].find("'protected'") != std::string::npos);
    loop.forget_reported();
}

TEST_CASE("BY-14: a shield that outlives its task is reported and does no harm")
{
    test::loop loop;
    std::unique_ptr<shield_scope> shield;
    loop.spawn([&]() -> awaitable<void> {
        shield = std::make_unique<shield_scope>();
        co_return;
    });
    loop.settle();
    shield.reset();
    CHECK(loop.reported().size() == 1);
    loop.forget_reported();
}

TEST_CASE("BY-14: a shield that outlives its loop does no harm")
{
    std::unique_ptr<shield_scope> shield;
    {
        test::abandoned_loop loop;
        loop.spawn([&]() -> awaitable<void> {
            shield = std::make_unique<shield_scope>();
            co_await rill::sleep(1h);
        });
        loop.settle();
    }
    shield.reset();
}

} // namespace
