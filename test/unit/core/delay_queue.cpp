// SPDX-License-Identifier: BSL-1.0
#include <support/aborted.hpp>
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/delay_queue.hpp>
#include <rill/random.hpp>
#include <rill/select.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using rill::awaitable;
using test::how;
using namespace std::chrono_literals;

constexpr const char* shut_down = "the queue is shut down [rill:1]";

bool timers_armed(rill::testing::loop& loop)
{
    return !rill::detail::loop_core::of(loop.context()).timers().empty();
}

awaitable<std::vector<int>> get_some(rill::delay_queue<int>& q, std::size_t n)
{
    std::vector<int> values;
    while (values.size() < n)
        values.push_back(co_await q.get());
    co_return values;
}

TEST_CASE("delay_queue: an item comes out once it is due, and not before")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    CHECK(q.try_put(1, 10s));
    CHECK(q.next_due() == loop.now() + 10s);
    const auto getter = loop.spawn(q.get());
    loop.advance(10s - 1ns);
    CHECK_FALSE(getter.done());
    CHECK_FALSE(q.try_get());
    CHECK(q.size() == 1);
    loop.advance(1ns);
    CHECK(getter.result() == 1);
    CHECK(q.empty());
    CHECK(q.next_due() == rill::never);
}

TEST_CASE("delay_queue: the item that was due first comes first, equal ones as they were put")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    const auto begin = loop.now();
    loop.run([&]() -> awaitable<void> {
        co_await q.put(4, 3s);
        co_await q.put_at(1, begin + 1s);
        co_await q.put(5, 3s);
        co_await q.put_at(2, begin + 2s);
        co_await q.put(3, 2s);
    });
    loop.advance(1h);
    CHECK(loop.run(get_some(q, 5)) == std::vector{1, 2, 3, 4, 5});
}

TEST_CASE("delay_queue: what is due already comes out at once, without suspending")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    loop.advance(1h);
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback"; });
        co_await q.put(2, -1s);
        co_await q.put(3, 0s);
        co_await q.put_at(1, rill::this_loop().time() - 1min);
        for (int i = 0; i < 3; ++i)
            order += std::to_string(co_await q.get());
        co_await rill::yield();
    });
    CHECK(order == "123callback");
}

TEST_CASE("delay_queue: an item that is put later and due earlier shortens the wait")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    const auto first = loop.spawn(q.get());
    const auto second = loop.spawn(q.get());
    loop.settle();
    CHECK_FALSE(timers_armed(loop));
    CHECK(q.try_put(2, 1h));
    CHECK(q.try_put(1, 1s));
    CHECK(q.try_put(3, 2h));
    loop.advance(1s);
    CHECK(first.result() == 1);
    CHECK_FALSE(second.done());
    loop.advance(1h);
    CHECK(second.result() == 2);
    CHECK_FALSE(timers_armed(loop)); // nobody waits for the third
}

TEST_CASE("delay_queue: a put of something due goes straight to the first who waits")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    const auto getter = loop.spawn(q.get());
    loop.settle();
    CHECK(q.try_put(1, 0s));
    CHECK_FALSE(getter.done());
    CHECK(q.statistics().promised == 1);
    CHECK_FALSE(q.try_get());
    loop.settle();
    CHECK(getter.result() == 1);
}

TEST_CASE("delay_queue: one timer is armed, for the earliest item, while somebody waits")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    auto& timers = rill::detail::loop_core::of(loop.context()).timers();
    for (int i = 1; i < 5; ++i)
        CHECK(q.try_put(i, std::chrono::hours(i)));
    CHECK(timers.empty());
    auto a = loop.spawn(q.get());
    auto b = loop.spawn(q.get());
    loop.settle();
    CHECK(timers.size() == 1);
    CHECK(timers.next() == loop.now() + 1h);
    CHECK(q.try_put(0, 1s));
    CHECK(timers.size() == 1);
    CHECK(timers.next() == loop.now() + 1s);
    a.cancel();
    CHECK(timers.size() == 1);
    b.cancel();
    CHECK(timers.empty());
    loop.settle();
    CHECK(a.cancelled());
    CHECK(q.size() == 5);
}

TEST_CASE("delay_queue: an item that is never due never comes out, and arms no timer")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    CHECK(q.try_put_at(1, rill::never));
    CHECK(q.try_put(2, rill::forever));
    auto getter = loop.spawn(q.get());
    loop.advance(10'000h);
    CHECK_FALSE(getter.done());
    CHECK_FALSE(timers_armed(loop));
    getter.cancel();
    loop.settle();
    CHECK(q.size() == 2);
}

