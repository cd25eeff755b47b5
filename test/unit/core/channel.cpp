// SPDX-License-Identifier: BSL-1.0
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/channel.hpp>
#include <rill/random.hpp>
#include <rill/select.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using rill::awaitable;
using test::how;
using namespace std::chrono_literals;

constexpr const char* closed = "it is closed [rill:2]";

const rill::error_code broken_pipe = rill::asio::error::broken_pipe;

awaitable<void> send_all(rill::sender<int>& tx, std::vector<int> values)
{
    for (const int v : values)
        co_await tx.send(v);
}

/// Everything until the end.
awaitable<std::vector<int>> receive_all(rill::receiver<int>& rx)
{
    std::vector<int> values;
    while (auto v = co_await rx.receive())
        values.push_back(*v);
    co_return values;
}

/// What a receive gives, in words.
awaitable<std::string> one_of(rill::receiver<int>& rx)
{
    try {
        const std::optional<int> v = co_await rx.receive();
        co_return v ? std::to_string(*v) : "end";
    } catch (const rill::system_error& e) {
        co_return e.what();
    }
}

awaitable<rill::error_code> error_of(awaitable<void> body)
{
    try {
        co_await std::move(body);
    } catch (const rill::system_error& e) {
        co_return e.code();
    }
    co_return rill::error_code();
}

TEST_CASE("BY-40: items leave in the order in which they were sent; a full channel makes send wait")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 2);
    const auto sender = loop.spawn(send_all(tx, {1, 2, 3, 4}));
    loop.settle();
    CHECK_FALSE(sender.done());
    CHECK(rx.statistics().stored == 2);
    CHECK(rx.try_receive() == 1);
    loop.settle();
    tx.close();
    CHECK(sender.done() == false); // it waits to send 4 on an end that is closed
    loop.settle();
    CHECK(test::text_of(sender.exception()) == closed);
    CHECK(loop.run(receive_all(rx)) == std::vector{2, 3});
}

TEST_CASE("BY-40: with capacity 0, a send completes only once a receiver has taken the item")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 0);
    const auto sender = loop.spawn(send_all(tx, {1, 2}));
    loop.settle();
    CHECK_FALSE(sender.done());
    CHECK(rx.statistics().stored == 0);
    CHECK(loop.run(one_of(rx)) == "1");
    loop.settle();
    CHECK_FALSE(sender.done());
    CHECK(loop.run(one_of(rx)) == "2");
    CHECK(sender.done());
}

TEST_CASE("BY-40: a rendezvous by try_send needs a receiver that waits, by try_receive a sender")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<std::string>(loop.executor(), 0);
    std::string kept = "kept";
    CHECK_FALSE(tx.try_send(std::move(kept)));
    CHECK(kept == "kept");
    CHECK_FALSE(rx.try_receive());
    const auto receiver = loop.spawn(rx.receive());
    loop.settle();
    CHECK(tx.try_send("a"));
    CHECK_FALSE(tx.try_send("b"));
    const auto sender = loop.spawn(tx.send("c"));
    loop.settle();
    CHECK(receiver.result() == "a");
    CHECK(rx.try_receive() == "c");
    CHECK_FALSE(rx.try_receive());
    loop.settle();
    CHECK(sender.done());
}

TEST_CASE("BY-40: an unbounded channel never makes a sender wait")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), rill::unbounded);
    for (int i = 0; i < 1000; ++i)
        REQUIRE(tx.try_send(i));
    CHECK(rx.statistics().stored == 1000);
}

TEST_CASE("BY-40: sends and receives that need not wait do not suspend")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback"; });
        co_await tx.send(1);
        order += std::to_string((co_await rx.receive()).value());
        tx.close();
        order += co_await one_of(rx) + " ";
        co_await rill::yield();
    });
    CHECK(order == "1end callback");
}

TEST_CASE("BY-40, BY-41: clones are ends of their own; the end comes when the last sender is closed"
)
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 4);
    std::optional<rill::sender<int>> clone(tx.clone());
    const auto receiver = loop.spawn(receive_all(rx));
    CHECK(tx.try_send(1));
    tx.close();
    CHECK(clone->try_send(2));
    loop.settle();
    CHECK_FALSE(receiver.done());
    CHECK_FALSE(rx.at_end());
    clone.reset();
    CHECK(rx.at_end());
    loop.settle();
    CHECK(receiver.result() == std::vector{1, 2});
}

