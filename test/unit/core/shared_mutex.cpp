// SPDX-License-Identifier: BSL-1.0
#include <support/aborted.hpp>
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>
#include <support/visit.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/random.hpp>
#include <rill/select.hpp>
#include <rill/shared_mutex.hpp>
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

/// Holds the mutex alone for a second, and says so.
awaitable<void> write(rill::shared_mutex& mutex, std::string& log, char name)
{
    const auto lock = co_await mutex.scoped();
    log += name;
    co_await rill::sleep(1s);
}

/// The same with other readers.
awaitable<void> read(rill::shared_mutex& mutex, std::string& log, char name)
{
    const auto lock = co_await mutex.scoped_shared();
    log += name;
    co_await rill::sleep(1s);
}

bool is_free(const rill::shared_mutex& mutex)
{
    const auto now = mutex.statistics();
    return !now.locked && now.readers + now.waiting_readers + now.waiting_writers == 0;
}

TEST_CASE("PRIM-04: a free shared_mutex is locked at once, without suspending")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback "; });
        co_await mutex.lock();
        CHECK_FALSE(mutex.try_lock());
        CHECK_FALSE(mutex.try_lock_shared());
        mutex.unlock();
        co_await mutex.lock_shared();
        const auto second = co_await mutex.scoped_shared();
        CHECK(second.owns_lock());
        CHECK_FALSE(mutex.try_lock());
        mutex.unlock_shared();
        order += "locked ";
        co_await rill::yield();
    });
    CHECK(order == "locked callback ");
    CHECK(is_free(mutex));
}

TEST_CASE("shared_mutex: readers hold it together, a writer alone")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    std::string log;
    for (const char name : {'a', 'b'})
        loop.spawn(read(mutex, log, name));
    for (const char name : {'1', '2'})
        loop.spawn(write(mutex, log, name));
    loop.settle();
    CHECK(log == "ab");
    loop.advance(1s);
    CHECK(log == "ab1");
    loop.advance(1s);
    CHECK(log == "ab12");
    loop.advance(1s);
    CHECK(is_free(mutex));
}

TEST_CASE("shared_mutex: once a writer waits, readers that come wait behind it")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    std::string log;
    loop.spawn(read(mutex, log, 'a'));
    loop.spawn(write(mutex, log, '1'));
    loop.settle();
    CHECK_FALSE(mutex.try_lock_shared());
    for (const char name : {'b', 'c'})
        loop.spawn(read(mutex, log, name));
    loop.settle();
    CHECK(log == "a");
    loop.advance(1s);
    CHECK(log == "a1");
    loop.advance(1s);
    CHECK(log == "a1bc"); // together
    loop.advance(1s);
}

TEST_CASE("shared_mutex: a writer that unlocks prefers the next writer to readers that came before")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    std::string log;
    loop.spawn(write(mutex, log, '1'));
    loop.spawn(read(mutex, log, 'a'));
    loop.spawn(write(mutex, log, '2'));
    loop.spawn(write(mutex, log, '3'));
    loop.advance(10s);
    CHECK(log == "123a");
}

TEST_CASE("shared_mutex: readers wait for so many writers in a row, and no more")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    std::string log;
    loop.spawn(write(mutex, log, 'W'));
    loop.settle();
    for (const char name : {'a', 'b'})
        loop.spawn(read(mutex, log, name));
    for (int i = 0; i < 20; ++i)
        loop.spawn(write(mutex, log, 'w'));
    loop.advance(rill::duration(1s) * rill::shared_mutex::most_writers_in_a_row);
    loop.spawn(read(mutex, log, 'c')); // comes just before the readers' turn
    loop.advance(1s);
    loop.spawn(read(mutex, log, 'd')); // and this one in it
    loop.advance(100s);
    const std::string turn(rill::shared_mutex::most_writers_in_a_row, 'w');
    CHECK(log == "W" + turn + "abc" + turn + "d" + std::string(20 - 2 * turn.size(), 'w'));
}

TEST_CASE("shared_mutex: writers do not starve either, though readers come all the time")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    std::string log;
    for (int i = 0; i < 5; ++i) {
        loop.spawn(read(mutex, log, 'r'));
        if (i == 1)
            loop.spawn(write(mutex, log, 'w'));
        loop.advance(500ms);
    }
    loop.advance(10s);
    CHECK(log == "rrwrrr");
}

