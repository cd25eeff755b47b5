// SPDX-License-Identifier: BSL-1.0
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>

#include <rill/barrier.hpp>
#include <rill/cancel_scope.hpp>
#include <rill/random.hpp>
#include <rill/select.hpp>
#include <rill/task_group.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

const std::string broken = "it was broken while others waited for it [rill:3]";

/// Tasks that each wait for the barrier, and say how that ended.
std::vector<rill::task<std::string>> arrive(test::loop& loop, rill::barrier& barrier, int n)
{
    std::vector<rill::task<std::string>> tasks;
    for (int i = 0; i < n; ++i)
        tasks.push_back(loop.spawn(test::how(barrier.wait())));
    loop.settle();
    return tasks;
}

/// How they ended; "..." for those that have not.
std::string all_of(const std::vector<rill::task<std::string>>& tasks)
{
    std::string text;
    for (const auto& t : tasks)
        text += (text.empty() ? "" : " ") + (t.done() ? t.result() : "...");
    return text;
}

/// A barrier in the turn in which a round is complete: three were released and have not run.
struct draining {
    draining()
    {
        last.emplace(loop.spawn([this]() -> awaitable<std::string> {
            auto how = co_await test::how(barrier.wait());
            during();
            co_return how;
        }));
    }

    /// Calls `f` then.
    template <class F>
    void run(F f)
    {
        during = f;
        loop.settle();
    }

    test::loop loop;
    rill::barrier barrier{loop.executor(), 3};
    std::vector<rill::task<std::string>> released = arrive(loop, barrier, 2);
    std::optional<rill::task<std::string>> last;
    std::function<void()> during;
};

TEST_CASE("BAR-01: a barrier for less than one party is refused")
{
    test::loop loop;
    CHECK_THROWS_AS(rill::barrier(loop.executor(), 0), std::invalid_argument);
    CHECK_THROWS_AS(rill::barrier(loop.executor(), -3), std::invalid_argument);
    CHECK(rill::barrier(loop.executor(), 1).parties() == 1);
}

TEST_CASE("BAR-03: those who meet have the numbers from 0, in the order in which they came")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 4);
    auto tasks = arrive(loop, barrier, 3);
    CHECK(all_of(tasks) == "... ... ...");
    tasks.push_back(arrive(loop, barrier, 1).front());
    CHECK(all_of(tasks) == "0 1 2 3");
}

TEST_CASE("BAR-03, PRIM-01, PRIM-04: the last to come goes on at once, the others in later turns")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 2);
    const auto first = arrive(loop, barrier, 1);
    loop.run([&]() -> awaitable<void> {
        const std::size_t number = co_await barrier.wait();
        CHECK(number == 1);
        CHECK(all_of(first) == "...");
    });
    CHECK(all_of(first) == "0");
}

TEST_CASE("BAR-03: a barrier for one never keeps anybody waiting")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 1);
    CHECK(all_of(arrive(loop, barrier, 3)) == "0 0 0");
    test::completion<std::size_t> a;
    test::completion<std::size_t> b;
    barrier.async_wait(a.handler());
    barrier.async_wait(b.handler());
    loop.settle();
    CHECK_FALSE(a.error());
    CHECK_FALSE(b.error());
}

TEST_CASE("BAR-04: newcomers wait while a round leaves, and form the next one")
{
    draining d;
    std::vector<rill::task<std::string>> newcomers;
    d.run([&] {
        for (int i = 0; i < 4; ++i)
            newcomers.push_back(d.loop.spawn(test::how(d.barrier.wait())));
        CHECK(d.barrier.statistics().released == 2);
    });
    CHECK(all_of(d.released) == "0 1");
    CHECK(d.last->result() == "2");
    CHECK(all_of(newcomers) == "0 1 2 ...");
    CHECK(d.barrier.n_waiting() == 1);
    d.barrier.reset();
    d.loop.settle();
}

TEST_CASE("BAR-04: a task that comes again before all have left is not counted until they have")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 2);
    std::string log;
    const auto party = [&](char name) -> awaitable<void> {
        for (int round = 0; round < 3; ++round) {
            co_await barrier.wait();
            log += name;
        }
    };
    loop.spawn(party('a'));
    loop.spawn(party('b'));
    loop.settle();
    CHECK(log.size() == 6);
    for (std::size_t round = 0; round < 6; round += 2)
        CHECK(log[round] != log[round + 1]);
}