TEST_CASE("BY-41: after the last sender has gone, what is stored is drained first, then the end")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 4);
    CHECK(tx.try_send(1));
    CHECK(tx.try_send(2));
    tx.close();
    CHECK_FALSE(rx.at_end());
    CHECK(loop.run(receive_all(rx)) == std::vector{1, 2});
    CHECK(loop.run(one_of(rx)) == "end");
    CHECK_FALSE(rx.try_receive());
}

TEST_CASE("BY-41: all who wait to receive see the end when the last sender is closed")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 0);
    const auto other = rx.clone();
    const auto a = loop.spawn(one_of(rx));
    const auto b = loop.spawn(one_of(rx));
    test::completion<std::optional<int>> c;
    rx.async_receive(c.handler());
    loop.settle();
    tx.close();
    CHECK_FALSE(c.done());
    loop.settle();
    CHECK(a.result() == "end");
    CHECK(b.result() == "end");
    CHECK_FALSE(c.error());
    CHECK_FALSE(c.value());
}

TEST_CASE("BY-41: without receivers, sends fail with broken_pipe and stored items are gone")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<std::shared_ptr<int>>(loop.executor(), 2);
    auto clone = rx.clone();
    const auto item = std::make_shared<int>(1);
    CHECK(tx.try_send(item));
    CHECK(tx.try_send(item));
    rx.close();
    CHECK(item.use_count() == 3);
    CHECK(tx.has_receivers());
    clone.close();
    CHECK(item.use_count() == 1);
    CHECK_FALSE(tx.has_receivers());
    CHECK_FALSE(tx.try_send(item));
    CHECK(loop.run(error_of(tx.send(item))) == broken_pipe);
    CHECK(item.use_count() == 1);
}

TEST_CASE("BY-41: those who wait to send learn it when the last receiver is closed")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    CHECK(tx.try_send(1));
    const auto a = loop.spawn(error_of(tx.send(2)));
    test::completion<> b;
    tx.async_send(3, b.handler());
    loop.settle();
    rx.close();
    CHECK_FALSE(b.done());
    loop.settle();
    CHECK(a.result() == broken_pipe);
    CHECK(b.error() == broken_pipe);
    CHECK(tx.statistics().stored == 0);
}

TEST_CASE("BY-42: closing one's own end while blocked in a receive ends it with errc::closed")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 0);
    auto other = rx.clone();
    const auto mine = loop.spawn(one_of(rx));
    const auto theirs = loop.spawn(one_of(other));
    loop.settle();
    rx.close();
    loop.settle();
    CHECK(mine.result() == closed);
    CHECK_FALSE(theirs.done());
    CHECK(tx.try_send(1));
    loop.settle();
    CHECK(theirs.result() == "1");
}

TEST_CASE("BY-42: closing one's own end while blocked in a send ends it with errc::closed")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 0);
    auto other = tx.clone();
    const auto a = loop.spawn(how(tx.send(1)));
    const auto b = loop.spawn(how(other.send(2)));
    auto cancelled = loop.spawn(how(tx.send(4)));
    test::completion<> c;
    tx.async_send(3, c.handler());
    loop.settle();
    cancelled.cancel();
    loop.settle();
    tx.close();
    loop.settle();
    CHECK(a.result() == closed);
    CHECK(cancelled.result() == "cancelled");
    CHECK(c.error() == rill::errc::closed);
    CHECK(rx.try_receive() == 2);
    CHECK_FALSE(rx.try_receive());
    loop.settle();
    CHECK(b.result() == "done");
}

TEST_CASE("BY-42: an end may be moved while a wait is pending on it, which it takes along")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 0);
    const auto receiver = loop.spawn(one_of(rx));
    loop.settle();
    std::optional<rill::receiver<int>> moved(std::move(rx));
    CHECK_FALSE(rx.is_open());
    loop.settle();
    CHECK_FALSE(receiver.done());
    CHECK(moved->statistics().receivers_waiting == 1);
    moved.reset();
    loop.settle();
    CHECK(receiver.result() == closed);
    CHECK_FALSE(tx.has_receivers());
}

