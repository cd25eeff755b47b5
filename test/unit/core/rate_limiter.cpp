// SPDX-License-Identifier: BSL-1.0
#include <support/aborted.hpp>
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>

#include <rill/random.hpp>
#include <rill/rate_limiter.hpp>
#include <rill/select.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

awaitable<void> acquire_and_say(rill::rate_limiter& r, std::ptrdiff_t n, std::string& log, char c)
{
    co_await r.acquire(n);
    log += c;
}

bool timers_armed(test::loop& loop)
{
    return !rill::detail::loop_core::of(loop.context()).timers().empty();
}

TEST_CASE("rate_limiter: it starts with its burst, which is had at once and without suspending")
{
    test::loop loop;
    rill::rate_limiter r(loop.executor(), 10, 1s, 3);
    CHECK(r.available() == 3);
    CHECK(r.burst() == 3);
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback "; });
        co_await r.acquire(2);
        co_await r.acquire();
        order += "acquired ";
        co_await rill::yield();
    });
    CHECK(order == "acquired callback ");
    CHECK(r.available() == 0);
}

TEST_CASE("rate_limiter: permits come evenly, and the wait for one is not a nanosecond too short")
{
    test::loop loop;
    rill::rate_limiter r(loop.executor(), 3, 1s, 1);
    REQUIRE(r.try_acquire());
    const auto t = loop.spawn(r.acquire());
    loop.advance(333'333'333ns);
    CHECK_FALSE(t.done());
    loop.advance(1ns);
    CHECK(t.done());
}

TEST_CASE("rate_limiter: what nobody uses is saved up to the burst, and not beyond")
{
    test::loop loop;
    rill::rate_limiter r(loop.executor(), 10, 1s, 5);
    REQUIRE(r.try_acquire(5));
    loop.advance(250ms);
    CHECK(r.available() == 2);
    loop.advance(100h);
    CHECK(r.available() == 5);
    CHECK_FALSE(timers_armed(loop));
}

TEST_CASE("rate_limiter: permits are given in the order of waiting, many before few")
{
    test::loop loop;
    rill::rate_limiter r(loop.executor(), 1, 1s, 4);
    REQUIRE(r.try_acquire(4));
    std::string log;
    loop.spawn(acquire_and_say(r, 4, log, 'a'));
    loop.spawn(acquire_and_say(r, 1, log, 'b'));
    loop.settle();
    loop.advance(3s);
    CHECK(log.empty());
    CHECK(r.available() == 3);
    CHECK_FALSE(r.try_acquire()); // they are saved for the first
    loop.advance(1s);
    CHECK(log == "a");
    loop.advance(1s);
    CHECK(log == "ab");
}

TEST_CASE("rate_limiter: one timer is armed, for the first in line, however many wait")
{
    test::loop loop;
    rill::rate_limiter r(loop.executor(), 1, 1s, 1);
    REQUIRE(r.try_acquire());
    std::vector<rill::task<void>> tasks;
    for (int i = 0; i < 10; ++i)
        tasks.push_back(loop.spawn(r.acquire()));
    loop.settle();
    CHECK(r.statistics().waiting == 10);
    CHECK(rill::detail::loop_core::of(loop.context()).timers().size() == 1);
    loop.advance(10s);
    CHECK(r.statistics().waiting == 0);
    CHECK_FALSE(timers_armed(loop));
}

TEST_CASE("rate_limiter: permits over days of the loop's time come exactly on time")
{
    constexpr std::int64_t count = test::sanitized ? 100'000 : 1'000'000;
    constexpr std::int64_t n = 7;
    test::loop loop;
    rill::rate_limiter r(loop.executor(), n, 1s, 2);
    const auto begin = loop.now();
    std::int64_t late = 0;
    loop.run([&]() -> awaitable<void> {
        for (std::int64_t i = 1; i <= count; ++i) {
            co_await r.acquire();
            const std::int64_t earned = (i - 2) * 1'000'000'000;
            const auto due = std::chrono::nanoseconds(i <= 2 ? 0 : (earned + n - 1) / n);
            late += loop.now() - begin != due;
        }
    });
    CHECK(late == 0);
    CHECK(loop.now() - begin > (test::sanitized ? 3h : 39h));
}

