// SPDX-License-Identifier: BSL-1.0
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>

#include <rill/broadcast.hpp>
#include <rill/cancel_scope.hpp>
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
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using rill::awaitable;
using rill::lag_policy;
using test::how;
using namespace std::chrono_literals;

constexpr const char* closed = "it is closed [rill:2]";
constexpr const char* lagged = "the subscriber was too slow, and missed items [rill:4]";

template <class T>
concept can_be_broadcast = requires { typename rill::broadcast<T>; };
static_assert(can_be_broadcast<std::string>);
static_assert(!can_be_broadcast<std::unique_ptr<int>>);

awaitable<void> send_all(rill::broadcast<int>& b, std::vector<int> values)
{
    for (const int v : values)
        co_await b.send(v);
}

/// What a receive gives, in words.
awaitable<std::string> one_of(rill::subscription<int>& s)
{
    try {
        const std::optional<int> v = co_await s.receive();
        co_return v ? std::to_string(*v) : "end";
    } catch (const rill::system_error& e) {
        co_return e.what();
    }
}

/// What try_receive() gives until there is nothing more.
std::vector<int> drain(rill::subscription<int>& s)
{
    std::vector<int> values;
    while (auto v = s.try_receive())
        values.push_back(*v);
    return values;
}

TEST_CASE("broadcast: every subscriber gets every item, in order, from its subscribe() on")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 8);
    auto first = b.subscribe();
    CHECK(b.try_send(1));
    auto second = b.subscribe();
    CHECK(b.try_send(2));
    CHECK(b.try_send(3));
    CHECK(drain(second) == std::vector{2, 3});
    CHECK(loop.run(one_of(first)) == "1");
    CHECK(drain(first) == std::vector{2, 3});
    CHECK(b.statistics().stored == 0);
}

TEST_CASE("broadcast: receive waits for an item, and all who wait have it on a later turn")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 1);
    auto s = b.subscribe();
    auto t = b.subscribe();
    const auto one = loop.spawn(one_of(s));
    test::completion<std::optional<int>> two;
    t.async_receive(two.handler());
    loop.settle();
    CHECK(b.try_send(7));
    CHECK_FALSE(one.done());
    CHECK_FALSE(two.done());
    CHECK(s.statistics().promised == 1);
    CHECK(b.statistics().stored == 0);
    loop.settle();
    CHECK(one.result() == "7");
    CHECK(two.value() == 7);
}

TEST_CASE("broadcast: those who wait are woken in the order in which they began to wait")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 2);
    std::deque<rill::subscription<int>> subscriptions;
    for (int i = 0; i < 3; ++i)
        subscriptions.push_back(b.subscribe());
    std::string log;
    const auto receive = [&](std::size_t i) -> awaitable<void> {
        auto& mine = subscriptions[i];
        for (int n = 0; n < 2; ++n) {
            const auto v = co_await mine.receive();
            log += std::to_string(i) + std::to_string(v.value()) + " ";
        }
    };
    for (const std::size_t i : {2u, 0u, 1u})
        loop.spawn(rill::bind_coroutine(receive, i));
    loop.settle();
    CHECK(b.try_send(1));
    loop.settle();
    CHECK(b.try_send(2));
    loop.settle();
    CHECK(log == "21 01 11 22 02 12 ");
}

TEST_CASE("broadcast: whoever is cancelled and waits again stands behind the others")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 2);
    auto s = b.subscribe();
    auto t = b.subscribe();
    std::string log;
    const auto receive = [&](rill::subscription<int>& from, std::string name) -> awaitable<void> {
        co_await from.receive();
        log += name;
    };
    auto first = loop.spawn(receive(s, "s"));
    loop.spawn(receive(t, "t"));
    loop.settle();
    first.cancel();
    loop.spawn(receive(s, "s again"));
    loop.settle();
    CHECK(b.try_send(1));
    loop.settle();
    CHECK(log == "ts again");
}

