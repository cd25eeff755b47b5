// SPDX-License-Identifier: BSL-1.0
#include "things.hpp"
#include <support/aborted.hpp>
#include <support/loop.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

TEST_CASE(
    "pool: close ends the waits and what is being opened; what is leased goes as it comes back"
)
{
    test::loop loop;
    workshop shop;
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(0, 3));
    std::optional<thing_lease> held(loop.run([&] { return pool.acquire(); }));
    loop.run(use_of(pool));
    shop.opening = 1h;
    const auto other = loop.spawn(use_of(pool, 1h));
    const auto waiting = loop.spawn(use_of(pool));
    loop.settle();
    CHECK(shop.alive == 3);
    pool.close();
    loop.settle();
    CHECK(waiting.result() == "closed");
    CHECK(shop.alive == 2);
    CHECK(loop.run(use_of(pool)) == "closed");
    CHECK_FALSE(pool.try_acquire());
    held.reset();
    CHECK(shop.alive == 1);
    loop.advance(1h);
    CHECK(shop.alive == 0);
    CHECK(other.done());
}

TEST_CASE("pool: drain serves those who wait, refuses newcomers, and waits for every lease")
{
    test::loop loop;
    workshop shop;
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(1, 2));
    loop.run(use_of(pool));
    const auto first = loop.spawn(use_of(pool, 1s));
    const auto second = loop.spawn(use_of(pool, 2s));
    const auto waiting = loop.spawn(use_of(pool, 5s));
    loop.settle();
    const auto draining = loop.spawn(pool.drain());
    loop.settle();
    const auto late = loop.spawn(use_of(pool));
    loop.settle();
    CHECK(late.result() == "closed");
    loop.advance(6s - 1ns);
    CHECK_FALSE(draining.done());
    CHECK(second.done());
    CHECK(shop.alive == 1); // the one that nobody waited for any more has gone
    loop.advance(1ns);
    CHECK(draining.done());
    CHECK(waiting.result() == "done");
    CHECK(shop.alive == 0);
    loop.run(pool.drain()); // once more, at once
}

TEST_CASE("pool: drain closes what is idle at once, also where the last who waited has gone")
{
    test::loop loop;
    workshop shop;
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(0, 1));
    loop.run(use_of(pool));
    loop.run(pool.drain());
    CHECK(shop.alive == 0);

    shop.opening = 1h;
    thing_pool other(loop.executor(), opener{&shop}, rill::pool_options().connections(0, 1));
    auto waiting = loop.spawn(use_of(other));
    loop.settle();
    const auto draining = loop.spawn(other.drain());
    loop.settle();
    CHECK_FALSE(draining.done());
    waiting.cancel();
    loop.settle();
    CHECK(draining.done());
    CHECK(shop.alive == 0);
}

TEST_CASE("pool: its leases outlive it, and are closed at their end")
{
    test::loop loop;
    workshop shop;
    std::optional<thing_pool> pool(std::in_place, loop.executor(), opener{&shop});
    std::optional<thing_lease> held(loop.run([&] { return pool->acquire(); }));
    loop.run(use_of(*pool));
    CHECK(shop.alive == 2);
    pool.reset();
    CHECK(shop.alive == 1);
    CHECK((*held)->number == 1);
    held.reset();
    CHECK(shop.alive == 0);
}

TEST_CASE("pool: those who wait when it is destroyed end with operation_aborted")
{
    test::loop loop;
    workshop shop{.opening = 1h};
    std::optional<thing_pool> pool(std::in_place, loop.executor(), opener{&shop});
    const auto waiting = loop.spawn(use_of(*pool));
    const auto draining = loop.spawn(pool->drain());
    loop.settle();
    pool.reset();
    loop.settle();
    CHECK(test::was_aborted(waiting));
    CHECK(draining.done());
    CHECK(shop.alive == 0);
}

TEST_CASE("pool: it may be destroyed before what it began had its first step, or moved")
{
    test::loop loop;
    workshop shop;
    {
        const thing_pool short_lived(
            loop.executor(), opener{&shop}, rill::pool_options().connections(2, 2)
        );
    }
    loop.settle();
    CHECK(shop.begun == 0);
    thing_pool a(loop.executor(), opener{&shop}, rill::pool_options().connections(1, 1));
    thing_pool b(std::move(a));
    loop.settle();
    CHECK(b.statistics().idle == 1);
    b = thing_pool(loop.executor(), opener{&shop});
    CHECK(shop.alive == 0);
}

TEST_CASE("pool: the loop may end with leases out, waits, and things being opened and checked")
{
    workshop shop;
    std::optional<test::abandoned_loop> loop(std::in_place);
    std::optional<thing_pool> pool(
        std::in_place,
        loop->executor(),
        keeper{&shop},
        rill::pool_options().connections(0, 4).check_after(0s)
    );
    std::optional<thing_lease> held(loop->run([&] { return pool->acquire(); }));
    loop->run(use_of(*pool));
    loop->run(use_of(*pool));
    loop->spawn(use_of(*pool, 1h));
    loop->settle();
    loop->run(use_of(*pool));
    shop.opening = shop.checking = 1h;
    for (int i = 0; i < 5; ++i)
        loop->spawn(use_of(*pool));
    loop->settle();
    CHECK(pool->statistics().checking == 1);
    CHECK(pool->statistics().opening == 1);
    CHECK(pool->statistics().waiting == 5);

    SUBCASE("before the pool")
    {
        loop.reset();
        CHECK(shop.alive == 1);
        held.reset();
        CHECK(shop.alive == 0);
        CHECK_FALSE(pool->try_acquire());
        pool.reset();
    }
    SUBCASE("before the lease only")
    {
        pool.reset();
        loop.reset();
        CHECK(shop.alive == 1);
        held.reset();
        CHECK(shop.alive == 0);
    }
    SUBCASE("with idle things")
    {
        held.reset();
        loop.reset();
        CHECK(shop.alive == 0);
        pool->close();
    }
}

TEST_CASE("pool: it may live in the frame of a task that the loop's end destroys")
{
    workshop shop;
    {
        test::abandoned_loop loop;
        loop.spawn([&shop]() -> awaitable<void> {
            shop.opening = 1h;
            thing_pool pool(opener{&shop}, rill::pool_options().connections(1, 2));
            const auto other = rill::create_task(use_of(pool));
            co_await use_of(pool);
        });
        loop.settle();
        CHECK(shop.alive == 2);
    }
    CHECK(shop.alive == 0);
}

} // namespace