TEST_CASE("rate_limiter: the largest settings neither overflow nor end a wait early")
{
    test::loop loop;
    rill::rate_limiter fast(loop.executor(), PTRDIFF_MAX, rill::forever, PTRDIFF_MAX);
    REQUIRE(fast.try_acquire(PTRDIFF_MAX));
    loop.advance(10s);
    CHECK(fast.available() == std::chrono::nanoseconds(10s).count());
    rill::rate_limiter slow(loop.executor(), 1, rill::forever, PTRDIFF_MAX);
    REQUIRE(slow.try_acquire(PTRDIFF_MAX));
    auto t = loop.spawn(slow.acquire(PTRDIFF_MAX));
    loop.advance(10'000h);
    CHECK_FALSE(t.done());
    t.cancel();
    loop.settle();
    CHECK(t.cancelled());
}

TEST_CASE(
    "rate_limiter: wishes and settings that make no sense are refused with what would be right"
)
{
    test::loop loop;
    rill::rate_limiter r(loop.executor(), 1, 1s, 2);
    CHECK_THROWS_WITH_AS(
        r.try_acquire(3),
        "rill::rate_limiter: 3 permits; from 1 to 2, its burst, can be acquired",
        std::invalid_argument
    );
    CHECK_THROWS_AS(static_cast<void>(r.acquire(0)), std::invalid_argument);
    CHECK_THROWS_AS(loop.run(r.acquire(3)), std::invalid_argument);
    CHECK_THROWS_AS(rill::rate_limiter(loop.executor(), 0, 1s, 1), std::invalid_argument);
    CHECK_THROWS_AS(rill::rate_limiter(loop.executor(), 1, 0s, 1), std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        rill::rate_limiter(loop.executor(), 1, 1us, -1),
        "rill::rate_limiter: 1 permits in 1000ns with a burst of -1; each must be positive",
        std::invalid_argument
    );
    CHECK_THROWS_AS(rill::rate_limiter(1, 1s, 1), std::logic_error); // no loop runs here
}

TEST_CASE("rate_limiter: a cancelled wait takes nothing, and those behind it move up at once")
{
    test::loop loop;
    rill::rate_limiter r(loop.executor(), 1, 1s, 3);
    REQUIRE(r.try_acquire(3));
    std::string log;
    auto a = loop.spawn(acquire_and_say(r, 3, log, 'a'));
    loop.spawn(acquire_and_say(r, 1, log, 'b'));
    loop.advance(2s);
    a.cancel();
    loop.settle();
    CHECK(a.cancelled());
    CHECK(log == "b");
    CHECK(r.available() == 1);
    CHECK_FALSE(timers_armed(loop));
}

TEST_CASE("rate_limiter: one behind the first is cancelled, and the first keeps its place and timer"
)
{
    test::loop loop;
    rill::rate_limiter r(loop.executor(), 1, 1s, 1);
    REQUIRE(r.try_acquire());
    std::string log;
    loop.spawn(acquire_and_say(r, 1, log, 'a'));
    auto b = loop.spawn(acquire_and_say(r, 1, log, 'b'));
    loop.advance(500ms);
    b.cancel();
    CHECK(r.statistics().waiting == 1);
    loop.advance(500ms);
    CHECK(log == "a");
}

TEST_CASE("rate_limiter (completion wins): permits given before the cancel are had, and given once")
{
    test::loop loop;
    rill::rate_limiter r(loop.executor(), 1, 1s, 1);
    REQUIRE(r.try_acquire());
    std::string log;
    auto a = loop.spawn(acquire_and_say(r, 1, log, 'a'));
    const auto b = loop.spawn(acquire_and_say(r, 1, log, 'b'));
    loop.settle();

    SUBCASE("the grant, then the cancel")
    {
        REQUIRE(loop.jump()); // given, and has not run since
        CHECK(r.statistics().promised == 1);
        a.cancel();
        loop.settle();
        CHECK_FALSE(a.cancelled());
        CHECK(log == "a");
    }
    SUBCASE("the cancel, then the grant")
    {
        a.cancel();
        REQUIRE(loop.jump());
        loop.settle();
        CHECK(a.cancelled());
        CHECK(log == "b");
    }
    loop.advance(1h);
    CHECK(b.done());
}

TEST_CASE("rate_limiter: with completion tokens and slots, and in select, which loses no permit")
{
    test::loop loop;
    rill::rate_limiter r(loop.executor(), 1, 1s, 2);
    rill::asio::cancellation_signal signal;
    test::completion<> first;
    test::completion<> second;
    r.async_acquire(2, first.handler());
    r.async_acquire(rill::asio::bind_cancellation_slot(signal.slot(), second.handler()));
    loop.settle();
    CHECK(first.calls() == 1);
    signal.emit(rill::asio::cancellation_type::total);
    loop.settle();
    CHECK(second.error() == rill::condition::cancelled);
    const bool got = loop.run([&]() -> awaitable<bool> {
        auto end = co_await rill::select(r.acquire(), rill::sleep(999ms));
        co_return end.index() == 0;
    });
    CHECK_FALSE(got);
    loop.advance(1ms);
    CHECK(r.available() == 1);
}

TEST_CASE("rate_limiter: whoever waits says for what")
{
    test::loop loop;
    rill::rate_limiter r(loop.executor(), 1, 1s, 3);
    r.set_name("mails");
    REQUIRE(r.try_acquire(3));
    const std::string text = loop.run(test::how(rill::wait_for(r.acquire(3), 1s)));
    CHECK(text == "timeout");
    auto t = loop.spawn(r.acquire(2));
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(test::text_of(t.exception()).find("2 permits of rate limiter 'mails'") != text.npos);
}

TEST_CASE("rate_limiter: destroyed while tasks wait, their waits end with operation_aborted")
{
    test::loop loop;
    auto r = std::make_unique<rill::rate_limiter>(loop.executor(), 1, 1s, 1);
    REQUIRE(r->try_acquire());
    const auto granted = loop.spawn(r->acquire());
    const auto waiting = loop.spawn(r->acquire());
    loop.settle();
    REQUIRE(loop.jump()); // the first one has its permit
    r.reset();
    CHECK_FALSE(timers_armed(loop));
    loop.settle();
    CHECK_FALSE(granted.cancelled());
    CHECK(test::was_aborted(waiting));
}

TEST_CASE("select: two waits for one rate_limiter, with somebody behind them")
{
    test::loop loop;
    rill::rate_limiter limiter(loop.executor(), 100, 1s, 1);
    REQUIRE(limiter.try_acquire());
    const auto either = loop.spawn([&]() -> awaitable<void> {
        co_await rill::select(limiter.acquire(), limiter.acquire());
    });
    const auto behind = loop.spawn(limiter.acquire());
    loop.advance(10ms);
    CHECK(either.done());
    CHECK_FALSE(behind.done());
    loop.advance(10ms);
    CHECK(behind.done());
}

TEST_CASE("rate_limiter: one that dies gives nothing to those behind a wait of a select")
{
    test::loop loop;
    auto r = std::make_unique<rill::rate_limiter>(loop.executor(), 1, 1s, 5);
    REQUIRE(r->try_acquire(4));
    const auto several = loop.spawn([&]() -> awaitable<void> {
        static_cast<void>(co_await rill::select(r->acquire(5), r->acquire(3)));
    });
    const auto behind = loop.spawn(r->acquire());
    const auto last = loop.spawn(r->acquire(2));
    loop.settle();
    r.reset();
    CHECK_FALSE(timers_armed(loop));
    loop.settle();
    CHECK(test::was_aborted(several));
    CHECK(test::was_aborted(behind));
    CHECK(test::was_aborted(last));
}

TEST_CASE(
    "rate_limiter: the loop dies while they wait; it may be elsewhere, or in a frame that waits"
)
{
    std::optional<rill::rate_limiter> outside;
    int frames = 0;
    {
        test::abandoned_loop loop;
        outside.emplace(loop.executor(), 1, 1s, 1);
        REQUIRE(outside->try_acquire());
        const auto wait = [&](rill::rate_limiter* r) -> awaitable<void> {
            const auto count = std::shared_ptr<int>(&++frames, [](int* n) { --*n; });
            std::optional<rill::rate_limiter> inside;
            if (!r) {
                r = &inside.emplace(loop.executor(), 1, 1s, 1);
                REQUIRE(r->try_acquire());
            }
            co_await r->acquire();
        };
        for (int i = 0; i < 3; ++i) {
            loop.spawn(wait(&*outside));
            loop.spawn(wait(nullptr));
        }
        loop.settle();
        CHECK(frames == 6);
    }
    CHECK(frames == 0);
    outside.reset();
}

/// A token bucket by the book: what was given never exceeds what had been earned.
class bucket {
public:
    bucket(std::int64_t n, std::int64_t interval, std::int64_t burst)
        : n_(n)
        , interval_(interval)
        , most_(burst * interval)
        , saved_(most_)
    {}

    /// False if there was not so much.
    bool take(std::int64_t now, std::int64_t permits)
    {
        advance(now);
        saved_ -= permits * interval_;
        return saved_ >= 0;
    }

    std::int64_t available(std::int64_t now)
    {
        advance(now);
        return saved_ / interval_;
    }

private:
    void advance(std::int64_t now)
    {
        saved_ = std::min(most_, saved_ + (now - since_) * n_);
        since_ = now;
    }

    std::int64_t n_;
    std::int64_t interval_;
    std::int64_t most_;
    std::int64_t saved_;
    std::int64_t since_ = 0;
};

TEST_CASE("rate_limiter: interrupted at every suspension, each permit is had once or still there")
{
    test::at_every_suspension([](test::scenario& s) {
        constexpr std::int64_t second = 1'000'000'000;
        rill::rate_limiter r(s.executor(), 2, 1s, 3);
        bucket model(2, second, 3);
        const auto begin = s.loop().now();
        const auto now = [&] { return (s.loop().now() - begin).count(); };
        int had = 0;
        const auto use = [&](int n, int times) -> awaitable<void> {
            for (int i = 0; i < times; ++i) {
                co_await r.acquire(n);
                CHECK(model.take(now(), n));
                had += n;
            }
        };
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(use(3, 2));
                g.create_task(use(1, 3));
                co_await use(2, 2);
            });
        });
        CHECK(r.statistics().waiting == 0);
        CHECK(r.available() == model.available(now()));
        if (s.completed())
            CHECK(had == 13);
    });
}