TEST_CASE("delay_queue: full, put waits for room; its delay counts from the moment of the put")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor(), 1);
    CHECK(q.try_put(1, 10s));
    CHECK(q.full());
    int kept = 9;
    CHECK_FALSE(q.try_put(std::move(kept), 0s));
    const auto soon = loop.spawn(q.put(2, 5s));
    const auto late = loop.spawn(q.put(3, 12s));
    loop.settle();
    CHECK(q.statistics().putters == 2);
    const auto begin = loop.now();
    const auto getters = loop.spawn(get_some(q, 3));
    loop.advance(10s);
    CHECK(soon.done());
    CHECK(late.done()); // 2 was due when it came in, so it went out at once
    loop.advance(2s);
    CHECK(getters.result() == std::vector{1, 2, 3});
    CHECK(loop.now() == begin + 12s);
}

TEST_CASE("delay_queue: those who wait to put are served in their order, newcomers after them")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor(), 1);
    CHECK(q.capacity() == 1);
    CHECK(q.try_put(0, 0s));
    for (int i = 1; i < 4; ++i)
        loop.spawn(q.put(i, 0s));
    loop.settle();
    for (int i = 0; i < 4; ++i) {
        CHECK(q.try_get() == i);
        CHECK(q.try_put(9, 0s) == (i == 3));
    }
    loop.settle();
}

/// Calls a function the moment its time has come, between the loop's other timers.
class at_once : public rill::detail::timer_node {
public:
    at_once(test::loop& loop, rill::time_point when, std::function<void()> f)
        : timer_node([](timer_node& node) { static_cast<at_once&>(node).f_(); })
        , f_(std::move(f))
    {
        rill::detail::loop_core::of(loop.context()).arm(*this, when);
    }

private:
    std::function<void()> f_;
};

TEST_CASE("delay_queue: getters are served in their order, and a newcomer takes nothing from them")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    std::optional<int> newcomer;
    const at_once before(loop, loop.now() + 1s, [&] { newcomer = q.try_get(); });
    std::vector<rill::task<int>> getters;
    for (int i = 0; i < 2; ++i)
        getters.push_back(loop.spawn(q.get()));
    loop.settle();
    for (int i = 0; i < 3; ++i)
        CHECK(q.try_put(i, 1s)); // the queue's timer fires after the other one
    loop.advance(1s);
    CHECK(getters[0].result() == 0);
    CHECK(getters[1].result() == 1);
    CHECK(newcomer == 2);
}

TEST_CASE("delay_queue: a getter that comes when items are due stands behind those who wait")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    test::completion<int> newcomer;
    const at_once before(loop, loop.now() + 1s, [&] { q.async_get(newcomer.handler()); });
    const auto getter = loop.spawn(q.get());
    loop.settle();
    CHECK(q.try_put(1, 1s));
    CHECK(q.try_put(2, 2s));
    loop.advance(1s);
    CHECK(getter.result() == 1);
    CHECK_FALSE(newcomer.done());
    loop.advance(1s);
    CHECK(newcomer.value() == 2);
}

TEST_CASE("delay_queue: an item handed over before the cancel is delivered")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    auto getter = loop.spawn(q.get());
    loop.settle();
    CHECK(q.try_put(1, 1s));
    loop.get().call_later(1s, [&] { getter.cancel(); }); // after the queue's timer, which is older
    loop.advance(1s);
    CHECK(getter.result() == 1);
}

TEST_CASE("delay_queue: a get that is cancelled first leaves the item for others")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    auto first = loop.spawn(q.get());
    const auto second = loop.spawn(q.get());
    loop.settle();
    CHECK(q.try_put(2, 1s));
    first.cancel();
    CHECK(q.try_put(1, 0s));
    loop.settle();
    CHECK(first.cancelled());
    CHECK(second.result() == 1);
    CHECK(q.size() == 1);
}

TEST_CASE("delay_queue: a cancelled put leaves the line, and its value is not stored")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor(), 1);
    CHECK(q.try_put(1, 0s));
    auto stored = loop.spawn(how(q.put(2, 0s)));
    auto cancelled = loop.spawn(how(q.put(3, 0s)));
    const auto third = loop.spawn(how(q.put(4, 0s)));
    loop.settle();
    CHECK(q.try_get() == 1);
    stored.cancel();
    cancelled.cancel();
    CHECK(loop.run(get_some(q, 2)) == std::vector{2, 4});
    CHECK(stored.result() == "done");
    CHECK(cancelled.result() == "cancelled");
    CHECK(third.result() == "done");
}

