// SPDX-License-Identifier: BSL-1.0
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/random.hpp>
#include <rill/select.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>
#include <rill/watch.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

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
using test::how;
using namespace std::chrono_literals;

constexpr const char* closed = "it is closed [rill:2]";

bool above_three(int v)
{
    return v > 3;
}

TEST_CASE("watch: it has the value that was set last, and the first one before that")
{
    test::loop loop;
    rill::watch<std::string> w(loop.executor(), "first");
    auto mine = w.subscribe();
    CHECK(w.get() == "first");
    CHECK(mine.get() == "first");
    w.set("second");
    w.set("third");
    CHECK(w.get() == "third");
    CHECK(mine.get() == "third");
    CHECK(w.statistics().changes == 2);
}

TEST_CASE("watch: the version at subscribe counts as seen, later ones do once get() has given them")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    w.set(1);
    auto mine = w.subscribe();
    auto other = w.subscribe();
    CHECK_FALSE(mine.has_changed());
    w.set(2);
    w.set(3);
    CHECK(mine.has_changed());
    CHECK(mine.get() == 3);
    CHECK_FALSE(mine.has_changed());
    CHECK(other.has_changed());
    w.set(3); // an equal value is a new version too
    CHECK(mine.has_changed());
}

TEST_CASE("watch: changed waits for a version that was not seen; all who wait go on later, in order"
)
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    auto a = w.subscribe();
    auto b = w.subscribe();
    std::string log;
    const auto wait = [&](rill::watcher<int>& mine, std::string name) -> awaitable<void> {
        co_await mine.changed();
        log += name + std::to_string(mine.get());
    };
    loop.spawn(wait(b, "b"));
    loop.spawn(wait(a, "a"));
    loop.settle();
    w.set(1);
    w.set(2);
    CHECK(log.empty());
    loop.settle();
    CHECK(log == "b2a2");
}

TEST_CASE("watch: changed returns at once, without suspending, if there is one, and marks nothing")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    auto mine = w.subscribe();
    w.set(1);
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback"; });
        co_await mine.changed();
        co_await mine.changed();
        order += "changed ";
        co_await rill::yield();
    });
    CHECK(order == "changed callback");
    CHECK(mine.has_changed());
    mine.get();
    const auto waiting = loop.spawn(mine.changed());
    loop.settle();
    CHECK_FALSE(waiting.done());
    w.set(2);
    loop.settle();
    CHECK(waiting.done());
}

TEST_CASE("watch: modify changes the value in place; false says that it is no new version")
{
    test::loop loop;
    rill::watch<std::vector<int>> w(loop.executor(), {});
    auto mine = w.subscribe();
    CHECK(w.modify([](std::vector<int>& v) { v.push_back(1); }));
    CHECK(mine.has_changed());
    CHECK(mine.get() == std::vector{1});
    CHECK_FALSE(w.modify([](std::vector<int>& v) { return v.empty(); }));
    CHECK_FALSE(mine.has_changed());
    CHECK(w.modify([](std::vector<int>& v) { return v.size() == 1; }));
    CHECK(mine.has_changed());
}

TEST_CASE("watch: a modify that throws tells nobody")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    auto mine = w.subscribe();
    const auto waiting = loop.spawn(how(mine.changed()));
    loop.settle();
    CHECK_THROWS_AS(w.modify([](int&) { throw std::runtime_error("no"); }), std::runtime_error);
    loop.settle();
    CHECK_FALSE(waiting.done());
    w.close();
    loop.settle();
    CHECK(waiting.result() == closed);
}

TEST_CASE("watch: wait_until looks at the present value, and then at each latest one")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 4);
    auto mine = w.subscribe();
    CHECK(loop.run(mine.wait_until(above_three)) == 4);
    w.set(0);
    const auto waiting = loop.spawn(mine.wait_until(above_three));
    loop.settle();
    w.set(5);
    w.set(1); // nobody has looked at 5
    loop.settle();
    CHECK_FALSE(waiting.done());
    w.set(6);
    loop.settle();
    CHECK(waiting.result() == 6);
    CHECK_FALSE(mine.has_changed());
}

TEST_CASE("watch: an error of the predicate leaves wait_until")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    auto mine = w.subscribe();
    const auto waiting = loop.spawn(how(mine.wait_until([](int v) {
        return v == 0 ? false : throw std::runtime_error("no");
    })));
    loop.settle();
    w.set(1);
    loop.settle();
    CHECK(waiting.result() == "no");
}

TEST_CASE("watch: closed, waits end with errc::closed, and setting throws it")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    auto mine = w.subscribe();
    const auto waiting = loop.spawn(how(mine.changed()));
    const auto until = loop.spawn(how(mine.wait_until(above_three)));
    loop.settle();
    w.close();
    w.close(); // may be repeated
    CHECK(w.is_closed());
    loop.settle();
    CHECK(waiting.result() == closed);
    CHECK(until.result() == closed);
    CHECK_THROWS_WITH_AS(w.set(1), closed, rill::system_error);
    CHECK_THROWS_WITH_AS(w.modify([](int&) {}), closed, rill::system_error);
    CHECK(mine.get() == 0);
}

