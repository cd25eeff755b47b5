// SPDX-License-Identifier: BSL-1.0
#include "things.hpp"
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/log_capture.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

/// A pool of so many idle things, numbered from 1, the last one on top.
struct stocked {
    explicit stocked(int count, rill::pool_options options = {})
        : pool(loop.executor(), keeper{&shop}, options)
    {
        std::vector<thing_lease> all;
        for (int i = 0; i < count; ++i)
            all.push_back(loop.run([&] { return pool.acquire(); }));
        while (!all.empty())
            all.erase(all.begin());
    }

    thing_lease take()
    {
        return loop.run([&] { return pool.acquire(); });
    }

    test::loop loop;
    workshop shop;
    thing_pool pool;
};

TEST_CASE("pool: what nobody uses is closed after its time, the least excepted")
{
    stocked s(4, rill::pool_options().connections(1, 10).idle_timeout(10min).max_age(1h));
    s.loop.advance(5min);
    s.take().release(); // the one on top
    s.loop.advance(5min - 1ns);
    CHECK(s.pool.statistics().idle == 4);
    s.loop.advance(1ns);
    CHECK(s.pool.statistics().idle == 1);
    CHECK(s.take()->number == 4);
    s.loop.advance(40min);
    CHECK(s.pool.statistics().idle == 1);
    CHECK(s.shop.begun == 4);
}

TEST_CASE("pool: one more than the least is closed too, once there is one")
{
    stocked s(
        1, rill::pool_options().connections(1, 10).idle_timeout(10min).max_age(rill::forever)
    );
    s.loop.advance(1h);
    std::optional<thing_lease> first(s.take());
    s.take().release();
    first.reset();
    CHECK(s.pool.statistics().idle == 2);
    s.loop.advance(20min);
    CHECK(s.pool.statistics().idle == 1);
}

TEST_CASE("pool: what is old is closed, not all at once, and not while somebody uses it")
{
    stocked s(10, rill::pool_options().max_age(1h).idle_timeout(rill::forever).check_after(1h));
    std::optional<thing_lease> used(s.take());
    s.loop.advance(54min - 1ns);
    CHECK(s.shop.alive == 10);
    s.loop.advance(3min);
    CHECK(s.shop.alive < 10);
    CHECK(s.shop.alive > 1);
    s.loop.advance(3min + 1ns);
    CHECK(s.shop.alive == 1);
    used.reset();
    CHECK(s.shop.alive == 0);
}

TEST_CASE("pool: the least are replaced when they are old")
{
    stocked s(0, rill::pool_options().connections(2, 2).max_age(1h));
    s.loop.advance(90min);
    CHECK(s.shop.begun == 4);
    CHECK(s.pool.statistics().idle == 2);
}

TEST_CASE("pool: one that was used lately is not checked, another is before it is given away")
{
    stocked s(1, rill::pool_options().check_after(30s));
    s.shop.checking = 1s;
    s.loop.advance(30s - 1ns);
    s.take().release();
    CHECK(s.shop.checked == 0);
    s.loop.advance(30s);
    CHECK_FALSE(s.pool.try_acquire());
    const auto taking = s.loop.spawn([&]() -> awaitable<int> {
        const thing_lease lease = co_await s.pool.acquire();
        co_return lease->number;
    });
    s.loop.settle();
    CHECK(s.pool.statistics().checking == 1);
    s.loop.advance(1s);
    CHECK(taking.result() == 1);
    CHECK(s.shop.checked == 1);
    CHECK(s.shop.begun == 1);
    CHECK(s.pool.try_acquire()); // its check was a moment ago
}

TEST_CASE("pool: with check_after of zero each one is checked each time")
{
    stocked s(1, rill::pool_options().check_after(0s));
    for (int i = 1; i <= 3; ++i) {
        s.take().release();
        CHECK(s.shop.checked == i);
    }
}

TEST_CASE("pool: one that is dead is closed, and the next one checked in its stead")
{
    stocked s(3, rill::pool_options().check_after(30s));
    rill::log::capture log;
    s.loop.advance(29s);
    s.take().release();
    s.loop.advance(29s);
    const thing_lease fresh = s.take(); // without a check
    CHECK(s.shop.checked == 0);
    s.loop.advance(2s);
    s.shop.dead = true;
    CHECK(s.take()->number == 4); // after 2 and 1 had been checked
    CHECK(s.shop.checked == 2);
    CHECK(s.pool.statistics().lost == 2);
    log.expect("info: a pool closes a connection that is of no use any more");
}