TEST_CASE("broadcast: several waits on one subscription get an item each, in their order")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 2);
    auto s = b.subscribe();
    auto other = b.subscribe();
    const auto first = loop.spawn(one_of(s));
    const auto second = loop.spawn(one_of(s));
    const auto beside = loop.spawn(one_of(other));
    loop.settle();
    CHECK(b.try_send(1));
    loop.settle();
    CHECK(first.result() == "1");
    CHECK(beside.result() == "1");
    CHECK_FALSE(second.done());
    CHECK(b.statistics().receivers_waiting == 1);
    CHECK(b.try_send(2));
    loop.settle();
    CHECK(second.result() == "2");
}

TEST_CASE("broadcast: a slow subscriber is told once that it missed items, and how many")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 2);
    auto slow = b.subscribe();
    for (int i = 1; i <= 5; ++i)
        CHECK(b.try_send(i));
    CHECK(slow.statistics().missed == 3);
    CHECK(slow.missed() == 0);
    CHECK(loop.run(one_of(slow)) == lagged);
    CHECK(slow.missed() == 3);
    CHECK(loop.run(one_of(slow)) == "4");
    for (int i = 6; i <= 9; ++i)
        CHECK(b.try_send(i));
    CHECK_THROWS_WITH_AS(slow.try_receive(), lagged, rill::system_error);
    CHECK(slow.missed() == 3); // 5, 6, 7
    CHECK(slow.statistics().missed == 6);
    CHECK(drain(slow) == std::vector{8, 9});
}

TEST_CASE("broadcast: a lag reaches handlers and select as an error code")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 1);
    auto s = b.subscribe();
    auto t = b.subscribe();
    CHECK(b.try_send(1));
    CHECK(b.try_send(2));
    test::completion<std::optional<int>> told;
    s.async_receive(told.handler());
    loop.settle();
    CHECK(told.error() == rill::errc::lagged);
    CHECK_FALSE(told.value());
    const auto chosen = loop.spawn(how([](rill::subscription<int>& from) -> awaitable<int> {
        auto first = co_await rill::select(from.receive(), rill::sleep(1s));
        co_return std::get<0>(first).value();
    }(t)));
    loop.settle();
    CHECK(chosen.result() == lagged);
    CHECK(drain(s) == std::vector{2});
    CHECK(drain(t) == std::vector{2});
}

TEST_CASE("broadcast: those who keep up miss nothing for the sake of those who do not")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 2);
    auto slow = b.subscribe();
    auto fast = b.subscribe();
    for (int i = 1; i <= 4; ++i) {
        CHECK(b.try_send(i));
        CHECK(fast.try_receive() == i);
    }
    CHECK(fast.statistics().missed == 0);
    CHECK(slow.statistics().missed == 2);
    CHECK(b.statistics().stored == 2);
    slow.close();
    CHECK(b.statistics().stored == 0);
}

TEST_CASE("broadcast: with backpressure, send waits until the slowest has taken the oldest item")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 2, lag_policy::backpressure);
    auto slow = b.subscribe();
    auto fast = b.subscribe();
    const auto sender = loop.spawn(send_all(b, {1, 2, 3}));
    loop.settle();
    CHECK(drain(fast) == std::vector{1, 2});
    int kept = 4;
    CHECK_FALSE(b.try_send(std::move(kept)));
    CHECK_FALSE(sender.done());
    CHECK(b.statistics().senders_waiting == 1);
    CHECK(slow.try_receive() == 1);
    loop.settle();
    CHECK(sender.done());
    CHECK(drain(slow) == std::vector{2, 3});
    CHECK(drain(fast) == std::vector{3});
}

TEST_CASE("broadcast: senders that wait for room are served in their order, newcomers after them")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 1, lag_policy::backpressure);
    auto s = b.subscribe();
    for (int i = 1; i <= 3; ++i)
        loop.spawn(b.send(i));
    loop.settle();
    CHECK(s.try_receive() == 1);
    CHECK_FALSE(b.try_send(9));
    CHECK(drain(s) == std::vector{2, 3});
    CHECK(b.try_send(9));
    CHECK(drain(s) == std::vector{9});
    loop.settle();
}

