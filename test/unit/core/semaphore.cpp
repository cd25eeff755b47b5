// SPDX-License-Identifier: BSL-1.0
#include <support/aborted.hpp>
#include <support/every_suspension.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>
#include <support/visit.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/random.hpp>
#include <rill/select.hpp>
#include <rill/semaphore.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

/// Takes `n` permits, says so, and keeps them.
awaitable<void> take(rill::semaphore& semaphore, std::string& log, char name, std::ptrdiff_t n = 1)
{
    co_await semaphore.acquire(n);
    log += name;
}

TEST_CASE("SEM-01: it starts with 0 permits or more; at 0 the first one waits")
{
    test::loop loop;
    CHECK_THROWS_AS(rill::semaphore(loop.executor(), -1), std::invalid_argument);
    rill::semaphore semaphore(loop.executor(), 0);
    CHECK(semaphore.locked());
    std::string log;
    const auto t = loop.spawn(take(semaphore, log, 'a'));
    loop.settle();
    CHECK_FALSE(t.done());
    semaphore.release();
    loop.settle();
    CHECK(t.done());
}

TEST_CASE("SEM-02, PRIM-04: acquire takes a permit without suspending if there is one")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 2);
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback "; });
        co_await semaphore.acquire();
        const auto permit = co_await semaphore.scoped();
        CHECK(permit.count() == 1);
        CHECK(semaphore.locked());
        order += "acquired ";
        co_await rill::yield();
    });
    CHECK(order == "acquired callback ");
    CHECK(semaphore.available() == 1);
    semaphore.release();
    CHECK(semaphore.available() == 2);
}

TEST_CASE("SEM-02, PRIM-01: release wakes at most one, who runs later")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 0);
    std::string log;
    for (const char name : {'a', 'b'})
        loop.spawn(take(semaphore, log, name));
    loop.settle();
    semaphore.release();
    CHECK(log.empty());
    loop.settle();
    CHECK(log == "a");
    CHECK(semaphore.available() == 0);
    semaphore.release();
    loop.settle();
}

TEST_CASE("SEM-03, BY-45: while somebody waits a newcomer does, though a permit is there")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 1);
    std::string log;
    loop.spawn(take(semaphore, log, 'm', 2));
    loop.settle();
    CHECK(semaphore.available() == 1);
    CHECK(semaphore.locked());
    CHECK_FALSE(semaphore.try_acquire());
    loop.spawn(take(semaphore, log, 'n'));
    loop.settle();
    CHECK(log.empty());
    semaphore.release();
    loop.settle();
    CHECK(log == "m");
    semaphore.release();
    loop.settle();
    CHECK(log == "mn");
}

TEST_CASE("SEM-05 (completion wins): granted, then cancelled: the permit is its own, and its guard "
          "passes it on")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 0);
    std::string log;
    const auto visit = [&](char name) -> awaitable<void> {
        const auto permit = co_await semaphore.scoped();
        log += name;
        co_await rill::sleep(1s);
    };
    auto first = loop.spawn(visit('1'));
    loop.spawn(visit('2'));
    loop.settle();
    semaphore.release();
    first.cancel();
    loop.settle();
    CHECK(first.cancelled());
    CHECK(log == "12");
    loop.advance(1s);
    CHECK(semaphore.available() == 1);
}

TEST_CASE("SEM-05: cancelled, then a permit comes: the next one gets it")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 0);
    std::string log;
    auto first = loop.spawn(take(semaphore, log, '1'));
    loop.spawn(take(semaphore, log, '2'));
    loop.settle();
    first.cancel();
    semaphore.release();
    loop.settle();
    CHECK(log == "2");
}

TEST_CASE("SEM-06: a waiter cancelled while several permits come: those behind it all proceed")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 0);
    std::string log;
    auto first = loop.spawn(take(semaphore, log, '1'));
    for (const char name : {'2', '3', '4'})
        loop.spawn(take(semaphore, log, name));
    loop.settle();
    semaphore.release();
    first.cancel();
    semaphore.release(2);
    semaphore.release();
    loop.settle();
    CHECK(log == "1234");
}

TEST_CASE("SEM-06: one who waited for many is cancelled: what is there goes to those behind it")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 2);
    std::string log;
    auto many = loop.spawn(take(semaphore, log, 'm', 3));
    loop.spawn(take(semaphore, log, 'a'));
    loop.spawn(take(semaphore, log, 'b'));
    loop.settle();
    CHECK(log.empty());
    many.cancel();
    loop.settle();
    CHECK(log == "ab");
}