TEST_CASE("BAR-04: one that runs late holds the next round up, whoever has run before it")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 2);
    asio::io_context elsewhere;
    test::completion<std::size_t> slow;
    asio::co_spawn(
        elsewhere,
        barrier.wait(),
        [&, done = slow.handler()](std::exception_ptr, std::size_t number) { done({}, number); }
    );
    elsewhere.poll();
    const auto fast = arrive(loop, barrier, 1);
    const auto newcomers = arrive(loop, barrier, 3);
    CHECK(all_of(fast) == "1");
    CHECK(all_of(newcomers) == "... ... ...");
    CHECK(barrier.n_waiting() == 0);
    elsewhere.restart();
    elsewhere.poll();
    CHECK(slow.value() == 0);
    loop.settle();
    CHECK(all_of(newcomers) == "0 1 ...");
    barrier.reset();
    loop.settle();
}

TEST_CASE("BAR-05: n_waiting counts while the barrier fills, and is 0 else")
{
    draining d;
    CHECK(d.barrier.n_waiting() == 2);
    d.run([&] {
        CHECK(d.barrier.n_waiting() == 0);
        d.loop.get().call_soon([&] { CHECK(d.barrier.n_waiting() == 0); });
    });
    CHECK(d.barrier.n_waiting() == 0);
    auto next = arrive(d.loop, d.barrier, 1);
    CHECK(d.barrier.n_waiting() == 1);
    d.barrier.abort();
    CHECK(d.barrier.n_waiting() == 0);
    d.loop.settle();
}

TEST_CASE("BAR-06: a cancelled one leaves the count; the barrier is not broken, one more is to come"
)
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 3);
    auto tasks = arrive(loop, barrier, 2);
    tasks[0].cancel();
    CHECK(barrier.n_waiting() == 1);
    loop.settle();
    CHECK_FALSE(barrier.broken());
    tasks.push_back(arrive(loop, barrier, 1).front());
    CHECK(all_of(tasks) == "cancelled ... ...");
    tasks.push_back(arrive(loop, barrier, 1).front());
    CHECK(all_of(tasks) == "cancelled 0 1 2"); // each its own number, all the same
}

TEST_CASE("BAR-06: cancelled in the turn in which the last one comes: before it, or too late")
{
    test::loop loop;
    for (const bool cancel_first : {true, false}) {
        rill::barrier barrier(loop.executor(), 2);
        auto tasks = arrive(loop, barrier, 1);
        test::completion<std::size_t> last;
        if (cancel_first)
            tasks[0].cancel();
        barrier.async_wait(last.handler());
        tasks[0].cancel();
        loop.settle();
        CHECK(last.done() != cancel_first);
        CHECK(all_of(tasks) == (cancel_first ? "cancelled" : "0"));
        barrier.reset();
        loop.settle();
    }
}

TEST_CASE("BAR-06: a cancelled newcomer of a round that leaves is not counted in the next one")
{
    draining d;
    asio::cancellation_signal signal;
    test::completion<std::size_t> gone;
    test::completion<std::size_t> stays;
    d.run([&] {
        d.barrier.async_wait(asio::bind_cancellation_slot(signal.slot(), gone.handler()));
        d.barrier.async_wait(stays.handler());
        CHECK(d.barrier.statistics().blocked == 2);
        signal.emit(asio::cancellation_type::total);
        CHECK(d.barrier.statistics().blocked == 1);
    });
    CHECK(gone.error() == rill::condition::cancelled);
    CHECK(d.barrier.n_waiting() == 1);
    CHECK(all_of(arrive(d.loop, d.barrier, 2)) == "1 2");
    CHECK(stays.value() == 0);
}

TEST_CASE("BAR-08: reset with waiters: they get an error, and the barrier is usable at once")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 3);
    const auto tasks = arrive(loop, barrier, 2);
    barrier.reset();
    CHECK(barrier.n_waiting() == 0);
    CHECK_FALSE(barrier.broken());
    CHECK(all_of(tasks) == "... ..."); // they learn it in a later turn
    CHECK(all_of(arrive(loop, barrier, 3)) == "0 1 2");
    CHECK(all_of(tasks) == broken + " " + broken);
}

TEST_CASE("BAR-08: those whom a reset woke can wait again, in that turn")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 2);
    const auto twice = loop.spawn([&]() -> awaitable<std::string> {
        const auto first = co_await test::how(barrier.wait());
        CHECK(first == broken);
        co_return co_await test::how(barrier.wait());
    });
    loop.settle();
    barrier.reset();
    CHECK(all_of(arrive(loop, barrier, 1)) == "1");
    CHECK(twice.result() == "0");
}

