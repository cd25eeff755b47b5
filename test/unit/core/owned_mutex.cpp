// SPDX-License-Identifier: BSL-1.0
#include <support/aborted.hpp>
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>
#include <support/visit.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/owned_mutex.hpp>
#include <rill/random.hpp>
#include <rill/select.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

const std::string broken = "it was broken while others waited for it [rill:3]";

/// Takes the mutex, says so, and keeps it for a second.
awaitable<void> hold(rill::owned_mutex& mutex, std::string& log, char name)
{
    const auto lock = co_await mutex.scoped();
    log += name;
    co_await rill::sleep(1s);
}

/// Locks it and ends with it.
awaitable<void> die_with(rill::owned_mutex& mutex)
{
    co_await mutex.lock();
    co_await rill::sleep(1s);
}

/// What `f()` throws.
template <class F>
std::string error_of(F f)
{
    try {
        f();
    } catch (const std::logic_error& e) {
        return e.what();
    }
    return "nothing";
}

TEST_CASE("LK-01, PRIM-04: a free owned_mutex is locked at once, without suspending")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback "; });
        co_await mutex.lock();
        CHECK(mutex.locked());
        mutex.unlock();
        auto lock = co_await mutex.scoped();
        CHECK(lock.owns_lock());
        lock.unlock();
        CHECK(mutex.try_lock());
        mutex.unlock();
        order += "locked ";
        co_await rill::yield();
    });
    CHECK(order == "locked callback ");
    CHECK_FALSE(mutex.locked());
    CHECK_FALSE(mutex.broken());
}

TEST_CASE("BY-47: it is handed to the next who waits, in the order in which they came")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    std::string log;
    for (const char name : {'a', 'b', 'c'})
        loop.spawn(hold(mutex, log, name), std::string(1, name));
    loop.settle();
    CHECK(log == "a");
    CHECK(mutex.statistics().owner == "a");
    loop.advance(1s);
    CHECK(log == "ab");
    CHECK(mutex.statistics().owner == "b");
    loop.advance(1s);
    CHECK(log == "abc");
    loop.advance(1s);
    CHECK_FALSE(mutex.locked());
}

TEST_CASE("BY-47: another task than the owner cannot unlock it, and nobody outside of tasks")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    mutex.set_name("journal");
    std::string log;
    loop.spawn(hold(mutex, log, 'a'), "owner");
    loop.settle();
    CHECK(error_of([&] {
              mutex.unlock();
          }) == "rill: owned mutex 'journal', held by task 'owner', is unlocked by no task");
    const auto thief = loop.spawn(
        [&]() -> awaitable<std::string> { co_return error_of([&] { mutex.unlock(); }); }, "thief"
    );
    loop.settle();
    CHECK(
        thief.result() ==
        "rill: owned mutex 'journal', held by task 'owner', is unlocked by task 'thief'"
    );
    CHECK(mutex.statistics().owner == "owner");
    loop.advance(1s);
    CHECK(error_of([&] {
              mutex.unlock();
          }) == "rill: owned mutex 'journal' is unlocked, and not locked");
}

TEST_CASE("BY-47, LK-11: locking it twice is a logic error, whatever the form")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    const std::string text = "rill: task 'main' locks an owned mutex, which it has locked already";
    loop.run([&]() -> awaitable<void> {
        auto lock = co_await mutex.scoped();
        CHECK(error_of([&] { mutex.try_lock(); }) == text);
        CHECK(error_of([&] { mutex.async_lock([](rill::error_code) {}); }) == text);
        const auto again = co_await test::how(mutex.lock());
        CHECK(again == text);
        lock.unlock();
        lock.unlock(); // holds nothing: nothing happens
        co_await mutex.lock();
        mutex.unlock();
    });
}