TEST_CASE("SEM-07: a plain semaphore may be released above its start")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 1);
    semaphore.release(4);
    CHECK(semaphore.available() == 5);
}

TEST_CASE("SEM-07: a bounded one may not, and stays usable")
{
    test::loop loop;
    rill::bounded_semaphore semaphore(loop.executor(), 2);
    CHECK(semaphore.try_acquire());
    CHECK_THROWS_AS(semaphore.release(2), std::logic_error);
    CHECK(semaphore.available() == 1);
    semaphore.release();
    CHECK_THROWS_WITH_AS(
        semaphore.release(),
        "rill::semaphore: released more often than acquired; it has 2 permits of at most 2",
        std::logic_error
    );
    CHECK(semaphore.try_acquire(2));
    semaphore.release(2);
}

TEST_CASE("SEM-08: a batch of permits wakes as many as they suffice for, in the same turn")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 0);
    std::string log;
    for (const char name : {'a', 'b', 'c', 'd'})
        loop.spawn(take(semaphore, log, name));
    loop.settle();
    semaphore.release(3);
    CHECK(semaphore.statistics().promised == 3);
    loop.settle();
    CHECK(log == "abc");
    semaphore.release();
    loop.settle();
}

TEST_CASE("semaphore: a number of permits that can never be had is refused")
{
    test::loop loop;
    rill::semaphore plain(loop.executor(), 1);
    CHECK_THROWS_AS(plain.try_acquire(0), std::invalid_argument);
    CHECK_THROWS_AS(plain.async_acquire(-1, [](rill::error_code) {}), std::invalid_argument);
    CHECK_THROWS_AS(plain.release(0), std::invalid_argument);
    rill::bounded_semaphore bounded(loop.executor(), 2);
    CHECK_THROWS_WITH_AS(
        loop.run(bounded.acquire(3)),
        "rill::semaphore: 3 permits; from 1 to 2 can be acquired",
        std::invalid_argument
    );
}

TEST_CASE("BY-49: permits that were promised cannot be had by a newcomer")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 0);
    std::string log;
    loop.spawn(take(semaphore, log, 'a'));
    loop.settle();
    semaphore.release();
    CHECK_FALSE(semaphore.try_acquire());
    loop.settle();
    CHECK(log == "a");
}

TEST_CASE("BY-46: statistics count what is free, who waits, and who was promised")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 1);
    std::string log;
    for (const char name : {'a', 'b', 'c'})
        loop.spawn(take(semaphore, log, name, 2));
    loop.settle();
    semaphore.release(2);
    const auto now = semaphore.statistics();
    CHECK(now.available == 1);
    CHECK(now.waiting == 2);
    CHECK(now.promised == 1);
    semaphore.release(3);
    loop.settle();
}

TEST_CASE("semaphore: what waits for it says its name and how many it wants")
{
    test::loop loop;
    rill::semaphore semaphore(loop.executor(), 1);
    semaphore.set_name("connections");
    try {
        loop.run(rill::timeout(1ms, semaphore.acquire(3)));
        FAIL("it timed out");
    } catch (const rill::timeout_error& e) {
        CHECK(
            std::string(e.what()).find("waited for 3 permits of semaphore 'connections' at ") !=
            std::string::npos
        );
    }
}

TEST_CASE("semaphore: a handler gets its permit as a guard, and one dropped with the loop nothing")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::semaphore semaphore(loop->executor(), 3);
    test::completion<rill::permit> got;
    semaphore.async_scoped(2, got.handler());
    semaphore.async_scoped(2, [](rill::error_code, rill::permit) {});
    loop->settle();
    CHECK(got.value().count() == 2);
    loop.reset();
    CHECK(semaphore.available() == 1);
}

TEST_CASE("select: permits that were not won are not taken")
{
    test::loop loop;
    rill::semaphore a(loop.executor(), 1);
    rill::semaphore b(loop.executor(), 1);
    const auto got = loop.run([&]() -> awaitable<std::size_t> {
        const auto first = co_await rill::select(a.scoped(2), b.scoped());
        CHECK(b.available() == 0);
        co_return first.index();
    });
    CHECK(got == 1);
    CHECK(a.available() == 1);
    CHECK(b.available() == 1);
}

TEST_CASE("PRIM-02: a semaphore that is destroyed ends the waits, also those it was promised to")
{
    test::loop loop;
    auto semaphore = std::make_unique<rill::semaphore>(loop.executor(), 0);
    std::string log;
    const auto promised = loop.spawn(take(*semaphore, log, '1'));
    const auto waiting = loop.spawn(take(*semaphore, log, '2'));
    loop.settle();
    semaphore->release();
    semaphore.reset();
    loop.settle();
    CHECK(test::was_aborted(promised));
    CHECK(test::was_aborted(waiting));
    CHECK(log.empty());
}