TEST_CASE("BY-42: an end that is assigned to is closed first")
{
    test::loop loop;
    auto [a, a_rx] = rill::channel<int>(loop.executor(), 1);
    auto [b, b_rx] = rill::channel<int>(loop.executor(), 1);
    const auto end = loop.spawn(one_of(a_rx));
    loop.settle();
    a = std::move(b);
    loop.settle();
    CHECK(end.result() == "end");
    CHECK(a.try_send(1));
    CHECK(b_rx.try_receive() == 1);
}

TEST_CASE("channel: whatever is asked of a closed end fails with errc::closed")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    auto prepared = tx.send(1);
    auto operation = rx.receive();
    CHECK(tx.try_send(0));
    tx.close();
    rx.close();
    rx.close(); // may be repeated
    CHECK(loop.run(how(std::move(prepared))) == closed);
    CHECK(loop.run(how(tx.send(1))) == closed);
    CHECK(loop.run(one_of(rx)) == closed);
    test::completion<std::optional<int>> receive;
    std::move(operation)(receive.handler());
    loop.settle();
    CHECK(receive.error() == rill::errc::closed);
    CHECK_FALSE(tx.try_send(1));
    CHECK_FALSE(rx.try_receive());
    CHECK_THROWS_AS(tx.clone(), rill::system_error);
    CHECK_THROWS_AS(rx.clone(), rill::system_error);
    CHECK(rx.statistics().open_receivers == 0);
}

TEST_CASE("BY-43: an item handed over before the cancel is delivered")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 0);
    auto receiver = loop.spawn(rx.receive());
    loop.settle();
    CHECK(tx.try_send(1));
    receiver.cancel();
    loop.settle();
    CHECK(receiver.result() == 1);
}

TEST_CASE("BY-43: the same through a buffer, and with a completion token and its slot")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    rill::asio::cancellation_signal signal;
    test::completion<std::optional<int>> receiver;
    rx.async_receive(rill::asio::bind_cancellation_slot(signal.slot(), receiver.handler()));
    loop.settle();
    CHECK(tx.try_send(1));
    signal.emit(rill::asio::cancellation_type::total);
    CHECK_FALSE(receiver.done());
    loop.settle();
    CHECK(receiver.value() == 1);
}

TEST_CASE("BY-43, BY-44: a receiver that is cancelled first gets nothing: the item is for others")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    auto first = loop.spawn(rx.receive());
    const auto second = loop.spawn(rx.receive());
    loop.settle();
    first.cancel();
    CHECK(tx.try_send(1));
    CHECK(tx.statistics().stored == 0);
    loop.settle();
    CHECK(first.cancelled());
    CHECK(second.result() == 1);
}

TEST_CASE("BY-44: a send to a cancelled receiver alone stays in the channel, or waits")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 0);
    auto receiver = loop.spawn(rx.receive());
    loop.settle();
    receiver.cancel();
    CHECK_FALSE(tx.try_send(1));
    const auto sender = loop.spawn(tx.send(2));
    loop.settle();
    CHECK(receiver.cancelled());
    CHECK_FALSE(sender.done());
    CHECK(rx.try_receive() == 2);
}

TEST_CASE("BY-43: a send whose item was taken before the cancel has been sent; after it, has not")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 0);
    auto taken = loop.spawn(how(tx.send(1)));
    auto not_taken = loop.spawn(how(tx.send(2)));
    const auto third = loop.spawn(how(tx.send(3)));
    loop.settle();
    CHECK(rx.try_receive() == 1);
    taken.cancel();
    not_taken.cancel();
    CHECK(rx.try_receive() == 3);
    loop.settle();
    CHECK(taken.result() == "done");
    CHECK(not_taken.result() == "cancelled");
    CHECK(third.result() == "done");
}

TEST_CASE("channel: an item handed over before this end is closed is delivered")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 0);
    const auto receiver = loop.spawn(rx.receive());
    const auto late = loop.spawn(one_of(rx));
    loop.settle();
    CHECK(tx.try_send(1));
    rx.close();
    loop.settle();
    CHECK(receiver.result() == 1);
    CHECK(late.result() == closed);
}