TEST_CASE("broadcast: a subscription that ends makes room for senders that wait")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 1, lag_policy::backpressure);
    auto fast = b.subscribe();
    std::optional<rill::subscription<int>> slow(b.subscribe());
    const auto sender = loop.spawn(send_all(b, {1, 2, 3}));
    loop.settle();
    CHECK(drain(fast) == std::vector{1});
    slow.reset();
    CHECK(drain(fast) == std::vector{2});
    fast.close();
    loop.settle();
    CHECK(sender.done());
    CHECK(b.statistics().stored == 0);
    CHECK(b.statistics().subscribers == 0);
}

TEST_CASE("broadcast: without a subscriber items are dropped, and no send waits")
{
    for (const auto policy : {lag_policy::drop_oldest, lag_policy::backpressure}) {
        test::loop loop;
        rill::broadcast<std::shared_ptr<int>> b(loop.executor(), 1, policy);
        const auto item = std::make_shared<int>(1);
        for (int i = 0; i < 3; ++i) {
            CHECK(b.try_send(item));
            loop.run(b.send(item));
        }
        CHECK(item.use_count() == 1);
        auto late = b.subscribe();
        CHECK_FALSE(late.try_receive());
    }
}

TEST_CASE("broadcast: an item is stored once and gone once all have it; the last gets it unmoved")
{
    test::loop loop;
    rill::broadcast<std::shared_ptr<int>> b(loop.executor(), 4);
    auto s = b.subscribe();
    auto t = b.subscribe();
    const auto item = std::make_shared<int>(1);
    CHECK(b.try_send(item));
    CHECK(item.use_count() == 2);
    CHECK(s.try_receive() == item);
    CHECK(item.use_count() == 2);
    const auto last = t.try_receive();
    CHECK(last == item);
    CHECK(item.use_count() == 2); // `last` has the one that was stored
}

TEST_CASE("broadcast: closed, it takes nothing, and subscribers drain what is stored, then the end")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 4);
    auto behind = b.subscribe();
    auto waits = b.subscribe();
    CHECK(b.try_send(1));
    CHECK(waits.try_receive() == 1);
    const auto waiting = loop.spawn(one_of(waits));
    loop.settle();
    b.close();
    b.close(); // may be repeated
    CHECK_FALSE(b.try_send(2));
    CHECK(loop.run(how(b.send(2))) == closed);
    CHECK(waiting.result() == "end");
    CHECK_FALSE(behind.at_end());
    CHECK(loop.run(one_of(behind)) == "1");
    CHECK(behind.at_end());
    CHECK(loop.run(one_of(behind)) == "end");
    auto late = b.subscribe();
    CHECK(loop.run(one_of(late)) == "end");
}

TEST_CASE("broadcast: closed while senders wait for room, they end with errc::closed")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 1, lag_policy::backpressure);
    auto s = b.subscribe();
    CHECK(b.try_send(1));
    const auto sender = loop.spawn(how(b.send(2)));
    test::completion<> handler;
    b.async_send(3, handler.handler());
    loop.settle();
    b.close();
    loop.settle();
    CHECK(sender.result() == closed);
    CHECK(handler.error() == rill::errc::closed);
    CHECK(drain(s) == std::vector{1});
}

TEST_CASE("broadcast: closing a subscription while blocked on it ends that with errc::closed")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 1);
    auto mine = b.subscribe();
    auto theirs = b.subscribe();
    const auto blocked = loop.spawn(one_of(mine));
    const auto other = loop.spawn(one_of(theirs));
    loop.settle();
    mine.close();
    CHECK(b.try_send(1));
    loop.settle();
    CHECK(blocked.result() == closed);
    CHECK(other.result() == "1");
    CHECK(loop.run(one_of(mine)) == closed);
    CHECK_FALSE(mine.try_receive());
    CHECK_FALSE(mine.is_open());
}

TEST_CASE("broadcast: a subscription may be moved while a wait is pending on it")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 1);
    auto s = b.subscribe();
    const auto waiting = loop.spawn(one_of(s));
    loop.settle();
    auto moved = std::move(s);
    CHECK_FALSE(s.is_open());
    CHECK(moved.statistics().receivers_waiting == 1);
    CHECK(b.try_send(1));
    loop.settle();
    CHECK(waiting.result() == "1");
    moved = b.subscribe();
    CHECK(b.statistics().subscribers == 1);
}