TEST_CASE("PRIM-02: a semaphore that dies gives nothing to those behind a wait of a select")
{
    test::loop loop;
    auto semaphore = std::make_unique<rill::semaphore>(loop.executor(), 1);
    const auto several = loop.spawn([&]() -> awaitable<void> {
        static_cast<void>(co_await rill::select(semaphore->acquire(5), semaphore->acquire(3)));
    });
    std::string log;
    const auto behind = loop.spawn(take(*semaphore, log, 'b'));
    loop.settle();
    semaphore.reset();
    loop.settle();
    CHECK(test::was_aborted(several));
    CHECK(test::was_aborted(behind));
}

/// Cancels what is bound to its signal when it is destroyed.
struct cancels_at_end {
    std::shared_ptr<boost::asio::cancellation_signal> signal;

    cancels_at_end(cancels_at_end&&) = default;

    explicit cancels_at_end(std::shared_ptr<boost::asio::cancellation_signal> s)
        : signal(std::move(s))
    {}

    ~cancels_at_end()
    {
        if (signal)
            signal->emit(boost::asio::cancellation_type::total);
    }

    void operator()(rill::error_code) const {}
};

TEST_CASE("PRIM-02: a handler that is dropped with the loop cancels others that wait")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::semaphore semaphore(loop->executor(), 0);
    const auto signal = std::make_shared<boost::asio::cancellation_signal>();
    semaphore.async_acquire(1, cancels_at_end(signal));
    semaphore.async_acquire(
        2, boost::asio::bind_cancellation_slot(signal->slot(), [](rill::error_code) {})
    );
    loop->settle();
    loop.reset(); // the sanitizer finds what is touched too late
    CHECK(semaphore.statistics().waiting == 0);
}

TEST_CASE("semaphore: a bounded one has no more than its bound when a permit comes back twice")
{
    test::loop loop;
    rill::bounded_semaphore semaphore(loop.executor(), 1);
    {
        const rill::permit held = loop.run(semaphore.scoped());
        semaphore.release(); // by hand, what the permit holds
    }
    CHECK(semaphore.available() == 1);
}

awaitable<void> visit_once(rill::semaphore& semaphore, int& inside, std::ptrdiff_t n)
{
    const auto permit = co_await semaphore.scoped(n);
    const test::visit visit(inside, 2);
    co_await rill::yield();
}

TEST_CASE("R19: a semaphore: every permit is back in the end")
{
    test::at_every_suspension([](test::scenario& s) {
        rill::semaphore semaphore(s.executor(), 2);
        int inside = 0;
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                for (const std::ptrdiff_t n : {1, 2, 1, 1})
                    g.create_task(visit_once(semaphore, inside, n));
                co_await rill::timeout(1s, visit_once(semaphore, inside, 2));
            });
        });
        CHECK(semaphore.available() == 2);
        CHECK(semaphore.statistics().waiting == 0);
    });
}

awaitable<void> wander(rill::semaphore& semaphore, rill::random_source& random, int& inside)
{
    const auto visit = [&]() -> awaitable<void> {
        const auto n = static_cast<std::ptrdiff_t>(1 + random() % 3);
        const auto permit = co_await semaphore.scoped(n);
        const test::visit here(inside, 3);
        co_await rill::sleep(std::chrono::milliseconds(random() % 3));
    };
    for (int i = 0; i < 10; ++i)
        co_await rill::move_on_after(std::chrono::milliseconds(random() % 5), visit);
}

TEST_CASE("semaphore: random schedules: no permit is lost or doubled, nobody hangs")
{
    for (std::uint64_t seed = 0; seed < test::schedules; ++seed) {
        INFO("seed ", seed);
        test::loop loop;
        rill::semaphore semaphore(loop.executor(), 3);
        rill::random_source random(seed);
        int inside = 0;
        std::vector<rill::task<void>> tasks;
        for (int i = 0; i < 6; ++i)
            tasks.push_back(loop.spawn(wander(semaphore, random, inside)));
        for (int i = 0; i < 3; ++i) {
            loop.advance(std::chrono::milliseconds(random() % 4));
            tasks[random() % tasks.size()].cancel();
        }
        loop.advance(1s);
        for (const auto& t : tasks)
            CHECK(t.done());
        CHECK(semaphore.available() == 3);
    }
}

} // namespace