TEST_CASE("BY-45: receivers that wait are served in their order, and a newcomer steals nothing")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    std::vector<rill::task<std::optional<int>>> waiting;
    for (int i = 0; i < 3; ++i)
        waiting.push_back(loop.spawn(rx.receive()));
    loop.settle();
    for (int i = 0; i < 2; ++i)
        CHECK(tx.try_send(i));
    CHECK_FALSE(rx.try_receive());
    const auto newcomer = loop.spawn(rx.receive());
    loop.settle();
    CHECK(tx.try_send(2));
    CHECK(tx.try_send(3));
    loop.settle();
    for (int i = 0; i < 3; ++i)
        CHECK(waiting[static_cast<std::size_t>(i)].result() == i);
    CHECK(newcomer.result() == 3);
}

TEST_CASE("BY-45: senders that wait are served in their order, and a newcomer does not overtake")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    CHECK(tx.try_send(0));
    for (int i = 1; i < 4; ++i)
        loop.spawn(tx.send(i));
    loop.settle();
    for (int i = 0; i < 3; ++i) {
        CHECK(rx.try_receive() == i);
        CHECK_FALSE(tx.try_send(9));
    }
    CHECK(rx.try_receive() == 3);
    CHECK(tx.try_send(9));
    CHECK(rx.try_receive() == 9);
    loop.settle();
}

TEST_CASE("BY-46: the statistics tell what is stored, who waits, and what is promised")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    const auto spare = tx.clone();
    auto waiting = loop.spawn(rx.receive());
    loop.settle();
    CHECK(rx.statistics().receivers_waiting == 1);
    for (int i = 0; i < 2; ++i)
        CHECK(tx.try_send(i));
    auto blocked = loop.spawn(tx.send(2));
    loop.step(); // the receive and the send have run
    CHECK(waiting.result() == 0);
    const auto s = tx.statistics();
    CHECK(s.stored == 1);
    CHECK(s.capacity == 1);
    CHECK(s.open_senders == 2);
    CHECK(s.open_receivers == 1);
    CHECK(s.senders_waiting == 1);
    CHECK(s.receivers_waiting == 0);
    blocked.cancel();
    CHECK(tx.statistics().senders_waiting == 0);
    loop.settle();
}

TEST_CASE("BY-46: an item is promised from the hand-over until the receive has run")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    loop.spawn(rx.receive());
    loop.settle();
    CHECK(tx.try_send(1));
    CHECK(rx.statistics().promised == 1);
    CHECK(rx.statistics().stored == 0);
    loop.settle();
    CHECK(rx.statistics().promised == 0);
}

TEST_CASE("channel: it tells by its name what is waited for")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    tx.set_name("orders");
    CHECK(rx.name() == "orders");
    CHECK(tx.try_send(1));
    const auto why = [](awaitable<void> body) -> awaitable<std::string> {
        try {
            co_await rill::timeout(1s, std::move(body));
        } catch (const rill::timeout_error& e) {
            co_return e.what();
        }
        co_return "";
    };
    const std::string send = loop.run(why(tx.send(2)));
    CHECK(send.find("room in channel 'orders' (1 of 1 stored)") != std::string::npos);
    rx.try_receive();
    const std::string receive =
        loop.run(why(rill::bind_coroutine([&]() -> awaitable<void> { co_await rx.receive(); })));
    CHECK(receive.find("an item of channel 'orders' (0 of 1 stored)") != std::string::npos);
}

TEST_CASE("channel: handlers are called on a later turn, also if nothing has to be waited for")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    test::completion<> sent;
    test::completion<std::optional<int>> received;
    tx.async_send(1, sent.handler());
    rx.async_receive(received.handler());
    CHECK_FALSE(sent.done());
    CHECK_FALSE(received.done());
    loop.settle();
    CHECK(sent.calls() == 1);
    CHECK_FALSE(sent.error());
    CHECK(received.value() == 1);
}

TEST_CASE("channel: select takes an item or leaves it where it is")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 1);
    auto [stop, stopped] = rill::channel<int>(loop.executor(), 0);
    const auto chosen = loop.spawn([&]() -> awaitable<std::size_t> {
        auto first = co_await rill::select(stopped.receive(), rx.receive());
        co_return first.index();
    });
    loop.settle();
    CHECK(stop.try_send(1));
    CHECK(tx.try_send(2));
    loop.settle();
    CHECK(chosen.result() == 0);
    CHECK(rx.try_receive() == 2);
}