TEST_CASE("broadcast: an item handed over before the cancel is delivered, after it, stays")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 2);
    auto s = b.subscribe();
    auto granted = loop.spawn(one_of(s));
    auto too_late =
        loop.spawn(how(rill::bind_coroutine([&]() -> awaitable<void> { co_await s.receive(); })));
    loop.settle();
    CHECK(b.try_send(1));
    granted.cancel();
    too_late.cancel();
    CHECK(b.try_send(2));
    loop.settle();
    CHECK(granted.result() == "1");
    CHECK(too_late.result() == "cancelled");
    CHECK(drain(s) == std::vector{2});
}

TEST_CASE("broadcast: a cancelled send leaves the line, and its value is not sent")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 1, lag_policy::backpressure);
    auto s = b.subscribe();
    CHECK(b.try_send(1));
    auto sent = loop.spawn(how(b.send(2)));
    auto cancelled = loop.spawn(how(b.send(3)));
    loop.settle();
    rill::asio::cancellation_signal signal;
    test::completion<> handler;
    b.async_send(4, rill::asio::bind_cancellation_slot(signal.slot(), handler.handler()));
    loop.spawn(b.send(5));
    loop.settle();
    CHECK(s.try_receive() == 1);
    sent.cancel();
    cancelled.cancel();
    signal.emit(rill::asio::cancellation_type::total);
    CHECK(drain(s) == std::vector{2, 5});
    loop.settle();
    CHECK(sent.result() == "done");
    CHECK(cancelled.result() == "cancelled");
    CHECK(handler.error() == rill::condition::cancelled);
}

TEST_CASE("broadcast: select leaves the items of the subscriptions that lose where they are")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 4);
    auto s = b.subscribe();
    auto t = b.subscribe();
    const auto index = loop.spawn([&]() -> awaitable<std::size_t> {
        auto first = co_await rill::select(t.receive(), s.receive(), s.receive());
        co_return first.index();
    });
    loop.settle();
    CHECK(b.try_send(1));
    CHECK(b.try_send(2));
    loop.settle();
    CHECK(index.result() == 0);
    CHECK(drain(s) == std::vector{1, 2});
    CHECK(drain(t) == std::vector{2});
}

TEST_CASE("broadcast: receives and sends that need not wait do not suspend")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 1, lag_policy::backpressure);
    auto s = b.subscribe();
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback"; });
        co_await b.send(1);
        order += co_await one_of(s) + " ";
        b.close();
        order += co_await one_of(s) + " ";
        co_await rill::yield();
    });
    CHECK(order == "1 end callback");
}

TEST_CASE("broadcast: it tells by its name what is waited for")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 1, lag_policy::backpressure);
    b.set_name("ticks");
    auto s = b.subscribe();
    const auto why = [](awaitable<void> body) -> awaitable<std::string> {
        try {
            co_await rill::timeout(1s, std::move(body));
        } catch (const rill::timeout_error& e) {
            co_return e.what();
        }
        co_return "";
    };
    const auto receive = [&]() -> awaitable<void> { co_await s.receive(); };
    const std::string received = loop.run(why(receive()));
    CHECK(received.find("an item of broadcast 'ticks'") != std::string::npos);
    const std::string sent = loop.run(why(send_all(b, {1, 2})));
    CHECK(sent.find("room in broadcast 'ticks' (1 of 1 stored") != std::string::npos);
}

TEST_CASE("broadcast: a capacity of 0 is refused")
{
    test::loop loop;
    CHECK_THROWS_AS(rill::broadcast<int>(loop.executor(), 0), std::invalid_argument);
}

TEST_CASE("broadcast: items need not be default-constructible")
{
    struct item {
        explicit item(int v)
            : value(v)
        {}

        int value;
    };
    test::loop loop;
    rill::broadcast<item> b(loop.executor(), 2);
    auto s = b.subscribe();
    CHECK(b.try_send(item(3)));
    const auto value = [&]() -> awaitable<int> {
        const auto got = co_await s.receive();
        co_return got->value;
    };
    CHECK(loop.run(value()) == 3);
}

/// Its copies throw while `fails` is set.
class fragile {
public:
    explicit fragile(int v)
        : value(v)
    {}

