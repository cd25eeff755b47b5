// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/barrier.hpp>
#include <rill/broadcast.hpp>
#include <rill/channel.hpp>
#include <rill/checkpoint.hpp>
#include <rill/condition_variable.hpp>
#include <rill/delay_queue.hpp>
#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/latch.hpp>
#include <rill/mutex.hpp>
#include <rill/queue.hpp>
#include <rill/rate_limiter.hpp>
#include <rill/select.hpp>
#include <rill/semaphore.hpp>
#include <rill/shared_mutex.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/checkpoints.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace {

using rill::awaitable;
using rill::testing::assert_no_checkpoints;
using namespace std::chrono_literals;

/// Calls `wait`, which gives something to await, in a task that was told to stop before: it must
/// end at once, without a turn, and by the cancellation.
template <class Wait>
void in_a_cancelled_task(test::loop& loop, Wait wait)
{
    bool went_on = false;
    bool turned = false;
    bool turned_before_its_end = false;
    const auto body = [&]() -> awaitable<void> {
        rill::current_task()->cancel();
        loop.get().call_soon([&] { turned = true; });
        try {
            static_cast<void>(co_await wait());
            went_on = true;
        } catch (...) {
            turned_before_its_end = turned;
            throw;
        }
    };
    const auto t = loop.spawn(body);
    loop.settle();
    CHECK(t.done());
    CHECK(t.cancelled());
    CHECK_FALSE(went_on);
    CHECK_FALSE(turned_before_its_end);
    CHECK(loop.leftovers().empty());
}

/// Runs `body` as a task, which must end without a turn of the loop.
template <class Body>
void without_a_turn(test::loop& loop, Body body)
{
    const auto t = loop.spawn(assert_no_checkpoints(body));
    loop.settle();
    REQUIRE(t.done());
    CHECK_NOTHROW(t.result());
}

} // namespace

TEST_CASE("BY-20: a sleep, yield or timeout of a cancelled task arms nothing")
{
    test::loop loop;
    in_a_cancelled_task(loop, [] { return rill::sleep(1h); });
    in_a_cancelled_task(loop, [] { return rill::sleep(1h); });
    in_a_cancelled_task(loop, [] { return rill::sleep(0s); });
    in_a_cancelled_task(loop, [] { return rill::yield(); });
    bool begun = false;
    const auto body = [&]() -> awaitable<void> {
        begun = true;
        co_return;
    };
    in_a_cancelled_task(loop, [&] { return rill::timeout(1h, body); });
    CHECK_FALSE(begun);
}

TEST_CASE("BY-20: a cancelled task takes no lock and no permit, free or not")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    rill::shared_mutex shared(loop.executor());
    rill::semaphore semaphore(loop.executor(), 3);
    rill::rate_limiter limiter(loop.executor(), 1, 1s, 2);
    for (const bool free : {true, false}) {
        CAPTURE(free);
        if (!free) {
            REQUIRE(mutex.try_lock());
            REQUIRE(shared.try_lock());
            REQUIRE(semaphore.try_acquire(3));
        }
        in_a_cancelled_task(loop, [&] { return mutex.lock(); });
        in_a_cancelled_task(loop, [&] { return mutex.scoped(); });
        in_a_cancelled_task(loop, [&] { return mutex.lock(); });
        in_a_cancelled_task(loop, [&] { return mutex.scoped(); });
        in_a_cancelled_task(loop, [&] { return shared.lock(); });
        in_a_cancelled_task(loop, [&] { return shared.lock_shared(); });
        in_a_cancelled_task(loop, [&] { return semaphore.acquire(2); });
        in_a_cancelled_task(loop, [&] { return semaphore.scoped(2); });
        in_a_cancelled_task(loop, [&] { return semaphore.acquire(2); });
        CHECK(mutex.locked() == !free);
        CHECK(shared.try_lock_shared() == free);
        CHECK(semaphore.available() == (free ? 3 : 0));
        if (free)
            shared.unlock_shared();
    }
    in_a_cancelled_task(loop, [&] { return limiter.acquire(); });
    in_a_cancelled_task(loop, [&] { return limiter.acquire(); });
    CHECK(limiter.try_acquire(2)); // all that it had
    mutex.unlock();
    shared.unlock();
    semaphore.release(3);
    CHECK(semaphore.available() == 3);
}