TEST_CASE("watch: the last version can be seen after the close")
{
    test::loop loop;
    std::optional<rill::watch<int>> w(std::in_place, loop.executor(), 0);
    auto a = w->subscribe();
    auto b = w->subscribe();
    const auto waiting = loop.spawn(how(a.changed()));
    const auto until = loop.spawn(how(a.wait_until(above_three)));
    loop.settle();
    w->set(4);
    w.reset(); // closes it
    loop.settle();
    CHECK(waiting.result() == "done");
    CHECK(until.result() == "4");
    CHECK(b.has_changed());
    test::completion<> last;
    b.async_changed(last.handler());
    CHECK(loop.run(how(b.changed())) == "done");
    CHECK(last.done());
    CHECK_FALSE(last.error());
    CHECK(b.get() == 4);
    CHECK(loop.run(how(b.changed())) == closed);
    test::completion<> no_more;
    b.async_changed(no_more.handler());
    loop.settle();
    CHECK(no_more.error() == rill::errc::closed);
}

TEST_CASE("watch: closing a watcher while blocked on it ends that with errc::closed")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    auto mine = w.subscribe();
    auto theirs = w.subscribe();
    const auto blocked = loop.spawn(how(mine.changed()));
    const auto other = loop.spawn(how(theirs.changed()));
    loop.settle();
    CHECK(w.statistics().watchers == 2);
    CHECK(w.statistics().waiting == 2);
    mine.close();
    CHECK(w.statistics().watchers == 1);
    CHECK(w.statistics().waiting == 1);
    w.set(4);
    loop.settle();
    CHECK(blocked.result() == closed);
    CHECK(other.result() == "done");
    CHECK(loop.run(how(mine.changed())) == closed);
    CHECK(loop.run(how(mine.wait_until(above_three))) == closed);
}

TEST_CASE("watch: a watcher may be moved while a wait is pending on it, which it takes along")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    auto mine = w.subscribe();
    const auto first = loop.spawn(how(mine.changed()));
    loop.settle();
    std::optional<rill::watcher<int>> moved(std::move(mine));
    CHECK_FALSE(mine.is_open());
    w.set(1);
    loop.settle();
    CHECK(first.result() == "done");
    CHECK(moved->get() == 1);
    const auto second = loop.spawn(how(moved->changed()));
    loop.settle();
    moved = w.subscribe();
    loop.settle();
    CHECK(second.result() == closed);
    CHECK(w.statistics().watchers == 1);
}

TEST_CASE("watch: a change before the cancel is told; after a cancel, it has not been missed")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    auto mine = w.subscribe();
    auto told = loop.spawn(how(mine.changed()));
    loop.settle();
    w.set(1);
    told.cancel();
    loop.settle();
    CHECK(told.result() == "done");
    CHECK(mine.get() == 1);
    auto cancelled = loop.spawn(how(mine.changed()));
    loop.settle();
    cancelled.cancel();
    w.set(2);
    loop.settle();
    CHECK(cancelled.result() == "cancelled");
    CHECK(mine.has_changed());
    CHECK(w.statistics().waiting == 0);
}

TEST_CASE("watch: the same with a completion token and its slot")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    auto mine = w.subscribe();
    rill::asio::cancellation_signal signal;
    test::completion<> told;
    test::completion<> cancelled;
    mine.async_changed(told.handler());
    mine.async_changed(rill::asio::bind_cancellation_slot(signal.slot(), cancelled.handler()));
    signal.emit(rill::asio::cancellation_type::total);
    w.set(1);
    CHECK_FALSE(told.done());
    loop.settle();
    CHECK_FALSE(told.error());
    CHECK(told.calls() == 1);
    CHECK(cancelled.error() == rill::condition::cancelled);
}

TEST_CASE("watch: select over a change leaves it to be seen if something else comes first")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    auto mine = w.subscribe();
    const auto index = loop.spawn([&]() -> awaitable<std::size_t> {
        auto first = co_await rill::select(rill::sleep(1s), mine.changed());
        co_return first.index();
    });
    loop.advance(1s);
    CHECK(index.result() == 0);
    CHECK(w.statistics().waiting == 0);
    w.set(1);
    CHECK(mine.has_changed());
}

TEST_CASE("watch: values need be neither copyable nor default-constructible")
{
    struct settings {
        explicit settings(int v)
            : value(std::make_unique<int>(v))
        {}

        std::unique_ptr<int> value;
    };
    test::loop loop;
    rill::watch<settings> w(loop.executor(), settings(1));
    auto mine = w.subscribe();
    w.set(settings(2));
    CHECK(*mine.get().value == 2);
}

TEST_CASE("watch: it tells by its name what is waited for")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 0);
    w.set_name("settings");
    CHECK(w.name() == "settings");
    auto mine = w.subscribe();
    const auto why = [](awaitable<void> body) -> awaitable<std::string> {
        try {
            co_await rill::timeout(1s, std::move(body));
        } catch (const rill::timeout_error& e) {
            co_return e.what();
        }
        co_return "";
    };
    const std::string text = loop.run(why(mine.changed()));
    CHECK(text.find("a change of watch 'settings'") != std::string::npos);
}