TEST_CASE("channel: select sends or does not")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 0);
    const auto index = loop.spawn([&]() -> awaitable<std::size_t> {
        auto first = co_await rill::select(tx.send(1), rill::sleep(1s));
        auto second = co_await rill::select(tx.send(2), rill::sleep(1s));
        co_return first.index() * 10 + second.index();
    });
    loop.advance(1s);
    CHECK(rx.try_receive() == 2);
    loop.settle();
    CHECK(index.result() == 10);
    CHECK(rx.statistics().senders_waiting == 0);
}

TEST_CASE("channel: one select over both ends does not take its own item")
{
    test::loop loop;
    auto [tx, rx] = rill::channel<int>(loop.executor(), 0);
    const auto index = loop.spawn([&]() -> awaitable<std::size_t> {
        auto first = co_await rill::select(rx.receive(), tx.send(1), rill::sleep(1s));
        co_return first.index();
    });
    loop.advance(1s);
    CHECK(index.done());
    const auto s = rx.statistics();
    CHECK(s.senders_waiting + s.receivers_waiting + s.stored + s.promised == 0);
}

TEST_CASE("channel: items need be neither copyable nor default-constructible")
{
    struct item {
        explicit item(std::unique_ptr<int> v)
            : value(std::move(v))
        {}

        std::unique_ptr<int> value;
    };
    test::loop loop;
    auto [tx, rx] = rill::channel<item>(loop.executor(), 1);
    loop.spawn([](rill::sender<item> mine) -> awaitable<void> {
        for (int i = 0; i < 4; ++i)
            co_await mine.send(item(std::make_unique<int>(i)));
    }(std::move(tx)));
    const int sum = loop.run([&]() -> awaitable<int> {
        int s = 0;
        while (auto next = co_await rx.receive())
            s += *next->value;
        co_return s;
    });
    CHECK(sum == 6);
    test::completion<std::optional<item>> at_end;
    rx.async_receive(at_end.handler());
    loop.settle();
    CHECK_FALSE(at_end.value());
}

TEST_CASE("channel: items may hold ends of the channel that they are in")
{
    struct item {
        rill::sender<item> reply_to;
        std::shared_ptr<int> witness;
    };
    test::loop loop;
    const auto witness = std::make_shared<int>(1);
    auto [tx, rx] = rill::channel<item>(loop.executor(), 4);
    for (int i = 0; i < 3; ++i)
        CHECK(tx.try_send(item{tx.clone(), witness}));
    CHECK(tx.statistics().open_senders == 4);
    rx.close();
    CHECK(witness.use_count() == 1);
    CHECK(tx.statistics().open_senders == 1);
}

TEST_CASE(
    "channel: both ends destroyed while tasks wait, the waits end and the shared part with them"
)
{
    test::loop loop;
    std::optional<rill::channel<int>> empty(std::in_place, loop.executor(), 0);
    std::optional<rill::channel<int>> full(std::in_place, loop.executor(), 1);
    CHECK(full->sender.try_send(1));
    const auto receiver = loop.spawn(one_of(empty->receiver));
    const auto sender = loop.spawn(error_of(full->sender.send(2)));
    loop.settle();
    empty.reset();
    full.reset(); // the receiver goes first
    loop.settle();
    CHECK(receiver.result() == closed);
    CHECK(sender.result() == broken_pipe);
}