TEST_CASE("pool: after one was discarded, what is idle is checked, however lately it was used")
{
    stocked s(3, rill::pool_options().check_after(30s));
    thing_lease broken = s.take();
    CHECK(s.shop.checked == 0);
    SUBCASE("discarded")
    {
        broken.discard();
        s.loop.advance(1s);
        CHECK(s.take()->number == 2);
        CHECK(s.shop.checked == 1);
        s.take().release();
        CHECK(s.shop.checked == 1); // it was checked after that
    }
    SUBCASE("not to be brought into order")
    {
        s.shop.beyond_repair = true;
        broken->untidy = true;
        broken.release();
        s.loop.settle();
        CHECK(s.take()->number == 2);
        CHECK(s.shop.checked == 1);
    }
    SUBCASE("but not where it was taken out")
    {
        const thing own = broken.detach();
        CHECK(s.take()->number == 2);
        CHECK(s.shop.checked == 0);
    }
}

TEST_CASE("pool: a check has its time, and one that throws has said no")
{
    stocked s(1, rill::pool_options().check_after(30s).check_timeout(5s));
    rill::log::capture log;
    s.shop.checking = rill::forever;
    s.loop.advance(1min);
    const rill::time_point before = s.loop.now();
    CHECK(s.take()->number == 2);
    CHECK(s.loop.now() - before == 5s);
    log.expect("a pool: checking took more than 5s");

    int opened = 0;
    struct throwing {
        int& opened;

        awaitable<int> operator()() const { co_return ++opened; }

        awaitable<bool> check(int&) const { throw std::runtime_error("broken pipe"); }
    };
    rill::pool pool(s.loop.executor(), throwing{opened}, rill::pool_options().check_after(0s));
    const auto take = [&]() -> awaitable<int> {
        const auto lease = co_await pool.acquire();
        co_return *lease;
    };
    CHECK(s.loop.run(take()) == 1);
    CHECK(s.loop.run(take()) == 2);
    log.expect("broken pipe");
}

TEST_CASE("pool: while one is checked, others may come back, and the checked one is kept")
{
    stocked s(2, rill::pool_options().check_after(30s));
    std::optional<thing_lease> used(s.take()); // 2
    s.shop.checking = 1s;
    s.loop.advance(1min);
    const auto taking = s.loop.spawn([&]() -> awaitable<int> {
        const thing_lease lease = co_await s.pool.acquire();
        co_return lease->number;
    });
    s.loop.settle();
    used.reset();
    s.loop.settle();
    CHECK(taking.result() == 2);
    s.loop.advance(1s);
    CHECK(s.pool.statistics().idle == 2);
}

TEST_CASE("pool: what comes back in disorder is put in order by the pool, and goes to who waits")
{
    stocked s(0, rill::pool_options().connections(0, 1));
    s.shop.checking = 1s;
    std::optional<thing_lease> lease(s.take());
    (*lease)->untidy = true;
    const auto next = s.loop.spawn([&]() -> awaitable<int> {
        const thing_lease got = co_await s.pool.acquire();
        CHECK_FALSE(got->untidy);
        co_return got->number;
    });
    s.loop.settle();
    lease.reset();
    s.loop.settle();
    CHECK(s.pool.statistics().checking == 1);
    CHECK_FALSE(next.done());
    s.loop.advance(1s);
    CHECK(next.result() == 1);
    CHECK(s.shop.repaired == 1);
}

TEST_CASE("pool: who waits is not kept waiting for disorder where there is room for another one")
{
    stocked s(0, rill::pool_options().connections(0, 2));
    s.shop.checking = 1h;
    std::optional<thing_lease> lease(s.take());
    (*lease)->untidy = true;
    lease.reset();
    const rill::time_point before = s.loop.now();
    CHECK(s.take()->number == 2);
    CHECK(s.loop.now() == before);
    s.loop.advance(1h);
    CHECK(s.pool.statistics().lost == 1); // for want of time
}

TEST_CASE("pool: what cannot be put in order is closed")
{
    stocked s(0, rill::pool_options().connections(0, 1));
    s.shop.beyond_repair = true;
    std::optional<thing_lease> lease(s.take());
    (*lease)->untidy = true;
    lease.reset();
    s.loop.settle();
    CHECK(s.shop.repaired == 1);
    CHECK(s.shop.alive == 0);
    CHECK(s.pool.statistics().size == 0);
}

TEST_CASE("pool: what is not reusable is closed where nobody can put it in order")
{
    test::loop loop;
    workshop shop;
    struct strict : opener {
        bool reusable(thing& t) const { return !t.untidy; }
    };
    thing_pool pool(loop.executor(), strict{{&shop}});
    thing* kept = nullptr;
    loop.run([&]() -> awaitable<void> {
        thing_lease a = co_await pool.acquire();
        thing_lease b = co_await pool.acquire();
        kept = &*a;
        b->untidy = true; // at the end of its lease
        co_return;
    });
    CHECK(shop.alive == 1);
    kept->untidy = true; // while it is idle: its peer has closed it, say
    CHECK_FALSE(pool.try_acquire());
    CHECK(shop.alive == 0);
}

} // namespace