TEST_CASE("BAR-09: reset while a round leaves: it leaves, and newcomers form the next one")
{
    draining d;
    std::vector<rill::task<std::string>> newcomers;
    test::completion<std::size_t> blocked;
    d.run([&] {
        d.barrier.async_wait(blocked.handler());
        d.barrier.reset();
        CHECK(d.barrier.statistics().blocked == 1);
    });
    CHECK(all_of(d.released) == "0 1");
    CHECK(d.last->result() == "2");
    CHECK_FALSE(blocked.done());
    CHECK(all_of(arrive(d.loop, d.barrier, 2)) == "1 2");
    CHECK(blocked.value() == 0);
}

TEST_CASE("BAR-09: reset when half of a round has left: the rest succeeds as well")
{
    draining d;
    test::completion<std::size_t> blocked;
    d.run([] {});
    const auto first = arrive(d.loop, d.barrier, 1);
    const auto resets = d.loop.spawn([&]() -> awaitable<std::string> {
        auto how = co_await test::how(d.barrier.wait());
        CHECK(d.barrier.statistics().released == 1);
        d.barrier.async_wait(blocked.handler());
        d.barrier.reset();
        co_return how;
    });
    test::completion<std::size_t> third;
    d.loop.settle();
    d.barrier.async_wait(third.handler());
    d.loop.step();
    d.loop.settle();
    CHECK(all_of(first) == "0");
    CHECK(resets.result() == "1");
    CHECK(third.value() == 2);
    CHECK(d.barrier.n_waiting() == 1);
    d.barrier.reset();
    d.loop.settle();
    CHECK(blocked.error() == rill::errc::broken);
}

TEST_CASE("BAR-10: abort: those who wait and all who come get an error until reset")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 2);
    const auto waiting = arrive(loop, barrier, 1);
    barrier.abort();
    CHECK(barrier.broken());
    CHECK(all_of(arrive(loop, barrier, 3)) == broken + " " + broken + " " + broken);
    CHECK(all_of(waiting) == broken);
    barrier.reset();
    CHECK_FALSE(barrier.broken());
    CHECK(all_of(arrive(loop, barrier, 2)) == "0 1");
}

TEST_CASE("BAR-10: abort while a round leaves: those released keep their success, newcomers do not")
{
    draining d;
    test::completion<std::size_t> blocked;
    d.run([&] {
        d.barrier.async_wait(blocked.handler());
        d.barrier.abort();
    });
    CHECK(all_of(d.released) == "0 1");
    CHECK(d.last->result() == "2");
    CHECK(blocked.error() == rill::errc::broken);
    d.barrier.reset();
    CHECK(all_of(arrive(d.loop, d.barrier, 3)) == "0 1 2");
}

TEST_CASE("BY-46: a barrier's statistics tell who fills it, who leaves and who waits for that")
{
    draining d;
    d.run([&] {
        d.barrier.async_wait([](rill::error_code, std::size_t) {});
        const auto now = d.barrier.statistics();
        CHECK(now.parties == 3);
        CHECK(now.waiting == 0);
        CHECK(now.released == 2);
        CHECK(now.blocked == 1);
    });
    const auto then = d.barrier.statistics();
    CHECK(then.waiting == 1);
    CHECK(then.released + then.blocked == 0);
    d.barrier.reset();
    d.loop.settle();
}

TEST_CASE("barrier: what waits for it says its name and how many have come")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 3);
    barrier.set_name("start");
    auto t = loop.spawn(barrier.wait());
    const auto other = arrive(loop, barrier, 1);
    t.cancel();
    loop.settle();
    CHECK(
        test::text_of(t.exception()).find("barrier 'start' (2 of 3 have come) at ") !=
        std::string::npos
    );
    barrier.reset();
    loop.settle();
}

TEST_CASE("select: a barrier that was not reached is not counted; one that was gives its number")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 2);
    const auto wait_or_leave = [&]() -> awaitable<std::string> {
        const auto first = co_await rill::select(barrier.wait(), rill::sleep(1s));
        co_return first.index() == 0 ? std::to_string(std::get<0>(first)) : "late";
    };
    CHECK(loop.run(wait_or_leave) == "late");
    CHECK(barrier.n_waiting() == 0);
    const auto t = loop.spawn(wait_or_leave);
    loop.settle();
    CHECK(all_of(arrive(loop, barrier, 1)) == "1");
    CHECK(t.result() == "0");
    CHECK(barrier.statistics().released == 0);
}