TEST_CASE("PRIM-02: a loop ends with tasks and callbacks that wait for both ends of a channel")
{
    const auto held = std::make_shared<int>(1);
    std::optional<test::abandoned_loop> loop(std::in_place);
    using item = std::shared_ptr<int>;
    auto [tx, rx] = rill::channel<item>(loop->executor(), 1);
    auto [none_tx, none_rx] = rill::channel<item>(loop->executor(), 0);
    CHECK(tx.try_send(held));
    loop->spawn(tx.send(held));
    tx.async_send(held, [held](rill::error_code) { FAIL("called"); });
    none_rx.async_receive([held](rill::error_code, std::optional<item>) { FAIL("called"); });
    loop->spawn([](rill::receiver<item> mine) -> awaitable<void> {
        co_await mine.receive();
        FAIL("it went on");
    }(none_rx.clone()));
    loop->settle();
    CHECK(held.use_count() == 6);
    loop.reset();
    CHECK(held.use_count() == 2); // what is stored
    CHECK(rx.try_receive() == held);
    CHECK(tx.try_send(held));
    CHECK_FALSE(none_tx.try_send(held));
    CHECK(rx.statistics().senders_waiting == 0);
    CHECK(rx.statistics().open_receivers == 1);
}

TEST_CASE("PRIM-02: a loop ends with a channel in the frames of the tasks that use it")
{
    const auto held = std::make_shared<int>(1);
    {
        using item = std::shared_ptr<int>;
        test::abandoned_loop loop;
        loop.spawn([&]() -> awaitable<void> {
            auto [tx, rx] = rill::channel<item>(0);
            auto [wake, woken] = rill::channel<item>(0);
            rill::create_task([](rill::sender<item> mine, item i) -> awaitable<void> {
                co_await mine.send(i);
            }(tx.clone(), held));
            rill::create_task([](rill::receiver<item> mine) -> awaitable<void> {
                co_await mine.receive();
            }(woken.clone()));
            co_await rill::yield();
            co_await rill::yield();
            CHECK(wake.try_send(held)); // a wake-up that has not run when the loop ends
            rill::create_task([](rill::sender<item> mine, item i) -> awaitable<void> {
                co_await mine.send(i);
            }(std::move(tx), held));
            co_await rill::select(woken.receive(), rill::sleep(1h));
        });
        for (int i = 0; i < 3; ++i)
            loop.step();
        CHECK(held.use_count() > 2);
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("R19: channels: what was sent is what was received and what is left")
{
    for (const std::size_t capacity : {0, 1, 3})
        test::at_every_suspension([&](test::scenario& s) {
            auto [tx, rx] = rill::channel<int>(s.executor(), capacity);
            int sent = 0;
            int received = 0;
            const auto produce = [&](rill::sender<int> mine, int first) -> awaitable<void> {
                for (int i = first; i < first + 3; ++i) {
                    co_await mine.send(i);
                    sent += i;
                }
            };
            const auto consume = [&](rill::receiver<int> mine) -> awaitable<void> {
                while (auto i = co_await mine.receive())
                    received += *i;
            };
            s.run([&]() -> awaitable<void> {
                co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                    g.create_task(produce(tx.clone(), 1));
                    g.create_task(consume(rx.clone()));
                    g.create_task(produce(tx.clone(), 10));
                    tx.close();
                    co_await rill::sleep(1s);
                    co_await consume(rx.clone());
                });
            });
            int left = 0;
            while (auto i = rx.try_receive())
                left += *i;
            CHECK(sent == received + left);
            if (s.completed())
                CHECK(received == 1 + 2 + 3 + 10 + 11 + 12);
        });
}

/// A channel that several tasks use at random: they time out, are cancelled, and close their ends.
class random_use {
public:
    explicit random_use(std::uint64_t seed)
        : random_(seed)
        , channel_(loop_.executor(), below(4))
    {}

    void run()
    {
        for (int i = 0; i < 3; ++i) {
            tasks_.push_back(loop_.spawn(produce(channel_.sender.clone(), i)));
            tasks_.push_back(loop_.spawn(consume(channel_.receiver.clone())));
        }
        channel_.sender.close();
        for (int i = 0; i < 30; ++i) {
            loop_.advance(1ms);
            if (below(8) == 0)
                tasks_[below(tasks_.size())].cancel();
        }
        for (auto& t : tasks_)
            t.cancel();
        loop_.settle();
    }

    void check()
    {
        const auto s = channel_.receiver.statistics();
        CHECK(s.open_senders + s.senders_waiting + s.receivers_waiting + s.promised == 0);
        while (auto i = channel_.receiver.try_receive())
            received_.push_back(*i);
        CHECK(in_order_);
        std::sort(sent_.begin(), sent_.end());
        std::sort(received_.begin(), received_.end());
        CHECK(sent_ == received_);
    }

