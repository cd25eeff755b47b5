// SPDX-License-Identifier: BSL-1.0
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>
#include <support/visit.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/condition_variable.hpp>
#include <rill/random.hpp>
#include <rill/select.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

/// Waits, and says its name while it holds the mutex, however the wait ended.
awaitable<void> wait_and_say(rill::condition_variable& changed, std::string& log, char name)
{
    const auto lock = co_await changed.scoped();
    try {
        co_await changed.wait();
        log += name;
    } catch (const rill::system_error&) {
        CHECK(changed.mutex().locked());
        log += '-';
        log += name;
        throw;
    }
}

/// As a task that has locked the mutex would.
void notify(rill::condition_variable& changed, std::size_t n = 1)
{
    REQUIRE(changed.mutex().try_lock());
    changed.notify(n);
    changed.mutex().unlock();
}

TEST_CASE("CND-01: wait unlocks the mutex, and holds it again when it returns")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    const auto t = loop.spawn([&]() -> awaitable<void> {
        co_await changed.mutex().lock();
        co_await changed.wait();
        CHECK(changed.mutex().locked());
    });
    loop.settle();
    CHECK_FALSE(changed.mutex().locked());
    notify(changed);
    loop.settle();
    CHECK(t.done());
    CHECK(changed.mutex().locked());
    changed.mutex().unlock();
}

TEST_CASE("CND-03: notify wakes at most so many in their order, notify_all all who wait")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::string log;
    for (const char name : {'a', 'b', 'c', 'd', 'e'})
        loop.spawn(wait_and_say(changed, log, name));
    loop.settle();
    notify(changed, 0);
    notify(changed);
    CHECK(log.empty()); // PRIM-01
    loop.settle();
    CHECK(log == "a");
    notify(changed, 2);
    loop.settle();
    CHECK(log == "abc");
    REQUIRE(changed.mutex().try_lock());
    changed.notify_all();
    changed.mutex().unlock();
    loop.spawn(wait_and_say(changed, log, 'f'));
    loop.settle();
    CHECK(log == "abcde"); // f came later
    notify(changed, 100);
    loop.settle();
    CHECK(log == "abcdef");
}

TEST_CASE("CND-04: a notified one goes on only when the notifier has unlocked the mutex")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::string log;
    loop.spawn(wait_and_say(changed, log, 'a'));
    loop.settle();
    loop.run([&]() -> awaitable<void> {
        auto lock = co_await changed.scoped();
        changed.notify();
        co_await rill::sleep(1s);
        CHECK(log.empty());
        CHECK(changed.statistics().returning == 1);
        lock.unlock();
        CHECK(log.empty());
    });
    loop.settle();
    CHECK(log == "a");
}

TEST_CASE("CND-04: notified ones stand in the mutex's line, behind those who came before")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::string log;
    const auto lock_and_say = [&](char name) -> awaitable<void> {
        const auto lock = co_await changed.scoped();
        log += name;
        co_await rill::yield();
    };
    loop.spawn(wait_and_say(changed, log, 'a'));
    loop.spawn(wait_and_say(changed, log, 'b'));
    loop.settle();
    REQUIRE(changed.mutex().try_lock());
    loop.spawn(lock_and_say('1'));
    loop.settle();
    changed.notify_all();
    loop.spawn(lock_and_say('2'));
    loop.settle();
    changed.mutex().unlock();
    loop.settle();
    CHECK(log == "1ab2");
}

TEST_CASE("CND-05: cancelled while it waits, it holds the mutex when it throws")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::string log;
    auto t = loop.spawn(wait_and_say(changed, log, 'a'));
    loop.settle();
    t.cancel();
    CHECK(changed.mutex().locked()); // it is handed to the one that is cancelled
    t.cancel();
    loop.settle();
    CHECK(log == "-a");
    CHECK(t.cancelled());
    CHECK_FALSE(changed.mutex().locked());
    CHECK(changed.statistics().waiting == 0);
}

TEST_CASE("CND-06: cancelled while another holds the mutex, it waits for that first")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::string log;
    auto t = loop.spawn(wait_and_say(changed, log, 'a'));
    loop.settle();
    REQUIRE(changed.mutex().try_lock());
    t.cancel();
    t.cancel();
    loop.settle();
    CHECK_FALSE(t.done());
    CHECK(changed.statistics().waiting == 0);
    CHECK(changed.statistics().returning == 1);
    changed.notify(); // nobody is left
    changed.mutex().unlock();
    loop.settle();
    CHECK(log == "-a");
}