TEST_CASE("BY-47: only a task can lock it")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    const std::string text = "rill: only a task can lock an owned mutex";
    CHECK(error_of([&] { mutex.try_lock(); }) == text);
    CHECK(error_of([&] {
              mutex.async_scoped([](rill::error_code, rill::scoped_owned_lock) {});
          }) == text);
    std::string plain;
    asio::co_spawn(
        loop.executor(),
        [&]() -> awaitable<void> { plain = co_await test::how(mutex.lock()); },
        asio::detached
    );
    loop.settle();
    CHECK(plain == text);
}

TEST_CASE("BY-47: an owner that ends and holds it breaks it, for those who wait and all who come")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    loop.spawn(die_with(mutex), "sinner");
    const auto a = loop.spawn(test::how(mutex.lock()));
    std::string log;
    const auto b = loop.spawn(test::how(hold(mutex, log, 'b')));
    loop.settle();
    CHECK_FALSE(a.done());
    loop.advance(1s);
    CHECK(a.result() == broken);
    CHECK(b.result() == broken);
    CHECK(loop.run(test::how(mutex.lock())) == broken);
    CHECK_FALSE(loop.run([&]() -> awaitable<bool> { co_return mutex.try_lock(); }));
    CHECK(mutex.broken());
    CHECK_FALSE(mutex.locked());
    CHECK(mutex.statistics().owner == "sinner");
    CHECK_THROWS_AS(mutex.unlock(), std::logic_error);
}

TEST_CASE("BY-47: it breaks in the moment when the owner ends, however that is")
{
    for (const bool cancelled : {true, false}) {
        test::loop loop;
        rill::owned_mutex mutex(loop.executor());
        auto owner = loop.spawn([&]() -> awaitable<void> {
            co_await mutex.lock();
            co_await rill::sleep(1s);
            throw std::runtime_error("failed");
        });
        owner.add_done_callback([&] { CHECK(mutex.broken()); });
        loop.settle();
        CHECK_FALSE(mutex.broken());
        if (cancelled)
            owner.cancel();
        else
            loop.advance(1s);
        loop.settle();
        CHECK(mutex.broken());
        CHECK(owner.exception());
    }
}

TEST_CASE("BY-47: an owner that unlocked it may end, and a later one is watched in its stead")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    const auto first = loop.spawn([&]() -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            const auto lock = co_await mutex.scoped();
            co_await rill::yield();
        }
    });
    loop.settle();
    CHECK(first.done());
    CHECK_FALSE(mutex.broken());
    const auto second = loop.spawn(die_with(mutex));
    loop.advance(1s);
    CHECK(mutex.broken());
}

TEST_CASE("BY-49: an owned_mutex that was promised to a waiter cannot be had by a newcomer")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    std::string log;
    loop.spawn(hold(mutex, log, 'a'));
    loop.spawn([&]() -> awaitable<void> {
        co_await mutex.lock();
        co_await rill::yield();
        mutex.unlock();
        CHECK(mutex.statistics().promised == 1);
        CHECK_FALSE(mutex.try_lock());
        co_await hold(mutex, log, 'c');
    });
    loop.spawn(hold(mutex, log, 'b'));
    loop.advance(1s);
    CHECK(log == "ab");
    loop.advance(1s);
    CHECK(log == "abc");
    loop.advance(1s);
}

TEST_CASE("LK-04, LK-06: a cancelled waiter leaves the line, and the next one gets the mutex")
{
    test::loop loop;
    for (const bool cancel_first : {true, false}) {
        rill::owned_mutex mutex(loop.executor());
        std::string log;
        rill::task<void> next;
        loop.spawn([&]() -> awaitable<void> {
            co_await mutex.lock();
            co_await rill::sleep(1s);
            if (cancel_first)
                next.cancel();
            mutex.unlock();
            next.cancel();
        });
        loop.settle();
        next = loop.spawn(hold(mutex, log, 'a'));
        loop.spawn(hold(mutex, log, 'b'));
        loop.advance(1s);
        CHECK(next.cancelled());
        CHECK(log == (cancel_first ? "b" : "ab")); // completion wins: a had it, and gave it back
        loop.advance(1s);
        CHECK_FALSE(mutex.locked());
    }
}