TEST_CASE("shared_mutex: readers behind a writer that is cancelled are let in at once")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    std::string log;
    loop.spawn(read(mutex, log, 'a'));
    auto first = loop.spawn(write(mutex, log, '1'));
    auto second = loop.spawn(write(mutex, log, '2'));
    loop.spawn(read(mutex, log, 'b'));
    loop.settle();
    first.cancel();
    loop.settle();
    CHECK(log == "a"); // another writer waits
    second.cancel();
    CHECK(mutex.statistics().promised == 1);
    loop.settle();
    CHECK(log == "ab");
    loop.advance(1s);
    CHECK(is_free(mutex));
}

TEST_CASE("shared_mutex: a cancelled reader leaves the line")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    std::string log;
    REQUIRE(mutex.try_lock());
    auto a = loop.spawn(read(mutex, log, 'a'));
    loop.spawn(read(mutex, log, 'b'));
    loop.settle();
    a.cancel();
    CHECK(mutex.statistics().waiting_readers == 1);
    mutex.unlock();
    loop.settle();
    CHECK(log == "b");
    loop.advance(1s);
    CHECK(is_free(mutex));
}

TEST_CASE("shared_mutex: unlocked and cancelled in one turn, whichever is first counts")
{
    test::loop loop;
    for (const bool cancel_first : {true, false})
        for (const bool writes : {true, false}) {
            rill::shared_mutex mutex(loop.executor());
            std::string log;
            REQUIRE(mutex.try_lock());
            auto first = loop.spawn((writes ? write : read)(mutex, log, '1'));
            const auto second = loop.spawn(write(mutex, log, '2'));
            loop.settle();
            if (cancel_first)
                first.cancel();
            mutex.unlock();
            first.cancel();
            loop.advance(1s);
            CHECK(first.cancelled());
            CHECK(second.done());
            // A writer comes before a reader; else the first had it, and gave it back.
            CHECK(log == (writes && !cancel_first ? "12" : "2"));
            CHECK(is_free(mutex));
        }
}

TEST_CASE("shared_mutex: the last reader unlocks and the writer is cancelled, in both orders")
{
    test::loop loop;
    for (const bool cancel_first : {true, false}) {
        rill::shared_mutex mutex(loop.executor());
        std::string log;
        REQUIRE(mutex.try_lock_shared());
        auto writer = loop.spawn(write(mutex, log, '1'));
        loop.spawn(read(mutex, log, 'a'));
        loop.settle();
        if (cancel_first)
            writer.cancel();
        mutex.unlock_shared();
        writer.cancel();
        loop.settle();
        CHECK(log == (cancel_first ? "a" : "1a"));
        loop.advance(1s);
        CHECK(is_free(mutex));
    }
}

TEST_CASE("shared_mutex: anyone may unlock it; in the way in which it is not locked is an error")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    CHECK_THROWS_AS(mutex.unlock(), std::logic_error);
    CHECK_THROWS_AS(mutex.unlock_shared(), std::logic_error);
    loop.run(mutex.lock());
    CHECK_THROWS_AS(mutex.unlock_shared(), std::logic_error);
    mutex.unlock();
    loop.run(mutex.lock_shared());
    CHECK_THROWS_AS(mutex.unlock(), std::logic_error);
    mutex.unlock_shared();
    CHECK(is_free(mutex));
}

TEST_CASE("shared_mutex: guards unlock on every way out, early if told to, and can be moved")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    rill::scoped_shared_lock kept;
    rill::scoped_exclusive_lock alone;
    CHECK_THROWS_AS(
        loop.run([&]() -> awaitable<void> {
            alone = co_await mutex.scoped();
            const auto taken_over = std::move(alone);
            throw std::runtime_error("out");
        }),
        std::runtime_error
    );
    CHECK_FALSE(alone.owns_lock());
    CHECK(is_free(mutex));
    loop.run([&]() -> awaitable<void> { kept = co_await mutex.scoped_shared(); });
    CHECK(mutex.statistics().readers == 1);
    kept.unlock();
    kept.unlock(); // holds nothing: nothing happens
    CHECK(is_free(mutex));
}