TEST_CASE("CND-07: cancelled when it is notified and waits for the mutex: the same")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::string log;
    auto t = loop.spawn(wait_and_say(changed, log, 'a'));
    loop.settle();
    REQUIRE(changed.mutex().try_lock());
    changed.notify();
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK_FALSE(t.done());
    changed.mutex().unlock();
    loop.settle();
    CHECK(log == "-a");
    CHECK(t.cancelled());
}

TEST_CASE("CND-07 (completion wins): handed the mutex before the cancel arrives, it was notified")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::string log;
    auto t = loop.spawn([&]() -> awaitable<void> {
        co_await wait_and_say(changed, log, 'a');
        co_await rill::yield();
        FAIL("the cancel shows at the next wait");
    });
    loop.spawn(wait_and_say(changed, log, 'b'));
    loop.settle();
    notify(changed);
    t.cancel();
    loop.settle();
    CHECK(log == "a"); // the notification was used
    CHECK(t.cancelled());
    notify(changed);
    loop.settle();
}

TEST_CASE("CND-09: whoever awaits the task has the message of the cancellation that left the wait")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    changed.set_name("changed");
    std::string log;
    auto t = loop.spawn(wait_and_say(changed, log, 'a'), "reader");
    loop.settle();
    t.cancel("no more of it");
    loop.settle();
    const auto text = test::text_of(t.exception());
    CHECK(
        text.find("task 'reader' while it waited for condition variable 'changed' at ") !=
        std::string::npos
    );
    CHECK(text.find("(no more of it)") != std::string::npos);
}

TEST_CASE("CND-10: a notified one that is cancelled passes its notification on")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::string log;
    auto a = loop.spawn(wait_and_say(changed, log, 'a'));
    for (const char name : {'b', 'c'})
        loop.spawn(wait_and_say(changed, log, name));
    loop.settle();
    REQUIRE(changed.mutex().try_lock());
    changed.notify();
    a.cancel();
    a.cancel(); // once is enough
    changed.mutex().unlock();
    loop.settle();
    CHECK(log == "-ab");
    notify(changed);
    loop.settle();
    CHECK(log == "-abc");
}

TEST_CASE("CND-10: a chain of cancelled ones passes it on, and to nobody if nobody is left")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::string log;
    std::vector<rill::task<void>> tasks;
    for (const char name : {'a', 'b', 'c'})
        tasks.push_back(loop.spawn(wait_and_say(changed, log, name)));
    loop.settle();
    REQUIRE(changed.mutex().try_lock());
    changed.notify();
    tasks[0].cancel();
    tasks[1].cancel();
    CHECK(changed.statistics().waiting == 0);
    tasks[2].cancel();
    changed.mutex().unlock();
    loop.settle();
    CHECK(log == "-a-b-c");
    CHECK_FALSE(changed.mutex().locked());
}

TEST_CASE("CND-10: one that is cancelled before the notification does not get it")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::string log;
    auto a = loop.spawn(wait_and_say(changed, log, 'a'));
    loop.spawn(wait_and_say(changed, log, 'b'));
    loop.settle();
    REQUIRE(changed.mutex().try_lock());
    a.cancel();
    changed.notify();
    changed.mutex().unlock();
    loop.settle();
    CHECK(log == "-ab");
}

TEST_CASE("CND-11: waiting for a predicate loops until it holds, and gives what it gave")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::deque<int> items;
    int asked = 0;
    const auto t = loop.spawn([&]() -> awaitable<int> {
        const auto lock = co_await changed.scoped();
        const auto item = co_await changed.wait([&]() -> std::optional<int> {
            ++asked;
            CHECK(changed.mutex().locked());
            return items.empty() ? std::nullopt : std::optional(items.front());
        });
        co_return *item;
    });
    loop.settle();
    notify(changed);
    loop.settle();
    CHECK(asked == 2);
    CHECK_FALSE(t.done());
    items.push_back(7);
    notify(changed);
    loop.settle();
    CHECK(t.result() == 7);
    CHECK(asked == 3);
}

TEST_CASE("CND-11, PRIM-04: a predicate that holds does not suspend")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    loop.run([&]() -> awaitable<void> {
        const auto lock = co_await changed.scoped();
        bool turned = false;
        rill::this_loop().call_soon([&] { turned = true; });
        const bool holds = co_await changed.wait([] { return true; });
        CHECK(holds);
        CHECK_FALSE(turned);
        co_await rill::yield();
    });
}