    fragile(const fragile& other)
        : value(other.value)
    {
        if (fails)
            throw std::runtime_error("no copy");
    }

    fragile(fragile&&) = default;
    fragile& operator=(const fragile&) = default;

    int value;

    static inline bool fails = false;
};

TEST_CASE("broadcast: who waits for an item that cannot be copied misses it, and nobody else does")
{
    test::loop loop;
    rill::broadcast<fragile> b(loop.executor(), 1);
    auto s = b.subscribe();
    auto t = b.subscribe();
    const auto value = [](rill::subscription<fragile>& from) -> awaitable<int> {
        const auto got = co_await from.receive();
        co_return got->value;
    };
    const auto one = loop.spawn(how(value(s)));
    const auto two = loop.spawn(how(value(t)));
    loop.settle();
    fragile::fails = true;
    CHECK(b.try_send(fragile(1)));
    fragile::fails = false;
    loop.settle();
    CHECK(one.result() == lagged);
    CHECK(s.missed() == 1);
    CHECK(two.result() == "1"); // the last one gets the item itself
    CHECK(b.statistics().stored == 0);
    CHECK(b.try_send(fragile(2)));
    CHECK(loop.run(value(s)) == 2);
    CHECK(loop.run(value(t)) == 2);
}

TEST_CASE("broadcast: a copy that throws in try_receive leaves the item, and others as they were")
{
    test::loop loop;
    rill::broadcast<fragile> b(loop.executor(), 1, lag_policy::backpressure);
    auto slow = b.subscribe();
    auto fast = b.subscribe();
    REQUIRE(b.try_send(fragile(1)));
    const auto sender = loop.spawn(b.send(fragile(2)));
    loop.settle();
    fragile::fails = true;
    CHECK_THROWS_WITH(slow.try_receive(), "no copy");
    fragile::fails = false;
    CHECK(slow.try_receive()->value == 1);
    CHECK(fast.try_receive()->value == 1);
    loop.settle();
    CHECK(sender.done());
    CHECK(slow.try_receive()->value == 2);
}

TEST_CASE("broadcast: destroyed while tasks wait, it is closed; its subscribers drain what is left")
{
    test::loop loop;
    std::optional<rill::broadcast<int>> b(
        std::in_place, loop.executor(), 1, lag_policy::backpressure
    );
    auto full = b->subscribe();
    auto waits = b->subscribe();
    CHECK(b->try_send(1));
    CHECK(waits.try_receive() == 1);
    const auto receiver = loop.spawn(one_of(waits));
    const auto sender = loop.spawn(how(b->send(2)));
    loop.settle();
    b.reset();
    loop.settle();
    CHECK(receiver.result() == "end");
    CHECK(sender.result() == closed);
    CHECK(loop.run(one_of(full)) == "1");
    CHECK(loop.run(one_of(full)) == "end");
}

TEST_CASE("PRIM-02: a loop ends with tasks and callbacks that wait for a broadcast that outlives it"
)
{
    using item = std::shared_ptr<int>;
    const auto held = std::make_shared<int>(1);
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::broadcast<item> b(loop->executor(), 1, lag_policy::backpressure);
    auto full = b.subscribe();
    auto waits = b.subscribe();
    CHECK(b.try_send(held));
    CHECK(waits.try_receive() == held);
    loop->spawn(b.send(held));
    b.async_send(held, [held](rill::error_code) { FAIL("called"); });
    waits.async_receive([held](rill::error_code, std::optional<item>) { FAIL("called"); });
    loop->spawn([](rill::subscription<item>& s) -> awaitable<void> {
        co_await s.receive();
        FAIL("it went on");
    }(waits));
    loop->settle();
    CHECK(held.use_count() == 6);
    loop.reset();
    CHECK(held.use_count() == 2); // what is stored
    CHECK(full.try_receive() == held);
    CHECK(b.try_send(held));
    CHECK(waits.try_receive() == held);
}