TEST_CASE("BY-20: a cancelled task neither puts an item nor takes one")
{
    test::loop loop;
    rill::queue<int> queue(loop.executor(), 1);
    rill::delay_queue<int> delayed(loop.executor(), 1);
    for (const std::size_t stored : {0u, 1u}) {
        CAPTURE(stored);
        if (stored == 1) {
            int item = 7;
            REQUIRE(queue.try_put(item));
            REQUIRE(delayed.try_put(7, 0s));
        }
        in_a_cancelled_task(loop, [&] { return queue.put(1); });
        in_a_cancelled_task(loop, [&] { return queue.put(1); });
        in_a_cancelled_task(loop, [&] { return queue.get(); });
        in_a_cancelled_task(loop, [&] { return queue.get(); });
        in_a_cancelled_task(loop, [&] { return delayed.put(1, 0s); });
        in_a_cancelled_task(loop, [&] { return delayed.get(); });
        in_a_cancelled_task(loop, [&] { return rill::select(queue.get(), rill::sleep(1h)); });
        CHECK(queue.size() == stored);
        CHECK(delayed.size() == stored);
    }
    CHECK(queue.try_get() == 7);
    CHECK(delayed.try_get() == 7);
}

TEST_CASE("BY-20: a cancelled task neither sends nor receives")
{
    test::loop loop;
    for (const std::size_t capacity : {0u, 1u}) {
        CAPTURE(capacity);
        auto [tx, rx] = rill::channel<int>(loop.executor(), capacity);
        in_a_cancelled_task(loop, [&] { return tx.send(1); });
        in_a_cancelled_task(loop, [&] { return tx.send(1); });
        in_a_cancelled_task(loop, [&] { return rx.receive(); });
        in_a_cancelled_task(loop, [&] { return rx.receive(); });
        CHECK_FALSE(rx.try_receive());
        CHECK(tx.try_send(2) == (capacity == 1));
        in_a_cancelled_task(loop, [&] { return rx.receive(); });
        CHECK(rx.try_receive().has_value() == (capacity == 1));
    }
    rill::broadcast<int> news(loop.executor(), 1, rill::lag_policy::backpressure);
    auto reader = news.subscribe();
    in_a_cancelled_task(loop, [&] { return news.send(1); });
    CHECK_FALSE(reader.try_receive());
    REQUIRE(news.try_send(2));
    in_a_cancelled_task(loop, [&] { return reader.receive(); });
    CHECK(reader.try_receive() == 2);
}

TEST_CASE("BY-20: a cancelled task arrives at no barrier and no latch")
{
    test::loop loop;
    rill::barrier barrier(loop.executor(), 2);
    in_a_cancelled_task(loop, [&] { return barrier.wait(); });
    in_a_cancelled_task(loop, [&] { return barrier.wait(); });
    CHECK(barrier.n_waiting() == 0);
    rill::barrier of_one(loop.executor(), 1);
    in_a_cancelled_task(loop, [&] { return of_one.wait(); });
    rill::latch latch(loop.executor(), 2);
    in_a_cancelled_task(loop, [&] { return latch.arrive_and_wait(); });
    in_a_cancelled_task(loop, [&] { return latch.wait(); });
    CHECK(latch.count() == 2);
}

TEST_CASE("BY-20: a cancelled task does not wait for an event, a condition or a future")
{
    test::loop loop;
    rill::event event(loop.executor());
    in_a_cancelled_task(loop, [&] { return event.wait(); });
    in_a_cancelled_task(loop, [&] { return event.wait(); });
    event.set();
    in_a_cancelled_task(loop, [&] { return event.wait(); });
    rill::future<int> answer(loop.executor());
    answer.set_result(4);
    in_a_cancelled_task(loop, [&] { return answer; });
    CHECK(answer.result() == 4);
}

TEST_CASE("BY-20: a cancelled wait for a condition has not given its lock away")
{
    test::loop loop;
    rill::condition_variable condition(loop.executor());
    bool locked = false;
    const auto body = [&]() -> awaitable<void> {
        const auto lock = co_await condition.scoped();
        rill::current_task()->cancel();
        try {
            co_await condition.wait();
        } catch (const rill::system_error&) {
            locked = condition.mutex().locked();
            throw;
        }
    };
    const auto t = loop.spawn(body);
    loop.settle();
    CHECK(t.cancelled());
    CHECK(locked);
    CHECK_FALSE(condition.mutex().locked());
}

TEST_CASE("BY-22: throw_if_cancelled throws where a wait would, and does not wait")
{
    test::loop loop;
    without_a_turn(loop, []() -> awaitable<void> {
        rill::throw_if_cancelled();
        co_return;
    });
    in_a_cancelled_task(loop, [] {
        rill::throw_if_cancelled();
        return rill::yield();
    });
    CHECK_NOTHROW(rill::throw_if_cancelled()); // outside of tasks
}