TEST_CASE("CND-11: an exception of the predicate leaves the wait, with the mutex held")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    const auto t = loop.spawn([&]() -> awaitable<std::string> {
        const auto lock = co_await changed.scoped();
        int asked = 0;
        auto predicate = [&] {
            return ++asked == 2 ? throw std::runtime_error("not today") : false;
        };
        const auto how = co_await test::how(changed.wait(predicate));
        CHECK(changed.mutex().locked());
        co_return how;
    });
    loop.settle();
    notify(changed);
    loop.settle();
    CHECK(t.result() == "not today");
}

TEST_CASE("CND-11: waiting or notifying while the mutex is not locked is a logic error")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    changed.set_name("changed");
    const std::string text = "rill: whoever waits for condition variable 'changed' or notifies it "
                             "holds its mutex, and that is not locked";
    CHECK(loop.run(test::how(changed.wait())) == text);
    CHECK(loop.run(test::how(changed.wait([] { return true; }))) == text);
    CHECK_THROWS_AS(changed.async_wait([](rill::error_code) {}), std::logic_error);
    CHECK_THROWS_AS(changed.notify(), std::logic_error);
    CHECK_THROWS_AS(changed.notify_all(), std::logic_error);
}

TEST_CASE("CND-12: a timeout around the wait leaves the mutex held inside")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    loop.run([&]() -> awaitable<void> {
        const auto lock = co_await changed.scoped();
        const bool notified = co_await rill::move_on_after(1s, changed.wait());
        CHECK_FALSE(notified);
        CHECK(changed.mutex().locked());
        const auto late = co_await test::how(rill::timeout(1s, changed.wait()));
        CHECK(late == "timeout");
        CHECK(changed.mutex().locked());
    });
    CHECK_FALSE(changed.mutex().locked());
}

TEST_CASE("CND-13: several share one mutex, and each wakes its own")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    rill::condition_variable not_empty(mutex);
    rill::condition_variable not_full(mutex);
    CHECK(&not_empty.mutex() == &not_full.mutex());
    std::string log;
    loop.spawn(wait_and_say(not_empty, log, 'e'));
    loop.spawn(wait_and_say(not_full, log, 'f'));
    loop.settle();
    notify(not_full);
    loop.settle();
    CHECK(log == "f");
    notify(not_empty);
    loop.settle();
    CHECK(log == "fe");
}

TEST_CASE("CND-13: the mutex of another loop than the running one is refused")
{
    test::loop one;
    test::loop other;
    rill::mutex mutex(other.executor());
    one.run([&]() -> awaitable<void> {
        CHECK_THROWS_AS(rill::condition_variable{mutex}, std::invalid_argument);
        co_return;
    });
    rill::condition_variable changed(mutex);
    REQUIRE(mutex.try_lock());
    CHECK(
        one.run(test::how(changed.wait())).find("which belongs to another loop") !=
        std::string::npos
    );
}

TEST_CASE("condition_variable: with a handler, it holds the mutex again, also beside an error")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    asio::cancellation_signal signal;
    test::completion<> first;
    test::completion<> second;
    REQUIRE(changed.mutex().try_lock());
    changed.async_wait(asio::bind_cancellation_slot(signal.slot(), first.handler()));
    REQUIRE(changed.mutex().try_lock());
    auto later = changed.async_wait(asio::deferred); // begins after the mutex was unlocked
    changed.mutex().unlock();
    std::move(later)(second.handler());
    CHECK_FALSE(changed.mutex().locked());
    CHECK(changed.statistics().waiting == 2);
    signal.emit(asio::cancellation_type::total);
    loop.settle();
    CHECK(first.error() == rill::condition::cancelled);
    CHECK(changed.mutex().locked());
    changed.notify();
    changed.mutex().unlock();
    loop.settle();
    CHECK(second.calls() == 1);
    CHECK_FALSE(second.error());
    CHECK(changed.mutex().locked());
}

template <class Op>
concept select_takes = rill::detail::selectable<Op>;

template <class Variable>
concept waits_without_a_token = requires(Variable& changed) { changed.async_wait(); };

TEST_CASE("select: a wait for a condition variable, which gives the mutex away, is no choice")
{
    using variable = rill::condition_variable;
    using wait = decltype(std::declval<variable&>().wait());
    using deferred = decltype(std::declval<variable&>().async_wait(asio::deferred));
    static_assert(select_takes<decltype(std::declval<rill::mutex&>().lock())>);
    static_assert(!select_takes<wait>);
    static_assert(!select_takes<deferred>);
    static_assert(!waits_without_a_token<variable>);
}