TEST_CASE("PRIM-02: a loop ends with tasks and callbacks that wait for a watch that outlives it")
{
    const auto held = std::make_shared<int>(1);
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::watch<int> w(loop->executor(), 0);
    auto mine = w.subscribe();
    rill::watch<int> still(loop->executor(), 0);
    auto never = still.subscribe();
    never.async_changed([held](rill::error_code) { FAIL("called"); });
    const auto wait = [](rill::watcher<int>& from, std::shared_ptr<int>) -> awaitable<void> {
        co_await from.wait_until(above_three);
        FAIL("it went on");
    };
    loop->spawn(wait(mine, held));
    loop->settle();
    w.set(1);
    loop->settle();
    w.set(2); // a wake-up that has not run when the loop ends
    CHECK(held.use_count() == 3);
    loop.reset();
    CHECK(held.use_count() == 1);
    w.set(3);
    CHECK(mine.get() == 3);
}

TEST_CASE("PRIM-02: a loop ends with a watch in the frames of the tasks that use it")
{
    const auto held = std::make_shared<int>(1);
    {
        test::abandoned_loop loop;
        const auto listen = [](rill::watcher<int> w, std::shared_ptr<int>) -> awaitable<void> {
            for (;;) {
                co_await w.changed();
                w.get();
            }
        };
        loop.spawn([&]() -> awaitable<void> {
            rill::watch<int> w(0);
            auto mine = w.subscribe();
            rill::create_task(listen(w.subscribe(), held));
            co_await mine.changed();
        });
        loop.settle();
        CHECK(held.use_count() == 2);
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("R19: watches: whoever follows one sees its last version, and versions in their order")
{
    test::at_every_suspension([](test::scenario& s) {
        std::optional<rill::watch<int>> w(std::in_place, s.executor(), 0);
        auto mine = w->subscribe();
        std::vector<int> seen;
        const auto follow = [&]() -> awaitable<void> {
            try {
                for (;;) {
                    co_await mine.changed();
                    seen.push_back(mine.get());
                    if (seen.size() % 2 == 0)
                        co_await rill::sleep(1s);
                }
            } catch (const rill::system_error& e) {
                if (e.code() != rill::errc::closed)
                    throw;
            }
        };
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(follow());
                for (int i = 1; i <= 6; ++i) {
                    w->set(i);
                    if (i % 3 > 0)
                        co_await rill::sleep(300ms);
                }
                w.reset();
            });
        });
        for (std::size_t i = 1; i < seen.size(); ++i)
            CHECK(seen[i - 1] < seen[i]);
        const int last = seen.empty() ? 0 : seen.back();
        if (!mine.has_changed())
            CHECK(last == mine.get());
        if (s.completed())
            CHECK(last == 6);
        if (w)
            CHECK(w->statistics().waiting == 0);
    });
}

TEST_CASE(
    "R20: watch: used at random, a version is seen at most once, in order, and the last by all"
)
{
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        CAPTURE(seed);
        test::loop loop;
        rill::random_source random(seed);
        rill::watch<int> w(loop.executor(), 0);
        std::deque<std::vector<int>> seen;
        const auto look = [](rill::watcher<int>& from, std::vector<int>& to) -> awaitable<void> {
            co_await from.changed();
            to.push_back(from.get());
        };
        const auto follow = [&](rill::watcher<int> mine, std::vector<int>& to) -> awaitable<void> {
            while (to.empty() || to.back() < 20) {
                if (random() % 2 == 0)
                    co_await rill::move_on_after(1ms * (random() % 3), look(mine, to));
                else
                    co_await look(mine, to);
            }
        };
        for (int i = 0; i < 3; ++i)
            loop.spawn(follow(w.subscribe(), seen.emplace_back()));
        for (int i = 1; i <= 20; ++i) {
            w.set(i);
            if (random() % 2 == 0)
                loop.advance(1ms);
        }
        loop.advance(1s);
        for (const auto& versions : seen) {
            for (std::size_t i = 1; i < versions.size(); ++i)
                CHECK(versions[i - 1] < versions[i]);
            CHECK(versions.back() == 20);
        }
    }
}

TEST_CASE("watch: a watcher that was moved from is closed, and throws for all else")
{
    test::loop loop;
    rill::watch<int> w(loop.executor(), 1);
    auto from = w.subscribe();
    auto to = std::move(from);
    CHECK_FALSE(from.is_open());
    from.close();
    CHECK_THROWS_WITH_AS(
        from.get(),
        "rill: this watcher refers to nothing, as one does that was moved from",
        rill::invalid_state
    );
    CHECK_THROWS_AS(from.has_changed(), rill::invalid_state);
    CHECK_THROWS_AS(static_cast<void>(from.changed()), rill::invalid_state);
    CHECK_THROWS_AS(static_cast<void>(from.wait_until(above_three)), rill::invalid_state);
    from = std::move(to);
    CHECK(from.get() == 1);
}

} // namespace