TEST_CASE("LK-10: a task of another loop is refused")
{
    test::loop one;
    test::loop other;
    rill::owned_mutex mutex(other.executor());
    const auto how =
        one.run([&]() -> awaitable<std::string> { co_return co_await test::how(mutex.lock()); });
    CHECK(how == "rill: task 'main' locks an owned mutex, which belongs to another loop");
}

TEST_CASE("owned_mutex: a guard that ends in another task unlocks nothing, and that is reported")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    rill::scoped_owned_lock lock;
    const auto owner = loop.spawn(
        [&]() -> awaitable<void> {
            lock = co_await mutex.scoped();
            co_await rill::sleep(1s);
            mutex.unlock();
        },
        "owner"
    );
    loop.settle();
    loop.spawn([&]() -> awaitable<void> {
        CHECK(error_of([&] { lock.unlock(); }) != "nothing");
        CHECK(lock.owns_lock());
        lock = rill::scoped_owned_lock();
        co_return;
    });
    loop.settle();
    CHECK(mutex.locked());
    REQUIRE(loop.reported().size() == 1);
    CHECK(loop.reported()[0].find("ended in another task") != std::string::npos);
    CHECK(loop.reported()[0].find("owner") != std::string::npos);
    loop.forget_reported();
    loop.advance(1s);
    CHECK_FALSE(mutex.locked());
}

TEST_CASE("owned_mutex: with any token it belongs to the task that began the operation")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    test::completion<> done;
    std::string log;
    loop.spawn(hold(mutex, log, 'a'));
    loop.spawn(
        [&]() -> awaitable<void> {
            mutex.async_lock(done.handler());
            co_await rill::sleep(2s);
            CHECK(done.calls() == 1);
            mutex.unlock();
            co_await mutex.async_lock(asio::use_awaitable);
            mutex.unlock();
            const auto lock = co_await mutex.scoped();
        },
        "other"
    );
    loop.advance(1s);
    CHECK(mutex.statistics().owner == "other");
    loop.advance(1s);
    CHECK_FALSE(mutex.locked());
    CHECK_FALSE(mutex.broken());
}

TEST_CASE("owned_mutex: a task that has ended when its turn comes is passed over")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    test::completion<> of_nobody;
    std::string log;
    loop.spawn(hold(mutex, log, 'a'));
    loop.spawn([&]() -> awaitable<void> {
        mutex.async_lock(of_nobody.handler());
        co_return;
    });
    loop.spawn(hold(mutex, log, 'b'));
    loop.advance(1s);
    CHECK(of_nobody.error() == rill::condition::cancelled);
    CHECK(log == "ab");
    loop.advance(1s);
    CHECK_FALSE(mutex.broken());
}

TEST_CASE("owned_mutex: an operation that was made in a task and begins elsewhere is refused")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    test::completion<> outside;
    test::completion<> twice;
    loop.run([&]() -> awaitable<void> {
        auto first = mutex.async_lock(asio::deferred);
        auto second = mutex.lock();
        rill::this_loop().call_soon([&] { std::move(first)(outside.handler()); });
        co_await rill::yield();
        co_await mutex.lock();
        std::move(second)(twice.handler());
        co_await rill::yield();
        mutex.unlock();
    });
    CHECK(outside.error() == asio::error::no_permission);
    CHECK(twice.error() == asio::error::no_permission);
    CHECK_FALSE(mutex.locked());
}

TEST_CASE("BY-46: an owned_mutex tells who has it, and how many wait")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    CHECK(mutex.statistics().owner.empty());
    std::string log;
    loop.spawn(hold(mutex, log, 'a'), "writer");
    loop.spawn(hold(mutex, log, 'b'));
    loop.settle();
    const auto now = mutex.statistics();
    CHECK(now.locked);
    CHECK_FALSE(now.broken);
    CHECK(now.waiting == 1);
    CHECK(now.owner == "writer");
    loop.advance(2s);
    CHECK_FALSE(mutex.statistics().locked);
}