TEST_CASE("BY-49: what was promised to a writer or to readers cannot be had by a newcomer")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    REQUIRE(mutex.try_lock());
    const auto reader = loop.spawn(mutex.lock_shared());
    loop.settle();
    mutex.unlock();
    CHECK(mutex.statistics().promised == 1);
    CHECK_FALSE(mutex.try_lock());
    CHECK(mutex.try_lock_shared()); // beside the reader
    const auto writer = loop.spawn(mutex.lock());
    loop.settle();
    mutex.unlock_shared();
    mutex.unlock_shared();
    CHECK(mutex.statistics().promised == 1);
    CHECK_FALSE(mutex.try_lock());
    CHECK_FALSE(mutex.try_lock_shared());
    loop.settle();
    CHECK(writer.done());
    mutex.unlock();
}

TEST_CASE("BY-46: statistics tell who holds a shared_mutex, how, and how many wait")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    std::string log;
    loop.spawn(write(mutex, log, '1'));
    loop.spawn(write(mutex, log, '2'));
    loop.spawn(read(mutex, log, 'a'));
    loop.spawn(read(mutex, log, 'b'));
    loop.settle();
    auto now = mutex.statistics();
    CHECK(now.locked);
    CHECK(now.waiting_writers == 1);
    CHECK(now.waiting_readers == 2);
    CHECK(now.readers == 0);
    loop.advance(2s);
    now = mutex.statistics();
    CHECK_FALSE(now.locked);
    CHECK(now.readers == 2);
    loop.advance(1s);
}

TEST_CASE("shared_mutex: what waits for it says its name and who holds it")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    mutex.set_name("routes");
    const auto how_it_waits = [&] {
        try {
            loop.run(rill::timeout(1ms, mutex.lock()));
        } catch (const rill::timeout_error& e) {
            return std::string(e.what());
        }
        return std::string();
    };
    std::string log;
    loop.spawn(write(mutex, log, '1'), "reload");
    loop.settle();
    CHECK(
        how_it_waits().find("shared mutex 'routes', held by task 'reload' at ") != std::string::npos
    );
    loop.advance(1s);
    loop.spawn(read(mutex, log, 'a'));
    loop.spawn(read(mutex, log, 'b'));
    loop.settle();
    CHECK(how_it_waits().find("shared mutex 'routes', held by 2 readers at ") != std::string::npos);
    loop.advance(1s);
}

TEST_CASE("shared_mutex: with handlers, a cancelled wait holds nothing and a completed one a guard")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    asio::cancellation_signal signal;
    test::completion<rill::scoped_exclusive_lock> writer;
    test::completion<rill::scoped_shared_lock> reader;
    test::completion<> plain;
    test::completion<> alone;
    mutex.async_lock(alone.handler());
    loop.settle();
    CHECK(alone.calls() == 1);
    mutex.unlock();
    REQUIRE(mutex.try_lock_shared());
    mutex.async_scoped(asio::bind_cancellation_slot(signal.slot(), writer.handler()));
    mutex.async_scoped_shared(reader.handler());
    mutex.async_lock_shared(plain.handler());
    loop.settle();
    CHECK_FALSE(reader.done());
    signal.emit(asio::cancellation_type::total);
    loop.settle();
    CHECK(writer.error() == rill::condition::cancelled);
    CHECK_FALSE(writer.value().owns_lock());
    CHECK(reader.value().owns_lock());
    CHECK(mutex.statistics().readers == 3);
    mutex.unlock_shared();
    mutex.unlock_shared();
    CHECK(mutex.statistics().readers == 1); // the guard's
}

TEST_CASE("select: a shared_mutex that was not won is not held, and holds nobody up")
{
    test::loop loop;
    rill::shared_mutex mutex(loop.executor());
    std::string log;
    loop.spawn(read(mutex, log, 'a'));
    loop.settle();
    const auto t = loop.spawn([&]() -> awaitable<std::size_t> {
        const auto first = co_await rill::select(mutex.scoped(), rill::sleep(1ms));
        co_return first.index();
    });
    loop.settle();
    loop.spawn(read(mutex, log, 'b'));
    loop.settle();
    CHECK(log == "a");
    loop.advance(1ms);
    CHECK(t.result() == 1);
    CHECK(log == "ab");
    loop.advance(1s);
    CHECK(loop.run([&]() -> awaitable<std::size_t> {
        const auto first = co_await rill::select(mutex.scoped_shared(), mutex.scoped());
        co_return first.index();
    }) == 0);
    CHECK(is_free(mutex));
}