TEST_CASE("BY-46: statistics tell who waits to be notified, and who for the mutex")
{
    test::loop loop;
    rill::condition_variable changed(loop.executor());
    std::string log;
    for (const char name : {'a', 'b', 'c'})
        loop.spawn(wait_and_say(changed, log, name));
    loop.settle();
    REQUIRE(changed.mutex().try_lock());
    changed.notify(2);
    const auto now = changed.statistics();
    CHECK(now.waiting == 1);
    CHECK(now.returning == 2);
    CHECK(now.mutex.locked);
    CHECK(now.mutex.waiting == 2);
    changed.mutex().unlock();
    loop.settle();
    CHECK(changed.statistics().returning == 0);
    notify(changed);
    loop.settle();
}

TEST_CASE("PRIM-02: destroyed while tasks wait, they end one by one, each with the mutex")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    auto changed = std::make_unique<rill::condition_variable>(mutex);
    int inside = 0;
    const auto wait = [&](rill::condition_variable& c) -> awaitable<void> {
        const auto lock = co_await mutex.scoped();
        const auto how = co_await test::how(c.wait());
        const test::visit visit(inside, 1);
        CHECK(how == "cancelled");
        co_await rill::sleep(1s);
    };
    for (int i = 0; i < 3; ++i)
        loop.spawn(wait(*changed));
    loop.settle();
    changed.reset();
    loop.advance(2s);
    CHECK(mutex.locked());
    loop.advance(1s);
    CHECK_FALSE(mutex.locked());
}

TEST_CASE("PRIM-02: destroyed while notified ones wait for the mutex: these were notified")
{
    test::loop loop;
    rill::mutex mutex(loop.executor());
    auto changed = std::make_unique<rill::condition_variable>(mutex);
    std::vector<rill::task<std::string>> tasks;
    const auto wait = [&]() -> awaitable<std::string> {
        const auto lock = co_await mutex.scoped();
        co_return co_await test::how(changed->wait());
    };
    for (int i = 0; i < 3; ++i)
        tasks.push_back(loop.spawn(wait));
    loop.settle();
    REQUIRE(mutex.try_lock());
    changed->notify(2);
    changed.reset();
    tasks[1].cancel(); // has nobody to pass it on to
    mutex.unlock();
    loop.settle();
    CHECK(tasks[0].result() == "done");
    CHECK(tasks[1].result() == "cancelled");
    CHECK(tasks[2].result() == "cancelled");
}

TEST_CASE("PRIM-02: destroyed with a mutex of its own, it ends the waits, whatever their line")
{
    test::loop loop;
    auto changed = std::make_unique<rill::condition_variable>(loop.executor());
    std::vector<test::completion<>> waits(3);
    for (auto& wait : waits) {
        REQUIRE(changed->mutex().try_lock());
        changed->async_wait(wait.handler());
    }
    REQUIRE(changed->mutex().try_lock());
    changed->notify(2);
    changed->mutex().unlock(); // to the first
    changed.reset();
    loop.settle();
    for (const auto& wait : waits)
        CHECK(wait.error() == rill::condition::cancelled);
}

TEST_CASE("PRIM-02: a loop ends with a condition variable in the very frame that waits for it")
{
    for (const bool notified : {false, true}) {
        test::abandoned_loop loop;
        loop.spawn([&]() -> awaitable<void> {
            rill::condition_variable changed;
            const auto wait = [&]() -> awaitable<void> {
                const auto lock = co_await changed.scoped();
                co_await changed.wait();
                FAIL("it went on");
            };
            for (int i = 0; i < 3; ++i)
                rill::create_task(wait);
            co_await rill::yield();
            co_await changed.mutex().lock();
            if (notified) {
                changed.notify(2);
                co_await rill::sleep(1h); // while they wait for the mutex
            }
            co_await changed.wait();
        });
        loop.settle();
    }
}

TEST_CASE("PRIM-02: a loop ends, and the condition variable outlives it")
{
    std::optional<test::abandoned_loop> loop(std::in_place);
    rill::condition_variable changed(loop->executor());
    std::string log;
    for (const char name : {'a', 'b'})
        loop->spawn(wait_and_say(changed, log, name));
    loop->settle();
    REQUIRE(changed.mutex().try_lock());
    changed.notify();
    loop.reset();
    CHECK(log.empty());
    CHECK(changed.statistics().waiting == 0);
    CHECK(changed.statistics().returning == 0);
}

/// A queue of one place, which is what condition variables are for.
class place {
public:
    explicit place(const asio::any_io_executor& ex)
        : mutex_(ex)
    {}

    awaitable<void> put()
    {
        const auto lock = co_await mutex_.scoped();
        const test::visit visit(inside_, 1);
        co_await wait_outside(not_full_, [&] { return !full; });
        full = true;
        ++puts;
        not_empty_.notify();
    }