TEST_CASE("PRIM-02: a loop ends with a broadcast in the frames of the tasks that use it")
{
    const auto held = std::make_shared<int>(1);
    {
        using item = std::shared_ptr<int>;
        test::abandoned_loop loop;
        const auto listen = [](rill::subscription<item> s) -> awaitable<void> {
            while (co_await s.receive())
                continue;
        };
        loop.spawn([&]() -> awaitable<void> {
            rill::broadcast<item> b(1, lag_policy::backpressure);
            auto slow = b.subscribe();
            auto select_from = b.subscribe();
            rill::create_task(listen(b.subscribe()));
            rill::create_task(b.send(held));
            rill::create_task(b.send(held));
            co_await rill::yield();
            auto first = co_await rill::select(select_from.receive(), slow.receive());
            co_await rill::select(select_from.receive(), rill::sleep(1h));
        });
        for (int i = 0; i < 3; ++i)
            loop.step();
        CHECK(held.use_count() > 2);
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("R19: broadcasts with backpressure: each subscriber gets what was sent, and nothing else")
{
    test::at_every_suspension([&](test::scenario& s) {
        rill::broadcast<int> b(s.executor(), 2, lag_policy::backpressure);
        auto witness = b.subscribe();
        std::vector<int> sent;
        std::vector<int> seen;
        int received = 0;
        const auto produce = [&](int first) -> awaitable<void> {
            for (int i = first; i < first + 3; ++i) {
                co_await b.send(i);
                sent.push_back(i);
            }
        };
        const auto consume = [&](rill::subscription<int> mine) -> awaitable<void> {
            while (auto i = co_await mine.receive())
                received += *i;
        };
        const auto look = [&]() -> awaitable<void> {
            while (auto i = co_await witness.receive())
                seen.push_back(*i);
        };
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(consume(b.subscribe()));
                auto one = g.create_task(produce(1));
                auto two = g.create_task(produce(10));
                g.create_task(look());
                co_await one;
                co_await two;
                b.close();
            });
        });
        for (const int left : drain(witness))
            seen.push_back(left);
        std::sort(sent.begin(), sent.end());
        std::sort(seen.begin(), seen.end());
        CHECK(seen == sent);
        CHECK(b.statistics().subscribers == 1);
        CHECK(b.statistics().senders_waiting + b.statistics().receivers_waiting == 0);
        if (s.completed())
            CHECK(received == 1 + 2 + 3 + 10 + 11 + 12);
    });
}

/// A broadcast that several tasks use at random: they time out, are cancelled, and unsubscribe.
class random_use {
public:
    random_use(std::uint64_t seed, lag_policy policy)
        : random_(seed)
        , policy_(policy)
        , broadcast_(loop_.executor(), 1 + below(3), policy)
    {}

    void run()
    {
        if (policy_ == lag_policy::backpressure)
            observer_.emplace(broadcast_.subscribe());
        if (observer_)
            loop_.spawn(observe());
        for (int i = 0; i < 3; ++i) {
            tasks_.push_back(loop_.spawn(produce(i)));
            tasks_.push_back(loop_.spawn(consume(listeners_.emplace_back(broadcast_.subscribe()))));
        }
        for (int i = 0; i < 30; ++i) {
            loop_.advance(1ms);
            if (below(8) == 0)
                tasks_[below(tasks_.size())].cancel();
            if (below(10) == 0)
                tasks_.push_back(loop_.spawn(consume(join())));
        }
        for (auto& t : tasks_)
            t.cancel();
        loop_.settle();
        broadcast_.close();
        loop_.settle();
    }

    void check()
    {
        if (observer_)
            CHECK(std::is_permutation(sent_.begin(), sent_.end(), order_.begin(), order_.end()));
        else
            order_ = sent_; // no send waited
        for (listener& one : listeners_)
            check(one);
    }

    std::size_t missed() const { return missed_; }

private:
    using item = std::pair<int, int>; // who sent it, its number

    struct listener {
        explicit listener(rill::subscription<item> s)
            : subscription(std::move(s))
        {}

        rill::subscription<item> subscription;
        std::size_t before = 0; // items that were sent before it subscribed
        std::vector<item> received;
    };

    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

    std::chrono::milliseconds some_time() { return std::chrono::milliseconds(below(4)); }