TEST_CASE("BY-22: shielded_yield lets the others run once, and in their order")
{
    test::loop loop;
    std::string order;
    const auto say = [&order](char c) -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            order += c;
            co_await rill::shielded_yield();
        }
    };
    loop.spawn(say('a'));
    loop.spawn(say('b'));
    loop.settle();
    CHECK(order == "ababab");
}

TEST_CASE("BY-22: shielded_yield is not cancelled, and what is due shows at the next wait")
{
    test::loop loop;
    std::string log;
    const auto body = [&]() -> awaitable<void> {
        auto self = *rill::current_task();
        loop.get().call_soon([&] { log += "turn "; });
        self.cancel();
        co_await rill::shielded_yield();
        log += "yielded ";
        loop.get().call_soon([self]() mutable { self.cancel(); });
        co_await rill::shielded_yield(); // a second request, while it waits
        log += "again ";
        CHECK_THROWS_AS(rill::throw_if_cancelled(), rill::system_error);
        co_await rill::yield();
        log += "BAD";
    };
    const auto t = loop.spawn(body);
    loop.settle();
    CHECK(log == "turn yielded again ");
    CHECK(t.cancelled());
}

TEST_CASE("BY-22: a timeout that expires during a shielded_yield is thrown after it")
{
    test::loop loop;
    bool yielded = false;
    const auto t = loop.spawn([&]() -> awaitable<void> {
        const auto body = [&](rill::timeout_scope& scope) -> awaitable<void> {
            scope.reschedule(loop.now());
            while (!scope.expired())
                co_await rill::shielded_yield();
            yielded = true;
            co_await rill::yield();
            FAIL("it goes on");
        };
        co_await rill::timeout(1h, body);
    });
    loop.advance(1s);
    REQUIRE(t.done());
    CHECK(yielded);
    CHECK_THROWS_AS(t.result(), rill::timeout_error);
}

TEST_CASE("BY-22: in a coroutine that is no task shielded_yield is a yield")
{
    test::loop loop;
    std::string order;
    const auto plain = [&]() -> awaitable<void> {
        loop.get().call_soon([&] { order += "callback "; });
        co_await rill::shielded_yield();
        order += "plain";
    };
    rill::asio::co_spawn(loop.context(), plain, rill::asio::detached);
    loop.settle();
    CHECK(order == "callback plain");
}

TEST_CASE("BY-23: what is free, set, stored or has room is had without a turn")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    rill::shared_mutex shared(loop.executor());
    rill::semaphore semaphore(loop.executor(), 2);
    rill::event event(loop.executor());
    rill::latch latch(loop.executor(), 1);
    rill::queue<int> queue(loop.executor(), 2);
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    auto& sender = tx;
    auto& receiver = rx;
    event.set();
    without_a_turn(loop, [&]() -> awaitable<void> {
        const auto lock = co_await mutex.scoped();
        const auto reading = co_await shared.scoped_shared();
        const auto permit = co_await semaphore.scoped(2);
        co_await event.wait();
        co_await latch.arrive_and_wait();
        co_await latch.wait();
        co_await queue.put(1);
        CHECK(co_await queue.get() == 1);
        co_await sender.send(2);
        CHECK(co_await receiver.receive() == 2);
    });
}

TEST_CASE("BY-23: so is what has ended, and a body whose limits are not needed")
{
    test::loop loop;
    rill::future<int> answer(loop.executor());
    answer.set_result(4);
    const auto done = loop.spawn([]() -> awaitable<int> { co_return 5; });
    loop.settle();
    rill::barrier of_one(loop.executor(), 1);
    without_a_turn(loop, [&]() -> awaitable<void> {
        CHECK(co_await answer == 4);
        CHECK(co_await done == 5);
        co_await of_one.wait();
        const auto body = []() -> awaitable<void> { co_return; };
        co_await rill::timeout(1h, body);
    });
}

TEST_CASE("BY-23: whoever wants the others to run meanwhile yields")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    bool turned = false;
    const auto t = loop.spawn([&]() -> awaitable<void> {
        loop.get().call_soon([&] { turned = true; });
        for (int i = 0; i < 1000; ++i)
            const auto lock = co_await mutex.scoped();
        CHECK_FALSE(turned);
        co_await rill::yield();
        CHECK(turned);
    });
    loop.settle();
    CHECK(t.done());
}

TEST_CASE("BY-24 (as asyncio): a group without running children ends without a turn")
{
    test::loop loop;
    without_a_turn(loop, []() -> awaitable<void> {
        const auto nobody = [](rill::task_group&) -> awaitable<void> { co_return; };
        co_await rill::with_task_group(nobody);
    });
    in_a_cancelled_task(loop, [] {
        return rill::with_task_group([](rill::task_group&) -> awaitable<void> { co_return; });
    });
}