    awaitable<void> get()
    {
        const auto lock = co_await mutex_.scoped();
        const test::visit visit(inside_, 1);
        co_await wait_outside(not_empty_, [&] { return full; });
        full = false;
        ++gets;
        not_full_.notify();
    }

    bool in_use() const { return mutex_.locked() || inside_ != 0; }

    bool full = false;
    int puts = 0;
    int gets = 0;

private:
    /// Others may be inside while this one waits; it is back when it ends, whichever way.
    template <class Predicate>
    awaitable<void> wait_outside(rill::condition_variable& changed, Predicate predicate)
    {
        class outside {
        public:
            explicit outside(int& inside)
                : inside_(inside)
            {
                --inside_;
            }

            ~outside() { CHECK(++inside_ == 1); }

        private:
            int& inside_;
        };

        while (!predicate()) {
            const outside away(inside_);
            co_await changed.wait();
        }
    }

    rill::mutex mutex_;
    rill::condition_variable not_empty_{mutex_};
    rill::condition_variable not_full_{mutex_};
    int inside_ = 0;
};

TEST_CASE("R19: condition variables: one holds the mutex at a time, and nothing is put twice")
{
    test::at_every_suspension([](test::scenario& s) {
        place p(s.executor());
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                for (int i = 0; i < 2; ++i) {
                    g.create_task(p.put());
                    g.create_task(p.get());
                }
                co_await rill::move_on_after(1s, p.get());
                co_await p.put();
            });
        });
        CHECK_FALSE(p.in_use());
        CHECK(p.puts - p.gets == (p.full ? 1 : 0));
        if (s.completed())
            CHECK(p.puts == 3);
    });
}

/// Puts or gets several times, and gives up at random.
awaitable<void> wander(place& p, rill::random_source& random, bool puts)
{
    for (int i = 0; i < 10; ++i) {
        const auto patience = std::chrono::milliseconds(random() % 6);
        co_await rill::move_on_after(patience, puts ? p.put() : p.get());
        if (random() % 2 == 0)
            co_await rill::sleep(std::chrono::milliseconds(random() % 3));
    }
}

TEST_CASE("CND-10: random schedules: no notification is lost, one holds the mutex")
{
    for (std::uint64_t seed = 0; seed < test::schedules; ++seed) {
        INFO("seed ", seed);
        test::loop loop;
        rill::random_source random(seed);
        place p(loop.executor());
        std::vector<rill::task<void>> tasks;
        for (int i = 0; i < 6; ++i)
            tasks.push_back(loop.spawn(wander(p, random, i % 2 == 0)));
        loop.advance(std::chrono::milliseconds(random() % 10));
        tasks[random() % tasks.size()].cancel();
        loop.advance(1s);
        for (const auto& t : tasks)
            CHECK(t.done());
        // Whoever waits in vain now would mean that a notification was lost.
        const auto last = loop.spawn(p.full ? p.get() : p.put());
        loop.settle();
        CHECK(last.done());
        CHECK_FALSE(p.in_use());
        CHECK(p.puts - p.gets == (p.full ? 1 : 0));
    }
}

/// Every item that is put wakes somebody who takes it: nobody may sleep beside an item.
TEST_CASE("CND-10: random schedules: nobody waits beside an item")
{
    for (std::uint64_t seed = 0; seed < test::schedules; ++seed) {
        INFO("seed ", seed);
        test::loop loop;
        rill::random_source random(seed);
        rill::condition_variable changed(loop.executor());
        int items = 0;
        const auto get = [&]() -> awaitable<void> {
            const auto lock = co_await changed.scoped();
            co_await changed.wait([&] { return items > 0; });
            --items;
        };
        std::vector<rill::task<void>> tasks;
        for (int i = 0; i < 8; ++i)
            tasks.push_back(loop.spawn(get));
        loop.settle();
        std::size_t cancelled = 0;
        for (int i = 0; i < 6; ++i) {
            REQUIRE(changed.mutex().try_lock());
            ++items;
            changed.notify();
            if (random() % 2 == 0)
                tasks[random() % tasks.size()].cancel();
            changed.mutex().unlock();
            if (random() % 2 == 0)
                tasks[random() % tasks.size()].cancel();
            loop.settle();
        }
        for (const auto& t : tasks)
            cancelled += t.done() && t.cancelled() ? 1 : 0;
        const auto waiting = changed.statistics().waiting;
        CHECK((items == 0 || waiting == 0));
        CHECK(waiting + cancelled + static_cast<std::size_t>(6 - items) == tasks.size());
        for (auto& t : tasks)
            t.cancel();
        loop.settle();
    }
}

} // namespace