/// Tasks with random wishes that come, wait and are cancelled at random; true if all was right.
bool random_schedule_holds(std::uint64_t seed)
{
    rill::random_source random(seed);
    const auto below = [&random](std::uint64_t n) {
        return static_cast<std::int64_t>(random() % n);
    };
    const std::int64_t n = 1 + below(9);
    const std::int64_t interval = 1 + below(1000);
    const std::int64_t burst = 1 + below(5);
    test::loop loop;
    rill::rate_limiter r(loop.executor(), n, std::chrono::nanoseconds(interval), burst);
    bucket model(n, interval, burst);
    const auto begin = loop.now();
    const auto now = [&] { return (loop.now() - begin).count(); };
    bool right = true;
    int arrivals = 0;
    int last = 0;
    const auto use = [&](std::int64_t wish) -> awaitable<void> {
        const int number = ++arrivals;
        co_await r.acquire(wish);
        right = right && model.take(now(), wish) && number > last;
        last = number;
    };
    std::vector<rill::task<void>> tasks;
    for (int step = 0; step < 60; ++step) {
        const auto what = below(4);
        if (what <= 1)
            tasks.push_back(loop.spawn(use(1 + below(static_cast<std::uint64_t>(burst)))));
        else if (what == 2 && !tasks.empty())
            tasks[static_cast<std::size_t>(below(tasks.size()))].cancel();
        else if (below(2) == 0) {
            loop.settle(
            ); // what is given is noted at its time; after the jump a cancel may come first
            loop.jump();
        } else
            loop.advance(std::chrono::nanoseconds(below(2 * static_cast<std::uint64_t>(interval))));
        if (below(3) == 0)
            loop.settle();
    }
    loop.settle();
    while (loop.jump())
        loop.settle();
    for (const auto& t : tasks)
        right = right && t.done();
    return right && r.statistics().waiting == 0 && r.available() == model.available(now());
}

TEST_CASE("rate_limiter: random schedules: the rate holds, the order too, and no permit is lost")
{
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        INFO("seed ", seed);
        CHECK(random_schedule_holds(seed));
    }
}

} // namespace