TEST_CASE("PRIM-02: a barrier may go when the last has come: those released pass, others end")
{
    test::loop loop;
    auto barrier = std::make_unique<rill::barrier>(loop.executor(), 3);
    const auto released = arrive(loop, *barrier, 2);
    test::completion<std::size_t> last;
    test::completion<std::size_t> blocked;
    barrier->async_wait(last.handler());
    barrier->async_wait(blocked.handler());
    barrier.reset();
    loop.settle();
    CHECK(all_of(released) == "0 1");
    CHECK(last.value() == 2);
    CHECK(blocked.error() == rill::condition::cancelled);
}

TEST_CASE("PRIM-02: a barrier that is destroyed while it fills ends the waits for it")
{
    test::loop loop;
    auto barrier = std::make_unique<rill::barrier>(loop.executor(), 3);
    const auto tasks = arrive(loop, *barrier, 2);
    barrier.reset();
    loop.settle();
    CHECK(all_of(tasks) == "cancelled cancelled");
}

TEST_CASE("PRIM-02: a loop ends with a barrier in the very frame that waits for it")
{
    test::abandoned_loop loop;
    loop.spawn([]() -> awaitable<void> {
        rill::barrier barrier(3);
        const auto other = rill::create_task([&]() -> awaitable<void> { co_await barrier.wait(); });
        co_await barrier.wait();
        FAIL("it went on");
    });
    loop.settle();
}

TEST_CASE("PRIM-02: a loop ends with a round that leaves, and the barrier outlives it")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::barrier barrier(loop->executor(), 2);
    loop->spawn([&]() -> awaitable<void> { co_await barrier.wait(); });
    loop->settle();
    barrier.async_wait([](rill::error_code, std::size_t) { FAIL("it went on"); });
    barrier.async_wait([](rill::error_code, std::size_t) { FAIL("it went on"); });
    loop.reset();
    CHECK(barrier.n_waiting() == 0);
    CHECK(barrier.statistics().released == 0);
}

TEST_CASE("R19: a barrier: all pass or none, and nobody is left in it")
{
    test::at_every_suspension([](test::scenario& s) {
        rill::barrier barrier(s.executor(), 3);
        std::vector<std::size_t> numbers;
        const auto party = [&](rill::duration d) -> awaitable<void> {
            for (int round = 0; round < 2; ++round) {
                co_await rill::sleep(d);
                numbers.push_back(co_await barrier.wait());
            }
        };
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(party(1s));
                g.create_task(party(2s));
                co_await party(1s);
            });
        });
        CHECK(numbers.size() % 3 == 0);
        std::sort(numbers.begin(), numbers.end());
        if (s.completed())
            CHECK(numbers == std::vector<std::size_t>{0, 0, 1, 1, 2, 2});
        CHECK(barrier.n_waiting() == 0);
    });
}

/// Comes to the barrier several times, and gives up at random.
awaitable<void>
wander(rill::barrier& barrier, rill::random_source& random, std::vector<int>& passed)
{
    for (int i = 0; i < 10; ++i) {
        const auto patience = std::chrono::milliseconds(random() % 6);
        if (const auto n = co_await rill::move_on_after(patience, barrier.wait()))
            ++passed.at(*n);
        if (random() % 2 == 0)
            co_await rill::sleep(std::chrono::milliseconds(random() % 3));
    }
}

TEST_CASE("BAR-03, BAR-04: random schedules: each round has each number once")
{
    for (std::uint64_t seed = 0; seed < test::schedules; ++seed) {
        INFO("seed ", seed);
        test::loop loop;
        rill::random_source random(seed);
        const std::size_t parties = 1 + random() % 4;
        rill::barrier barrier(loop.executor(), static_cast<std::ptrdiff_t>(parties));
        std::vector<int> passed(parties);
        std::vector<rill::task<void>> tasks;
        for (int i = 0; i < 7; ++i)
            tasks.push_back(loop.spawn(wander(barrier, random, passed)));
        loop.advance(1s);
        for (const auto& t : tasks)
            CHECK(t.done());
        for (const int n : passed)
            CHECK(n == passed.front());
        CHECK(barrier.n_waiting() == 0);
        CHECK(barrier.statistics().released == 0);
    }
}

} // namespace