TEST_CASE("owned_mutex: what waits for it says its name and who holds it")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    mutex.set_name("journal");
    std::string log;
    loop.spawn(hold(mutex, log, 'a'), "writer");
    auto t = loop.spawn(mutex.lock());
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(
        test::text_of(t.exception()).find("owned mutex 'journal', held by task 'writer' at ") !=
        std::string::npos
    );
    loop.advance(1s);
}

TEST_CASE("select: an owned_mutex that was not won is not held")
{
    test::loop loop;
    rill::owned_mutex mutex(loop.executor());
    std::string log;
    loop.spawn(hold(mutex, log, 'a'));
    loop.settle();
    const auto select = [&](rill::duration d) -> awaitable<std::size_t> {
        const auto first = co_await rill::select(mutex.scoped(), rill::sleep(d));
        CHECK(mutex.locked());
        co_return first.index();
    };
    CHECK(loop.run(select(1ms)) == 1);
    CHECK(mutex.statistics().waiting == 0);
    CHECK(loop.run(select(1h)) == 0);
    CHECK_FALSE(mutex.locked());
    CHECK_FALSE(mutex.broken());
}

TEST_CASE(
    "PRIM-01, PRIM-02: an owned_mutex that is destroyed ends the waits for it, promised or not"
)
{
    test::loop loop;
    auto mutex = std::make_unique<rill::owned_mutex>(loop.executor());
    std::string log;
    const auto owner = loop.spawn([&]() -> awaitable<void> {
        co_await mutex->lock();
        co_await rill::yield();
        mutex->unlock();
        CHECK(log.empty());
        mutex.reset();
    });
    const auto promised = loop.spawn(hold(*mutex, log, '1'));
    const auto waiting = loop.spawn(hold(*mutex, log, '2'));
    loop.settle();
    CHECK(owner.done());
    CHECK(test::was_aborted(promised));
    CHECK(test::was_aborted(waiting));
    CHECK(log.empty());
}

TEST_CASE("PRIM-02: an owned_mutex may go while it is locked, and its owner lives on")
{
    test::loop loop;
    const auto owner = loop.spawn([&]() -> awaitable<void> {
        {
            rill::owned_mutex mutex;
            co_await mutex.lock();
            co_await rill::yield();
        }
        co_await rill::yield();
    });
    loop.settle();
    CHECK(owner.done());
}

TEST_CASE("PRIM-02: a loop ends with an owned_mutex in the very frame that waits for it")
{
    test::abandoned_loop loop;
    std::string log;
    loop.spawn([&]() -> awaitable<void> {
        rill::owned_mutex mutex;
        const auto owner = rill::create_task(die_with(mutex));
        co_await rill::yield();
        co_await hold(mutex, log, 'b');
        FAIL("it went on");
    });
    loop.settle();
}

TEST_CASE("PRIM-02: a loop ends with an owned_mutex in the very frame that has it")
{
    test::abandoned_loop loop;
    std::string log;
    loop.spawn([&]() -> awaitable<void> {
        rill::owned_mutex mutex;
        const auto lock = co_await mutex.scoped();
        const auto other = rill::create_task(hold(mutex, log, 'b'));
        co_await rill::sleep(1h);
    });
    loop.settle();
    CHECK(log.empty());
}

TEST_CASE("PRIM-02: a loop ends while it is locked, and the mutex outlives it, broken")
{
    for (const bool guarded : {true, false}) {
        std::optional<test::abandoned_loop> loop(std::in_place);
        rill::owned_mutex mutex(loop->executor());
        std::string log;
        rill::task<void> kept = loop->spawn(hold(mutex, log, 'a'));
        if (!guarded) {
            kept.cancel();
            kept = rill::task<void>();
            loop->spawn(die_with(mutex));
        }
        loop->spawn(hold(mutex, log, 'b'));
        loop->settle();
        CHECK(mutex.locked());
        loop.reset();
        CHECK_FALSE(mutex.locked());
        CHECK(mutex.broken());
        CHECK(mutex.statistics().waiting == 0);
        CHECK_FALSE(mutex.statistics().owner.empty());
    }
}

