// SPDX-License-Identifier: BSL-1.0
#include <support/aborted.hpp>
#include <support/every_suspension.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>
#include <support/visit.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/mutex.hpp>
#include <rill/random.hpp>
#include <rill/select.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

/// Takes the mutex, says so, and keeps it for a second.
awaitable<void> hold(rill::mutex& mutex, std::string& log, char name)
{
    const auto lock = co_await mutex.scoped();
    log += name;
    co_await rill::sleep(1s);
}

TEST_CASE("LK-01, PRIM-04: a free mutex is locked at once, without suspending")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback "; });
        co_await mutex.lock();
        CHECK(mutex.locked());
        mutex.unlock();
        const auto lock = co_await mutex.scoped();
        CHECK(lock.owns_lock());
        order += "locked ";
        co_await rill::yield();
    });
    CHECK(order == "locked callback ");
    CHECK_FALSE(mutex.locked());
}

TEST_CASE("LK-02: those who wait get it in the order in which they came, one for each unlock")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    std::string log;
    for (const char name : {'a', 'b', 'c'})
        loop.spawn(hold(mutex, log, name));
    loop.settle();
    CHECK(log == "a");
    loop.advance(1s);
    CHECK(log == "ab");
    loop.advance(1s);
    CHECK(log == "abc");
    loop.advance(1s);
    CHECK_FALSE(mutex.locked());
}

TEST_CASE("LK-03: anyone may unlock it; unlocking a free one is a logic error")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    loop.run(mutex.lock());
    CHECK(mutex.locked());
    mutex.unlock(); // by no task
    CHECK_FALSE(mutex.locked());
    CHECK_THROWS_AS(mutex.unlock(), std::logic_error);
}

TEST_CASE("LK-04: a cancelled waiter leaves the line and does not hold the mutex")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    REQUIRE(mutex.try_lock());
    auto first = loop.spawn(mutex.lock());
    const auto second = loop.spawn(mutex.lock());
    loop.settle();
    CHECK(mutex.statistics().waiting == 2);
    first.cancel();
    CHECK(mutex.statistics().waiting == 1);
    mutex.unlock();
    loop.settle();
    CHECK(first.cancelled());
    CHECK(second.done());
    CHECK(mutex.locked());
}

TEST_CASE("LK-06: the first waiter cancelled, then the mutex unlocked: the second one gets it")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    std::string log;
    REQUIRE(mutex.try_lock());
    auto first = loop.spawn(hold(mutex, log, '1'));
    loop.spawn(hold(mutex, log, '2'));
    loop.settle();
    first.cancel();
    mutex.unlock();
    loop.settle();
    CHECK(log == "2");
    loop.advance(1s);
    CHECK_FALSE(mutex.locked());
}

TEST_CASE(
    "LK-06, LK-07 (completion wins): unlocked, then the first waiter cancelled: it has had the "
    "mutex, its guard gives it back, and the second one gets it"
)
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    std::string log;
    REQUIRE(mutex.try_lock());
    auto first = loop.spawn(hold(mutex, log, '1'));
    loop.spawn(hold(mutex, log, '2'));
    loop.settle();
    mutex.unlock();
    first.cancel();
    loop.settle();
    CHECK(first.cancelled());
    CHECK(log == "12");
    loop.advance(1s);
    CHECK_FALSE(mutex.locked());
}

TEST_CASE("LK-09: a guard unlocks on every way out, early if told to, and can be moved")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    CHECK_THROWS_AS(
        loop.run([&]() -> awaitable<void> {
            const auto lock = co_await mutex.scoped();
            throw std::runtime_error("out");
        }),
        std::runtime_error
    );
    CHECK_FALSE(mutex.locked());
    rill::scoped_lock outer;
    loop.run([&]() -> awaitable<void> {
        auto lock = co_await mutex.scoped();
        outer = std::move(lock);
    });
    CHECK(mutex.locked());
    outer.unlock();
    CHECK_FALSE(mutex.locked());
    outer.unlock(); // holds nothing: nothing happens
}

TEST_CASE("LK-10: a task that waits for a mutex of another loop is told so")
{
    test::loop one;
    test::loop other;
    rill::mutex mutex(other.executor());
    mutex.set_name("cache");
    REQUIRE(mutex.try_lock());
    const auto t = one.spawn(mutex.lock(), "main");
    one.settle();
    CHECK(
        test::text_of(t.exception()) ==
        "rill: task 'main' waits for mutex 'cache', which belongs to another loop"
    );
}

TEST_CASE("LK-11: it is not re-entrant: whoever locks it twice waits")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    auto t = loop.spawn([&]() -> awaitable<void> {
        const auto once = co_await mutex.scoped();
        const auto twice = co_await mutex.scoped();
    });
    loop.settle();
    CHECK_FALSE(t.done());
    t.cancel();
    loop.settle();
    CHECK_FALSE(mutex.locked());
}