TEST_CASE("delay_queue: handlers are called on a later turn, and a slot cancels")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    test::completion<> put;
    test::completion<> put_at;
    test::completion<int> got;
    test::completion<int> cancelled;
    rill::asio::cancellation_signal signal;
    q.async_get(got.handler());
    q.async_get(rill::asio::bind_cancellation_slot(signal.slot(), cancelled.handler()));
    q.async_put(1, 2s, put.handler());
    q.async_put_at(2, loop.now() + 1s, put_at.handler());
    CHECK_FALSE(put.done());
    loop.settle();
    CHECK(put.calls() == 1);
    CHECK(put_at.calls() == 1);
    signal.emit(rill::asio::cancellation_type::total);
    loop.advance(1s);
    CHECK(got.value() == 2);
    CHECK(cancelled.error() == rill::condition::cancelled);
    CHECK(q.size() == 1);
}

TEST_CASE("delay_queue: select takes an item that is due in time, and else leaves it")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    CHECK(q.try_put(1, 1s));
    CHECK(q.try_put(2, 1h));
    const auto indices = loop.spawn([&]() -> awaitable<std::size_t> {
        auto first = co_await rill::select(q.get(), rill::sleep(1min));
        auto second = co_await rill::select(q.get(), rill::sleep(1min));
        co_return first.index() * 10 + second.index();
    });
    loop.advance(2min);
    CHECK(indices.result() == 1);
    CHECK(q.size() == 1);
    CHECK_FALSE(timers_armed(loop));
}

TEST_CASE("delay_queue: an operation that is prepared counts its delay from its start")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    loop.run([&]() -> awaitable<void> {
        auto operation = q.put(1, 1s);
        awaitable<void> coroutine = q.put(2, 1s);
        co_await rill::sleep(1min);
        co_await std::move(operation);
        co_await rill::sleep(1ms);
        co_await std::move(coroutine);
        CHECK(q.next_due() == rill::this_loop().time() + 1s - 1ms);
        CHECK(co_await q.get() == 1);
        CHECK(q.next_due() == rill::this_loop().time() + 1ms);
    });
}

TEST_CASE("delay_queue: after shutdown, what is stored comes out when due, and then get fails")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor(), 2);
    CHECK(q.try_put(1, 1s));
    CHECK(q.try_put(2, 2s));
    const auto getters = loop.spawn(get_some(q, 2));
    const auto one_more = loop.spawn(how(q.get()));
    const auto putter = loop.spawn(how(q.put(3, 0s)));
    loop.settle();
    q.shutdown();
    CHECK(q.is_shut_down());
    loop.settle();
    CHECK(putter.result() == shut_down);
    CHECK_FALSE(q.try_put(4, 0s));
    CHECK_FALSE(one_more.done());
    loop.advance(1s); // one_more stands between the two gets of get_some
    CHECK_FALSE(getters.done());
    loop.advance(1s);
    CHECK(one_more.result() == "2");
    CHECK(test::text_of(getters.exception()) == shut_down);
    CHECK(loop.run(how(q.get())) == shut_down);
    CHECK(loop.run(how(q.put(5, 0s))) == shut_down);
}

TEST_CASE("delay_queue: those who wait for more than was stored at shutdown end once it is empty")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    CHECK(q.try_put(1, 1s));
    auto first = loop.spawn(how(q.get()));
    const auto second = loop.spawn(how(q.get()));
    const auto third = loop.spawn(how(q.get()));
    loop.settle();
    q.shutdown();
    first.cancel();
    loop.advance(1s);
    CHECK(first.result() == "cancelled");
    CHECK(second.result() == "1");
    CHECK(third.result() == shut_down);
}

TEST_CASE("delay_queue: an immediate shutdown drops what is stored, and ends all waits at once")
{
    test::loop loop;
    rill::delay_queue<std::shared_ptr<int>> q(loop.executor());
    const auto item = std::make_shared<int>(1);
    CHECK(q.try_put(item, 1s));
    test::completion<std::shared_ptr<int>> getter;
    q.async_get(getter.handler());
    CHECK(timers_armed(loop));
    q.shutdown(true);
    q.shutdown(); // may be repeated
    CHECK_FALSE(timers_armed(loop));
    CHECK(item.use_count() == 1);
    loop.settle();
    CHECK(getter.error() == rill::errc::shut_down);
    CHECK_FALSE(getter.value());
}

TEST_CASE("delay_queue: shut down while it is empty, those who wait to get end at once")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor());
    const auto getter = loop.spawn(how(q.get()));
    loop.settle();
    q.shutdown();
    loop.settle();
    CHECK(getter.result() == shut_down);
}