TEST_CASE(
    "PRIM-01, PRIM-02: a shared_mutex that is destroyed ends the waits for it, promised or not"
)
{
    test::loop loop;
    auto mutex = std::make_unique<rill::shared_mutex>(loop.executor());
    REQUIRE(mutex->try_lock());
    std::string log;
    const auto promised = loop.spawn(write(*mutex, log, '1'));
    const auto writer = loop.spawn(write(*mutex, log, '2'));
    const auto reader = loop.spawn(read(*mutex, log, 'a'));
    loop.settle();
    mutex->unlock();
    CHECK(log.empty());
    mutex.reset();
    loop.settle();
    CHECK(test::was_aborted(promised));
    CHECK(test::was_aborted(writer));
    CHECK(test::was_aborted(reader));
    CHECK(log.empty());
}

TEST_CASE("PRIM-02: a shared_mutex that dies in the turn in which it was locked leaves no guard")
{
    test::loop loop;
    auto mutex = std::make_unique<rill::shared_mutex>(loop.executor());
    test::completion<rill::scoped_exclusive_lock> writer;
    mutex->async_scoped(writer.handler());
    mutex.reset();
    loop.settle();
    CHECK(writer.error() == rill::condition::cancelled);
    CHECK_FALSE(writer.value().owns_lock());
}

TEST_CASE("PRIM-02: a loop ends with a shared_mutex in the very frame that waits for it")
{
    test::abandoned_loop loop;
    std::string log;
    loop.spawn([&]() -> awaitable<void> {
        rill::shared_mutex mutex;
        const auto reading = co_await mutex.scoped_shared();
        const auto writer = rill::create_task(write(mutex, log, '1'));
        co_await rill::yield();
        co_await read(mutex, log, 'a');
        FAIL("it went on");
    });
    loop.settle();
    CHECK(log.empty());
}

/// Counts who is inside; a writer must be alone.
class room {
public:
    explicit room(const asio::any_io_executor& ex)
        : mutex(ex)
    {}

    awaitable<void> write(rill::duration d)
    {
        const auto lock = co_await mutex.scoped();
        const test::visit visit(writers_, 1);
        CHECK(readers_ == 0);
        co_await rill::sleep(d);
    }

    awaitable<void> read(rill::duration d)
    {
        const auto lock = co_await mutex.scoped_shared();
        const test::visit visit(readers_, 100);
        CHECK(writers_ == 0);
        co_await rill::sleep(d);
        CHECK(writers_ == 0);
    }

    rill::shared_mutex mutex;

private:
    int writers_ = 0;
    int readers_ = 0;
};

TEST_CASE("R19: a shared_mutex: a writer is alone, and nobody holds it in the end")
{
    test::at_every_suspension([](test::scenario& s) {
        room r(s.executor());
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                for (int i = 0; i < 2; ++i) {
                    g.create_task(r.read(1s));
                    g.create_task(r.write(1s));
                }
                co_await rill::move_on_after(1s, r.write(1s));
                co_await r.read(1s);
            });
        });
        CHECK(is_free(r.mutex));
    });
}

/// Reads and writes, and gives up at random.
awaitable<void> wander(room& r, rill::random_source& random)
{
    for (int i = 0; i < 10; ++i) {
        const auto patience = std::chrono::milliseconds(random() % 6);
        const auto stay = std::chrono::milliseconds(random() % 3);
        co_await rill::move_on_after(patience, random() % 3 == 0 ? r.write(stay) : r.read(stay));
        if (random() % 2 == 0)
            co_await rill::yield();
    }
}

TEST_CASE("shared_mutex: random schedules: writers are alone, nobody hangs")
{
    for (std::uint64_t seed = 0; seed < test::schedules; ++seed) {
        INFO("seed ", seed);
        test::loop loop;
        rill::random_source random(seed);
        room r(loop.executor());
        std::vector<rill::task<void>> tasks;
        for (int i = 0; i < 7; ++i)
            tasks.push_back(loop.spawn(wander(r, random)));
        loop.advance(std::chrono::milliseconds(random() % 10));
        for (int i = 0; i < 2; ++i)
            tasks[random() % tasks.size()].cancel();
        loop.advance(1s);
        for (const auto& t : tasks)
            CHECK(t.done());
        CHECK(is_free(r.mutex));
    }
}

} // namespace