TEST_CASE("BY-45, BY-49: an unlocked mutex that was promised to a waiter cannot be had")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    REQUIRE(mutex.try_lock());
    const auto waiting = loop.spawn(mutex.lock());
    loop.settle();
    mutex.unlock();
    CHECK(mutex.statistics().promised == 1);
    CHECK_FALSE(mutex.try_lock());
    const auto newcomer = loop.spawn(mutex.lock());
    loop.settle();
    CHECK(waiting.done());
    CHECK(mutex.statistics().promised == 0);
    CHECK_FALSE(newcomer.done());
    mutex.unlock();
    loop.settle();
}

TEST_CASE("BY-46: statistics tell whether it is locked, by whom, and how many wait")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    CHECK(mutex.statistics().owner.empty());
    std::string log;
    loop.spawn(hold(mutex, log, 'a'), "refill");
    loop.spawn(hold(mutex, log, 'b'), "reader");
    loop.settle();
    const auto now = mutex.statistics();
    CHECK(now.locked);
    CHECK(now.owner == "refill");
    CHECK(now.waiting == 1);
    loop.advance(1s);
    CHECK(mutex.statistics().owner == "reader");
    loop.advance(1s);
    CHECK_FALSE(mutex.statistics().locked);
}

TEST_CASE("mutex: what waits for it says its name and who holds it")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    mutex.set_name("cache");
    const auto how_it_waits = [&] {
        try {
            loop.run(rill::timeout(1ms, mutex.lock()));
        } catch (const rill::timeout_error& e) {
            return std::string(e.what());
        }
        return std::string();
    };
    std::string log;
    auto holder = loop.spawn(
        [&]() -> awaitable<void> {
            co_await mutex.lock();
            co_await rill::sleep(1s);
        },
        "refill"
    );
    loop.settle();
    CHECK(
        how_it_waits().find("waited for mutex 'cache', held by task 'refill' at ") !=
        std::string::npos
    );
    loop.advance(1s);
    CHECK(how_it_waits().find("mutex 'cache', held by a task that has ended") != std::string::npos);
    mutex.unlock();
    REQUIRE(mutex.try_lock());
    CHECK(how_it_waits().find("waited for mutex 'cache' at ") != std::string::npos);
}

TEST_CASE("mutex: with a handler, a cancelled wait holds nothing and a completed one a guard")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    REQUIRE(mutex.try_lock());
    asio::cancellation_signal signal;
    test::completion<rill::scoped_lock> first;
    test::completion<rill::scoped_lock> second;
    mutex.async_scoped(asio::bind_cancellation_slot(signal.slot(), first.handler()));
    mutex.async_scoped(second.handler());
    signal.emit(asio::cancellation_type::total);
    mutex.unlock();
    loop.settle();
    CHECK(first.error() == rill::condition::cancelled);
    CHECK_FALSE(first.value().owns_lock());
    CHECK(second.value().owns_lock());
    CHECK(mutex.locked());
}

TEST_CASE("mutex: a guard whose handler is dropped with the loop unlocks nothing")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::mutex mutex(loop->executor());
    REQUIRE(mutex.try_lock());
    mutex.async_scoped([](rill::error_code, rill::scoped_lock) {});
    mutex.async_scoped([](rill::error_code, rill::scoped_lock) {});
    loop.reset();
    CHECK(mutex.locked());
}

TEST_CASE("select: a mutex that was not won is not held")
{
    test::loop loop;
    rill::mutex a(loop.executor());
    rill::mutex b(loop.executor());
    REQUIRE(a.try_lock());
    REQUIRE(b.try_lock());
    loop.get().call_later(1s, [&] {
        b.unlock();
        a.unlock();
    });
    const auto index = loop.run([&]() -> awaitable<std::size_t> {
        const auto got = co_await rill::select(a.scoped(), b.scoped());
        CHECK_FALSE(a.locked());
        CHECK(b.locked());
        co_return got.index();
    });
    CHECK(index == 1);
    CHECK_FALSE(b.locked());
}

TEST_CASE("PRIM-02: a mutex that is destroyed ends the waits for it, also those it was promised to")
{
    test::loop loop;
    auto mutex = std::make_unique<rill::mutex>(loop.executor());
    REQUIRE(mutex->try_lock());
    std::string log;
    const auto promised = loop.spawn(hold(*mutex, log, '1'));
    const auto waiting = loop.spawn(hold(*mutex, log, '2'));
    test::completion<rill::scoped_lock> callback;
    mutex->async_scoped(callback.handler());
    loop.settle();
    mutex->unlock();
    mutex.reset();
    loop.settle();
    CHECK(test::was_aborted(promised));
    CHECK(test::was_aborted(waiting));
    CHECK(callback.error() == rill::condition::cancelled);
    CHECK(log.empty());
}

