// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/gather.hpp>
#include <rill/race.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

template <class T>
awaitable<T> after(rill::duration d, T value)
{
    co_await rill::sleep(d);
    co_return value;
}

awaitable<void> fail_after(rill::duration d, std::string text)
{
    co_await rill::sleep(d);
    throw std::runtime_error(text);
}

/// What `body` throws; empty if it does not.
template <class T>
awaitable<std::string> error_of(awaitable<T> body)
{
    try {
        co_await std::move(body);
    } catch (const rill::system_error& e) {
        co_return e.code() == rill::condition::cancelled ? "cancelled" : e.what();
    } catch (const std::exception& e) {
        co_return e.what();
    }
    co_return "";
}

std::vector<awaitable<int>> numbers_backwards(int n)
{
    std::vector<awaitable<int>> members;
    for (int i = 0; i < n; ++i)
        members.push_back(after(std::chrono::seconds(n - i), i));
    return members;
}

TEST_CASE("GA-01: results stand in the order of the arguments, whichever ends first")
{
    test::loop loop;
    const auto all = loop.run(rill::gather(numbers_backwards(5)));
    CHECK(all == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("GA-13: the tuple form mixes types and void; all void gives void")
{
    test::loop loop;
    const auto [number, nothing, text] =
        loop.run(rill::gather(after(2s, 7), rill::sleep(1s), after(1s, std::string("seven"))));
    CHECK(number == 7);
    CHECK(text == "seven");
    static_assert(std::is_same_v<decltype(nothing), const std::monostate>);
    loop.run(rill::gather(rill::sleep(1s), rill::sleep(2s)));
}

TEST_CASE("GA-13: members may be tasks, futures, awaitables and callables; results move only")
{
    test::loop loop;
    rill::future<int> future(loop.executor());
    future.set_result(3);
    const auto task = loop.spawn(after(1s, 4));
    auto callable = []() -> awaitable<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
    const auto all = loop.run(rill::gather(future, task, callable));
    CHECK(std::get<0>(all) + std::get<1>(all) + *std::get<2>(all) == 12);
    CHECK(task.result() == 4); // the handle still has it
}

TEST_CASE("gather: the first error is thrown at once, and the others run on")
{
    test::loop loop;
    const auto start = loop.now();
    auto slow = loop.spawn(after(5s, 1));
    CHECK(loop.run(error_of(rill::gather(fail_after(1s, "first"), slow))) == "first");
    CHECK(loop.now() - start == 1s);
    CHECK_FALSE(slow.done());
    loop.advance(5s);
    CHECK(slow.result() == 1);
}

TEST_CASE("GA-03: later errors of the others count as seen")
{
    test::loop loop;
    loop.run(error_of(rill::gather(fail_after(1s, "first"), fail_after(2s, "second"))));
    loop.advance(2s);
    CHECK(loop.reported().empty());
}

TEST_CASE("GA-04: gather_settled calls cancelled what was told to stop, and no other abort")
{
    test::loop loop;
    auto told = loop.spawn(rill::sleep(1h));
    const auto aborted = loop.spawn([]() -> awaitable<void> {
        throw rill::system_error(rill::asio::error::operation_aborted);
        co_return;
    });
    told.cancel();
    const auto [a, b] = loop.run(rill::gather_settled(told, aborted));
    CHECK(a.cancelled());
    CHECK_FALSE(b.cancelled());
    CHECK(rill::is_cancellation(b.exception()));
}

TEST_CASE("GA-04: gather_settled has errors at their places")
{
    test::loop loop;
    const auto [good, bad] = loop.run(rill::gather_settled(after(2s, 1), fail_after(1s, "no")));
    CHECK(good.get() == 1);
    CHECK(test::text_of(bad.exception()) == "no");

    std::vector<awaitable<void>> members;
    members.push_back(rill::sleep(1s));
    members.push_back(fail_after(1s, "no"));
    const auto settled = loop.run(rill::gather_settled(std::move(members)));
    CHECK(settled[0].has_value());
    CHECK_FALSE(settled[1].has_value());
}

TEST_CASE("GA-05: a member that somebody cancels is an error, and the gather is not cancelled")
{
    test::loop loop;
    auto victim = loop.spawn(after(1h, 1));
    auto other = loop.spawn(after(2s, 2));
    auto all = loop.spawn(error_of(rill::gather(victim, other)));
    auto settled = loop.spawn(rill::gather_settled(victim, other));
    loop.settle();
    victim.cancel();
    loop.settle();
    CHECK(all.result() == "cancelled");
    CHECK(all.cancelling() == 0);
    CHECK_FALSE(other.done());
    loop.advance(2s);
    CHECK(std::get<0>(settled.result()).cancelled());
    CHECK(std::get<1>(settled.result()).get() == 2);
}

TEST_CASE("GA-06, GA-07: cancelling cancels all members, and lasts until they have ended")
{
    for (const bool settled : {false, true}) {
        test::loop loop;
        auto stubborn = loop.spawn([]() -> awaitable<int> {
            try {
                co_await rill::sleep(1h);
            } catch (const rill::system_error&) {
            }
            rill::current_task()->uncancel();
            co_await rill::sleep(3s);
            co_return 1;
        });
        auto quick = loop.spawn(after(1h, 2));
        auto together = [&]() -> awaitable<void> {
            if (settled)
                co_await rill::gather_settled(stubborn, quick);
            else
                co_await rill::gather(stubborn, quick);
        };
        auto all = loop.spawn(together);
        loop.settle();
        all.cancel();
        loop.settle();
        CHECK(quick.cancelled());
        CHECK_FALSE(all.done());
        loop.advance(3s);
        CHECK(stubborn.done());
        CHECK(all.cancelled());
    }
}

TEST_CASE("GA-08 (completion wins): cancelled after the last member has ended, it has its results")
{
    test::loop loop;
    rill::event go(loop.executor());
    auto all = loop.spawn(rill::gather(go.wait(), go.wait()));
    loop.settle();
    loop.one_step_at_a_time();
    go.set();
    while (rill::all_tasks(loop.executor()).size() > 1)
        loop.step();
    loop.step(); // the first member's end has been noted,
    loop.step(); // and the second one's: the gather is to be resumed next
    all.cancel();
    loop.settle();
    CHECK(all.done());
    CHECK_FALSE(all.cancelled());
}

TEST_CASE("GA-09: nothing to gather gives nothing, at once")
{
    test::loop loop;
    loop.run(rill::gather());
    CHECK(loop.run(rill::gather(std::vector<awaitable<int>>())).empty());
    CHECK(loop.run(rill::gather_settled(std::vector<rill::task<int>>())).empty());
}

TEST_CASE("GA-11: a member of another loop is refused, and nothing has started")
{
    test::loop loop;
    test::loop other;
    auto foreign = other.spawn(after(1s, 1));
    bool ran = false;
    auto member = [&]() -> awaitable<int> {
        ran = true;
        co_return 1;
    };
    const auto error = loop.run(error_of(rill::gather(member, foreign)));
    CHECK(error.find("belongs to another loop") != std::string::npos);
    loop.settle();
    CHECK_FALSE(ran);
    other.advance(1s);
}

TEST_CASE("GA-12: members start in the order of the arguments, in one turn")
{
    test::loop loop;
    std::string log;
    const auto say = [&log](char c) {
        return [&log, c]() -> awaitable<void> {
            log += c;
            co_await rill::yield();
            log += '.';
        };
    };
    loop.run(rill::gather(say('a'), say('b'), say('c')));
    CHECK(log == "abc...");
}

TEST_CASE("gather: it works in a coroutine that is no task, and its cancellation goes on")
{
    test::loop loop;
    std::string how;
    boost::asio::cancellation_signal cancel;
    auto foreign = [&]() -> awaitable<void> {
        how = co_await error_of(rill::gather(rill::sleep(1h), rill::sleep(2h)));
    };
    boost::asio::co_spawn(
        loop.context(), foreign, boost::asio::bind_cancellation_slot(cancel.slot(), [](auto) {})
    );
    loop.settle();
    CHECK(rill::all_tasks(loop.executor()).size() == 2);
    cancel.emit(boost::asio::cancellation_type::terminal);
    loop.settle();
    CHECK(how == "cancelled");
}

TEST_CASE("race: the first to end wins, the others are cancelled and awaited")
{
    test::loop loop;
    auto loser = loop.spawn(after(1h, 1));
    const auto first = loop.run(rill::race(loser, after(2s, std::string("won"))));
    CHECK(std::get<1>(first) == "won");
    CHECK(loser.cancelled());
    auto winner = loop.spawn(after(1s, std::string("a result that is kept")));
    CHECK(std::get<0>(loop.run(rill::race(winner, rill::sleep(1h)))) == "a result that is kept");
    CHECK(winner.result() == "a result that is kept");

    const auto [index, value] = loop.run(rill::race(numbers_backwards(3)));
    CHECK(index == 2);
    CHECK(value == 2);
}

TEST_CASE("race: a winner that fails gives its error; one that had ended before wins at once")
{
    test::loop loop;
    CHECK(loop.run(error_of(rill::race(fail_after(1s, "lost"), rill::sleep(1h)))) == "lost");
    rill::future<int> ready(loop.executor());
    ready.set_result(1);
    const auto first = loop.run(rill::race(after(1h, 2), ready));
    CHECK(std::get<1>(first) == 1);
    CHECK_THROWS_AS(loop.run(rill::race(std::vector<awaitable<int>>())), std::invalid_argument);
}

TEST_CASE("race: cancelled, it ends when all members have ended")
{
    test::loop loop;
    auto t = loop.spawn(rill::race(rill::sleep(1h), rill::sleep(2h)));
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(t.cancelled());
    CHECK(rill::all_tasks(loop.executor()).empty());
}

} // namespace