TEST_CASE("delay_queue: items need be neither copyable nor default-constructible")
{
    struct item {
        explicit item(std::unique_ptr<int> v)
            : value(std::move(v))
        {}

        std::unique_ptr<int> value;
    };
    test::loop loop;
    rill::delay_queue<item> q(loop.executor(), 1);
    const auto producer = loop.spawn([&]() -> awaitable<void> {
        for (int i = 0; i < 3; ++i)
            co_await q.put(item(std::make_unique<int>(i)), 1s);
    });
    const int sum = loop.run([&]() -> awaitable<int> {
        int s = 0;
        for (int i = 0; i < 3; ++i) {
            const item got = co_await q.get();
            s += *got.value;
        }
        co_return s;
    });
    CHECK(sum == 3);
}

TEST_CASE("delay_queue: it tells by its name what is waited for")
{
    test::loop loop;
    rill::delay_queue<int> q(loop.executor(), 1);
    q.set_name("retries");
    CHECK(q.try_put(1, 90s));
    const auto why = [](awaitable<void> body) -> awaitable<std::string> {
        try {
            co_await rill::timeout(30s, std::move(body));
        } catch (const rill::timeout_error& e) {
            co_return e.what();
        }
        co_return "";
    };
    const auto get = [&]() -> awaitable<void> { co_await q.get(); };
    const std::string got = loop.run(why(get()));
    CHECK(
        got.find("a due item of delay queue 'retries' (1 stored, the next due in 60s)") !=
        std::string::npos
    );
    const std::string put = loop.run(why(q.put(2, 0s)));
    CHECK(put.find("room in delay queue 'retries' (1 stored") != std::string::npos);
}

TEST_CASE("delay_queue: destroyed while tasks wait, their waits end with operation_aborted")
{
    test::loop loop;
    auto q = std::make_unique<rill::delay_queue<int>>(loop.executor(), 1);
    CHECK(q->try_put(1, 1h));
    const auto both =
        loop.spawn([&]() -> awaitable<void> { co_await rill::select(q->get(), q->get()); });
    auto getter = loop.spawn(q->get());
    const auto putter = loop.spawn(q->put(2, 0s));
    loop.settle();
    q.reset();
    CHECK_FALSE(timers_armed(loop));
    getter.cancel(); // asks what it waits for
    loop.settle();
    CHECK(getter.cancelled());
    CHECK(test::was_aborted(both));
    CHECK(test::was_aborted(putter));
}

TEST_CASE("delay_queue: destroyed after a hand-over, the item is delivered")
{
    test::loop loop;
    auto q = std::make_unique<rill::delay_queue<int>>(loop.executor());
    const auto getter = loop.spawn(q->get());
    loop.settle();
    CHECK(q->try_put(1, 0s));
    q.reset();
    loop.settle();
    CHECK(getter.result() == 1);
}

TEST_CASE("PRIM-02: a loop ends with tasks and callbacks that wait for a delay queue outliving it")
{
    using item = std::shared_ptr<int>;
    const auto held = std::make_shared<int>(1);
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::delay_queue<item> q(loop->executor(), 1);
    CHECK(q.try_put(held, 1h));
    q.async_get([held](rill::error_code, item) { FAIL("called"); });
    q.async_put(held, 0s, [held](rill::error_code) { FAIL("called"); });
    loop->spawn([](rill::delay_queue<item>& from) -> awaitable<void> {
        co_await from.get();
        FAIL("it went on");
    }(q));
    loop->settle();
    CHECK(timers_armed(*loop));
    CHECK(held.use_count() == 5);
    loop.reset();
    CHECK(held.use_count() == 2); // what is stored
    CHECK(q.statistics().getters + q.statistics().putters == 0);
    CHECK_FALSE(q.try_put(held, 0s));
    q.shutdown(true);
    CHECK(held.use_count() == 1);
}

TEST_CASE("PRIM-02: a delay queue whose loop is gone takes and gives by the usual clock")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::delay_queue<int> q(loop->executor());
    loop.reset();
    CHECK(q.try_put(1, 0s));
    CHECK(q.try_put(2, 1h));
    CHECK(q.try_get() == 1);
    CHECK_FALSE(q.try_get());
    CHECK(q.next_due() > rill::clock::now());
}