    listener& join()
    {
        auto& one = listeners_.emplace_back(broadcast_.subscribe());
        one.before = sent_.size();
        if (observer_) {
            const auto s = observer_->statistics();
            one.before = order_.size() + s.stored + s.promised;
        }
        return one;
    }

    /// With backpressure it misses nothing, and so knows in which order the items were sent.
    awaitable<void> observe()
    {
        while (auto i = co_await observer_->receive())
            order_.push_back(*i);
    }

    awaitable<void> send(item i)
    {
        co_await broadcast_.send(i);
        sent_.push_back(i);
    }

    awaitable<void> produce(int who)
    {
        for (int n = 0; n < 12; ++n) {
            const item i(who, n);
            const std::size_t way = below(4);
            if (way == 0)
                co_await rill::move_on_after(some_time(), send(i));
            else if (way == 1 && broadcast_.try_send(i))
                sent_.push_back(i);
            else if (way == 2)
                co_await send(i);
            co_await rill::sleep(some_time());
        }
    }

    /// Nothing if it missed items, of which the statistics tell.
    awaitable<void> receive(listener& one)
    {
        try {
            if (const auto i = co_await one.subscription.receive())
                one.received.push_back(*i);
        } catch (const rill::system_error& e) {
            if (e.code() != rill::errc::lagged)
                throw;
            CHECK(one.subscription.missed() > 0);
        }
    }

    awaitable<void> consume(listener& one)
    {
        while (below(30) > 0) {
            const std::size_t way = below(3);
            if (way == 0)
                co_await rill::move_on_after(some_time(), receive(one));
            else if (way == 1)
                co_await rill::sleep(some_time());
            else
                co_await receive(one);
        }
        if (below(2) == 0)
            one.subscription.close();
    }

    /// What it received are items in their order, among which those that it missed are lacking.
    void check(listener& one)
    {
        const auto s = one.subscription.statistics();
        missed_ += s.missed;
        const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(one.before);
        auto at = begin;
        for (const item& i : one.received) {
            at = std::find(at, order_.end(), i);
            REQUIRE(at != order_.end());
            ++at;
        }
        const auto lacking = static_cast<std::size_t>(at - begin) - one.received.size();
        CHECK(lacking <= s.missed);
        if (policy_ == lag_policy::backpressure)
            CHECK(s.missed == 0);
        if (one.subscription.is_open())
            CHECK(one.before + one.received.size() + s.missed + s.stored == order_.size());
    }

    test::loop loop_;
    rill::random_source random_;
    lag_policy policy_;
    rill::broadcast<item> broadcast_;
    std::deque<listener> listeners_;
    std::vector<rill::task<void>> tasks_;
    std::vector<item> sent_;  // as those say who sent
    std::vector<item> order_; // in which they were sent
    std::optional<rill::subscription<item>> observer_;
    std::size_t missed_ = 0;
};

TEST_CASE("R20: broadcast: used at random, each sees what was sent in order, but for what it missed"
)
{
    std::size_t missed = 0;
    for (std::uint64_t seed = 0; seed < test::schedules; ++seed)
        for (const auto policy : {lag_policy::drop_oldest, lag_policy::backpressure}) {
            CAPTURE(seed);
            random_use use(seed, policy);
            use.run();
            use.check();
            missed += use.missed();
        }
    CHECK(missed > test::schedules);
}

TEST_CASE("broadcast: a subscription that was moved from is closed, and throws for all else")
{
    test::loop loop;
    rill::broadcast<int> b(loop.executor(), 1);
    auto from = b.subscribe();
    auto to = std::move(from);
    CHECK_FALSE(from.is_open());
    from.close();
    CHECK_THROWS_WITH_AS(
        from.try_receive(),
        "rill: this subscription refers to nothing, as one does that was moved from",
        rill::invalid_state
    );
    CHECK_THROWS_AS(static_cast<void>(from.receive()), rill::invalid_state);
    CHECK_THROWS_AS(from.missed(), rill::invalid_state);
    CHECK_THROWS_AS(from.at_end(), rill::invalid_state);
    CHECK_THROWS_AS(from.statistics(), rill::invalid_state);
    from = std::move(to);
    CHECK(b.try_send(1));
    CHECK(from.try_receive() == 1);
}

} // namespace