    std::size_t items() const { return received_.size(); }

private:
    using item = std::pair<int, int>; // who sent it, its number

    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

    std::chrono::milliseconds some_time() { return std::chrono::milliseconds(below(4)); }

    awaitable<void> send(rill::sender<item>& tx, item i)
    {
        co_await tx.send(i);
        sent_.push_back(i);
    }

    awaitable<void> produce(rill::sender<item> tx, int who)
    {
        for (int n = 0; n < 8; ++n) {
            const item i(who, n);
            const std::size_t way = below(4);
            if (way == 0)
                co_await rill::move_on_after(some_time(), send(tx, i));
            else if (way == 1 && tx.try_send(i))
                sent_.push_back(i);
            else if (way == 2)
                co_await rill::sleep(some_time());
            else
                co_await send(tx, i);
        }
    }

    /// Of one sender, each receiver gets the items in the order in which they were sent.
    bool take(std::map<int, int>& last, const std::optional<item>& i)
    {
        if (!i)
            return false;
        received_.push_back(*i);
        if (const auto [at, first] = last.try_emplace(i->first, i->second); !first) {
            in_order_ = in_order_ && at->second < i->second;
            at->second = i->second;
        }
        return true;
    }

    awaitable<void> receive(rill::receiver<item>& rx, std::map<int, int>& last)
    {
        take(last, co_await rx.receive());
    }

    awaitable<void> consume(rill::receiver<item> rx)
    {
        std::map<int, int> last;
        while (!rx.at_end() && below(20) > 0) {
            const std::size_t way = below(4);
            if (way == 0) {
                co_await rill::move_on_after(some_time(), receive(rx, last));
            } else if (way == 1) {
                take(last, rx.try_receive());
                co_await rill::sleep(some_time());
            } else if (way == 2) {
                auto first = co_await rill::select(rx.receive(), rill::sleep(some_time()));
                if (first.index() == 0)
                    take(last, std::get<0>(first));
            } else {
                co_await receive(rx, last);
            }
        }
    }

    test::loop loop_;
    rill::random_source random_;
    rill::channel<item> channel_;
    std::vector<rill::task<void>> tasks_;
    std::vector<item> sent_;
    std::vector<item> received_;
    bool in_order_ = true;
};

TEST_CASE("R20: channel: used at random, each item is received once, and in its sender's order")
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

TEST_CASE("channel: an end that was moved from is closed, and throws a sentence for all else")
{
    test::loop loop;
    rill::channel<int> c(loop.executor(), 1);
    rill::sender<int> tx = std::move(c.sender);
    rill::receiver<int> rx = std::move(c.receiver);
    CHECK_FALSE(c.sender.is_open());
    c.sender.close();
    c.receiver.close();
    CHECK_THROWS_WITH_AS(
        c.sender.try_send(1),
        "rill: this end of a channel refers to nothing, as one does that was moved from",
        rill::invalid_state
    );
    CHECK_THROWS_AS(static_cast<void>(c.sender.send(1)), rill::invalid_state);
    CHECK_THROWS_AS(c.sender.async_send(1, [](rill::error_code) {}), rill::invalid_state);
    CHECK_THROWS_AS(c.sender.has_receivers(), rill::invalid_state);
    CHECK_THROWS_AS(c.sender.clone(), rill::invalid_state);
    CHECK_THROWS_AS(c.sender.statistics(), rill::invalid_state);
    CHECK_THROWS_AS(c.sender.get_executor(), rill::invalid_state);
    CHECK_THROWS_AS(c.sender.set_name("x"), rill::invalid_state);
    CHECK_THROWS_AS(c.sender.name(), rill::invalid_state);
    CHECK_THROWS_AS(c.receiver.try_receive(), rill::invalid_state);
    CHECK_THROWS_AS(static_cast<void>(c.receiver.receive()), rill::invalid_state);
    CHECK_THROWS_AS(c.receiver.at_end(), rill::invalid_state);
    CHECK_THROWS_AS(c.receiver.clone(), rill::invalid_state);
    c.sender = std::move(tx);
    CHECK(c.sender.try_send(2));
    CHECK(rx.try_receive() == 2);
}

} // namespace