TEST_CASE("PRIM-02: a loop ends with a delay queue in the very frame that waits for it")
{
    const auto held = std::make_shared<int>(1);
    {
        test::abandoned_loop loop;
        loop.spawn([&]() -> awaitable<void> {
            rill::delay_queue<std::shared_ptr<int>> q(2);
            CHECK(q.try_put(held, 1h));
            rill::create_task(q.put(held, 1s));
            rill::create_task(q.put(held, 0s));
            co_await rill::select(q.get(), q.get(), rill::sleep(2h));
            co_await q.get();
        });
        loop.settle();
        CHECK(held.use_count() > 1);
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("R19: delay queues: what was put is what was got and what is left")
{
    test::at_every_suspension([](test::scenario& s) {
        rill::delay_queue<int> q(s.executor(), 2);
        int put = 0;
        int got = 0;
        const auto produce = [&](int first) -> awaitable<void> {
            for (int i = first; i < first + 3; ++i) {
                co_await q.put(i, std::chrono::seconds(i % 4));
                put += i;
            }
        };
        const auto consume = [&](int n) -> awaitable<void> {
            for (int i = 0; i < n; ++i)
                got += co_await q.get();
        };
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(produce(1));
                g.create_task(consume(3));
                g.create_task(produce(10));
                int mine = 0;
                const auto one = [&]() -> awaitable<void> {
                    co_await consume(1);
                    ++mine;
                };
                while (mine < 3)
                    co_await rill::move_on_after(700ms, one);
            });
        });
        CHECK_FALSE(timers_armed(s.loop()));
        CHECK(q.statistics().getters + q.statistics().putters == 0);
        int left = 0;
        s.loop().advance(1min);
        while (auto i = q.try_get())
            left += *i;
        CHECK(put == got + left);
        if (s.completed())
            CHECK(got == 1 + 2 + 3 + 10 + 11 + 12);
    });
}

/// A delay queue that several tasks use at random: they time out and are cancelled.
class random_use {
public:
    explicit random_use(std::uint64_t seed)
        : random_(seed)
        , queue_(loop_.executor(), below(4))
    {}

    void run()
    {
        for (int i = 0; i < 3; ++i) {
            tasks_.push_back(loop_.spawn(produce(i)));
            tasks_.push_back(loop_.spawn(consume()));
        }
        for (int i = 0; i < 40; ++i) {
            loop_.advance(1ms);
            if (below(10) == 0)
                tasks_[below(tasks_.size())].cancel();
        }
        for (auto& t : tasks_)
            t.cancel();
        loop_.settle();
        CHECK_FALSE(timers_armed(loop_));
        loop_.advance(1s);
        while (auto i = queue_.try_get())
            take(*i);
    }

    void check()
    {
        CHECK(in_time_);
        std::sort(put_.begin(), put_.end());
        std::sort(got_.begin(), got_.end());
        CHECK(put_ == got_);
    }

    std::size_t items() const { return got_.size(); }

private:
    struct item {
        int number;
        rill::time_point due;
    };

    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

    std::chrono::milliseconds some_time() { return std::chrono::milliseconds(below(5)); }

    awaitable<void> put(item i)
    {
        co_await queue_.put_at(i, i.due);
        put_.push_back(i.number);
    }

    awaitable<void> produce(int who)
    {
        for (int n = 0; n < 8; ++n) {
            const item i{who * 100 + n, loop_.now() + some_time()};
            const std::size_t way = below(3);
            if (way == 0)
                co_await rill::move_on_after(some_time(), put(i));
            else if (way == 1 && queue_.try_put_at(i, i.due))
                put_.push_back(i.number);
            else
                co_await put(i);
            if (below(2) == 0)
                co_await rill::sleep(some_time());
        }
    }

    void take(item i)
    {
        in_time_ = in_time_ && i.due <= loop_.now();
        got_.push_back(i.number);
    }

    awaitable<void> get() { take(co_await queue_.get()); }

    awaitable<void> consume()
    {
        for (;;) {
            const std::size_t way = below(3);
            if (way == 0)
                co_await rill::move_on_after(some_time(), get());
            else if (way == 1)
                co_await get();
            else {
                if (const auto i = queue_.try_get())
                    take(*i);
                co_await rill::sleep(some_time());
            }
        }
    }

    test::loop loop_;
    rill::random_source random_;
    rill::delay_queue<item> queue_;
    std::vector<rill::task<void>> tasks_;
    std::vector<int> put_;
    std::vector<int> got_;
    bool in_time_ = true;
};

TEST_CASE("R20: delay_queue: used at random, each item is got once, and not before it is due")
{
    std::size_t items = 0;
    for (std::uint64_t seed = 0; seed < test::schedules; ++seed) {
        CAPTURE(seed);
        random_use use(seed);
        use.run();
        use.check();
        items += use.items();
    }
    CHECK(items > 10 * test::schedules);
}

} // namespace