TEST_CASE("PRIM-02: a loop ends, and what its owner waits for is older than that it has the mutex")
{
    test::completion<> locked;
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::owned_mutex mutex(loop->executor());
    std::string log;
    loop->spawn(hold(mutex, log, 'a'));
    loop->spawn([&]() -> awaitable<void> {
        mutex.async_lock(locked.handler());
        co_await rill::sleep(1h);
    });
    loop->advance(1s);
    CHECK(locked.calls() == 1);
    CHECK(mutex.locked());
    loop.reset();
    CHECK(mutex.broken());
}

TEST_CASE("PRIM-02: a guard that dies with the loop, and so in no task, is no mistake")
{
    std::optional<asio::io_context> io(std::in_place);
    int reports = 0;
    rill::detail::loop_core::of(*io).set_exception_handler([&](const rill::exception_context&) {
        ++reports;
    });
    rill::owned_mutex mutex(io->get_executor());
    rill::scoped_owned_lock lock;
    rill::create_task(io->get_executor(), [&]() -> awaitable<void> {
        lock = co_await mutex.scoped();
        co_await rill::sleep(1h);
    });
    io->poll();
    CHECK(mutex.locked());
    rill::async_sleep(io->get_executor(), 0s, [kept = std::move(lock)](rill::error_code) {});
    io.reset();
    CHECK(reports == 0);
    CHECK(mutex.broken());
}

awaitable<void> lock_and_stay(rill::owned_mutex& mutex, int& inside, rill::duration d)
{
    const auto lock = co_await mutex.scoped();
    const test::visit visit(inside, 1);
    co_await rill::sleep(d);
}

TEST_CASE("R19: an owned_mutex: one owner at a time, nobody has it in the end, and it is whole")
{
    test::at_every_suspension([](test::scenario& s) {
        rill::owned_mutex mutex(s.executor());
        int inside = 0;
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                for (int i = 0; i < 3; ++i)
                    g.create_task(lock_and_stay(mutex, inside, 1s));
                co_await lock_and_stay(mutex, inside, 0s);
                co_await rill::move_on_after(1s, lock_and_stay(mutex, inside, 1s));
            });
        });
        CHECK_FALSE(mutex.locked());
        CHECK_FALSE(mutex.broken());
        CHECK(mutex.statistics().waiting == 0);
    });
}

/// Locks and unlocks, within a random time; now and then it ends and holds the mutex.
awaitable<void>
wander(rill::owned_mutex& mutex, rill::random_source& random, int& inside, bool sins)
{
    for (int i = 0; i < 10; ++i) {
        const auto stay = std::chrono::milliseconds(random() % 3);
        const auto patience = std::chrono::milliseconds(random() % 5);
        co_await rill::move_on_after(patience, lock_and_stay(mutex, inside, stay));
    }
    if (sins)
        co_await mutex.lock();
}

TEST_CASE("BY-47: random schedules: one owner at a time, nobody hangs")
{
    for (std::uint64_t seed = 0; seed < test::schedules; ++seed) {
        INFO("seed ", seed);
        test::loop loop;
        rill::owned_mutex mutex(loop.executor());
        rill::random_source random(seed);
        int inside = 0;
        std::vector<rill::task<std::string>> tasks;
        for (int i = 0; i < 5; ++i) {
            const bool sins = i == 0 && seed % 2 == 0;
            tasks.push_back(loop.spawn(test::how(wander(mutex, random, inside, sins))));
        }
        loop.advance(std::chrono::milliseconds(random() % 4));
        tasks[1 + random() % 4].cancel();
        loop.advance(1s);
        for (const auto& t : tasks)
            CHECK(t.done());
        CHECK_FALSE(mutex.locked());
        CHECK(mutex.broken() == (seed % 2 == 0));
    }
}

} // namespace