TEST_CASE("PRIM-02: a free mutex that is locked and destroyed at once gives no guard")
{
    test::loop loop;
    auto mutex = std::make_unique<rill::mutex>(loop.executor());
    test::completion<rill::scoped_lock> got;
    mutex->async_scoped(got.handler());
    mutex.reset();
    loop.settle();
    CHECK(got.error() == rill::condition::cancelled);
}

TEST_CASE("PRIM-02: a mutex that select has won is destroyed before its turn")
{
    test::loop loop;
    auto mutex = std::make_unique<rill::mutex>(loop.executor());
    rill::mutex other(loop.executor());
    REQUIRE(mutex->try_lock());
    REQUIRE(other.try_lock());
    const auto t = loop.spawn([&]() -> awaitable<void> {
        static_cast<void>(co_await rill::select(mutex->scoped(), other.scoped()));
    });
    loop.settle();
    mutex->unlock();
    CHECK(mutex->statistics().promised == 1);
    mutex.reset();
    loop.settle();
    CHECK(test::was_aborted(t));
}

TEST_CASE("LK-10: select takes no mutex of another loop")
{
    test::loop one;
    test::loop other;
    rill::mutex mutex(other.executor());
    const auto t = one.spawn([&]() -> awaitable<void> {
        static_cast<void>(co_await rill::select(mutex.lock(), rill::sleep(1s)));
    });
    one.settle();
    CHECK(test::text_of(t.exception()).ends_with("a mutex, which belongs to another loop"));
}

awaitable<void> hold_for_ever(rill::mutex& mutex)
{
    const auto lock = co_await mutex.scoped();
    co_await rill::sleep(1h);
}

TEST_CASE("PRIM-02: a loop ends while children hold a mutex that lives in their parent's frame")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    loop->spawn([]() -> awaitable<void> {
        rill::mutex mutex;
        co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
            g.create_task(hold_for_ever(mutex));
            g.create_task(hold_for_ever(mutex));
            co_return;
        });
    });
    loop->settle();
    loop.reset(); // the sanitizer finds a guard that is destroyed too late
}

TEST_CASE("PRIM-02: a task is cancelled after what it waited for has died")
{
    test::loop loop;
    auto mutex = std::make_unique<rill::mutex>(loop.executor());
    REQUIRE(mutex->try_lock());
    auto waiting = loop.spawn(mutex->lock());
    loop.settle();
    mutex.reset();
    waiting.cancel(); // asks what it waits for
    loop.settle();
    CHECK(waiting.cancelled());
}

awaitable<void> lock_and_yield(rill::mutex& mutex, int& inside)
{
    const auto lock = co_await mutex.scoped();
    const test::visit visit(inside, 1);
    co_await rill::yield();
}

TEST_CASE("R19: a mutex: one holder at a time, and nobody holds it in the end")
{
    test::at_every_suspension([](test::scenario& s) {
        rill::mutex mutex(s.executor());
        int inside = 0;
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                for (int i = 0; i < 3; ++i)
                    g.create_task(lock_and_yield(mutex, inside));
                co_await lock_and_yield(mutex, inside);
                co_await rill::timeout(1s, lock_and_yield(mutex, inside));
            });
        });
        CHECK_FALSE(mutex.locked());
        CHECK(mutex.statistics().waiting == 0);
    });
}

/// Locks and unlocks, within a random time, and works a while in between.
awaitable<void> wander(rill::mutex& mutex, rill::random_source& random, int& inside)
{
    const auto visit = [&]() -> awaitable<void> {
        const auto lock = co_await mutex.scoped();
        const test::visit here(inside, 1);
        co_await rill::sleep(std::chrono::milliseconds(random() % 3));
    };
    for (int i = 0; i < 10; ++i)
        co_await rill::move_on_after(std::chrono::milliseconds(random() % 5), visit);
}

TEST_CASE("mutex: random schedules: one holder at a time, nobody hangs")
{
    for (std::uint64_t seed = 0; seed < test::schedules; ++seed) {
        INFO("seed ", seed);
        test::loop loop;
        rill::mutex mutex(loop.executor());
        rill::random_source random(seed);
        int inside = 0;
        std::vector<rill::task<void>> tasks;
        for (int i = 0; i < 5; ++i)
            tasks.push_back(loop.spawn(wander(mutex, random, inside)));
        for (int i = 0; i < 3; ++i) {
            loop.advance(std::chrono::milliseconds(random() % 4));
            tasks[random() % tasks.size()].cancel();
        }
        loop.advance(1s);
        for (const auto& t : tasks)
            CHECK(t.done());
        CHECK_FALSE(mutex.locked());
    }
}

} // namespace
