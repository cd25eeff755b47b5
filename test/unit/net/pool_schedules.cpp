// SPDX-License-Identifier: BSL-1.0
//
// Pools in which everything happens at once, and is interrupted anywhere: what must hold whichever way.
#include "things.hpp"
#include <support/every_suspension.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/log_capture.hpp>
#include <rill/random.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

/// Takes one, which nobody else may have meanwhile.
awaitable<void> use(thing_pool& pool, rill::duration d, bool untidy)
{
    const thing_lease lease = co_await pool.acquire();
    CHECK_FALSE(std::exchange(lease->taken, true));
    lease->untidy = untidy;
    try {
        co_await rill::sleep(d);
    } catch (...) {
        lease->taken = false;
        throw;
    }
    lease->taken = false;
}

/// What must hold at any time between two steps.
void check_sums(const rill::pool_statistics& now, const workshop& shop, std::size_t most)
{
    CHECK(now.size <= most);
    CHECK(now.idle + now.leased + now.opening + now.checking == now.size);
    CHECK(shop.most_alive <= static_cast<int>(most));
    CHECK(shop.alive <= static_cast<int>(now.size));
    CHECK(shop.alive >= static_cast<int>(now.size - now.opening));
}

TEST_CASE("R19: a pool: nothing is lost or given twice, wherever its user is interrupted")
{
    test::at_every_suspension([](test::scenario& s) {
        workshop shop{.opening = 2ms, .checking = 1ms};
        {
            const auto options = rill::pool_options().connections(0, 2).check_after(2ms);
            thing_pool pool(s.executor(), keeper{&shop}, options);
            s.run([&]() -> awaitable<void> {
                co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                    for (int i = 0; i < 4; ++i)
                        g.create_task(use(pool, 1ms, i % 2 == 0));
                    co_await use(pool, 1ms, true);
                    co_await rill::sleep(5ms);
                    co_await use(pool, 1ms, false); // after a check
                });
                co_await rill::move_on_after(10ms, pool.drain());
            });
            const rill::pool_statistics now = pool.statistics();
            check_sums(now, shop, 2);
            CHECK(now.idle == now.size);
            CHECK(now.waiting == 0);
        }
        CHECK(shop.alive == 0);
    });
}

/// A pool of three and its users, of whom some give up, some are cancelled and some leave things in
/// disorder, while openings and checks fail now and then.
void run_random_schedule(std::uint64_t seed)
{
    rill::log::capture log;
    rill::testing::loop loop(rill::testing::options().seed(seed).shuffle());
    loop.one_step_at_a_time();
    rill::random_source random(seed);
    const auto below = [&random](std::uint64_t n) { return random() % n; };
    const auto some_ms = [&below](std::uint64_t n) { return std::chrono::milliseconds(below(n)); };
    constexpr std::size_t most = 3;
    workshop shop;
    std::optional<thing_pool> pool(
        std::in_place,
        loop.executor(),
        keeper{&shop},
        rill::pool_options()
            .connections(below(most), most)
            .acquire_timeout(20ms)
            .open_timeout(8ms)
            .check_timeout(5ms)
            .check_after(some_ms(6))
            .idle_timeout(10ms)
            .max_age(50ms)
    );
    const auto user = [&](rill::duration patience, rill::duration d, bool untidy) {
        return [&, patience, d, untidy]() -> awaitable<void> {
            try {
                co_await rill::move_on_after(patience, use(*pool, d, untidy));
            } catch (const rill::timeout_error&) {
            } catch (const rill::system_error& e) {
                if (e.code() == rill::condition::cancelled)
                    throw;
            }
        };
    };
    std::vector<rill::task<void>> tasks;
    for (int step = 0; step < 60; ++step) {
        switch (below(8)) {
        case 0:
        case 1:
        case 2: tasks.push_back(loop.spawn(user(some_ms(25), some_ms(5), below(4) == 0))); break;
        case 3:
            if (!tasks.empty())
                tasks[below(tasks.size())].cancel();
            break;
        case 4: shop.shut = below(3) == 0; break;
        case 5:
            shop.opening = some_ms(10);
            shop.checking = some_ms(6);
            break;
        case 6:
            shop.dead = below(3) == 0;
            shop.beyond_repair = below(2) == 0;
            break;
        default: loop.advance(some_ms(8)); break;
        }
        for (auto steps = below(20); steps > 0 && loop.step(); --steps)
            check_sums(pool->statistics(), shop, most);
        check_sums(pool->statistics(), shop, most);
    }
    if (below(2) == 0) { // it comes to rest by itself
        shop = workshop{.begun = shop.begun, .alive = shop.alive, .most_alive = shop.most_alive};
        loop.advance(10s);
        CHECK(pool->statistics().idle == pool->statistics().size);
    } else if (below(2) == 0) {
        loop.spawn(pool->drain());
        loop.advance(1s);
        CHECK(pool->statistics().size == 0);
    }
    loop.settle(); // whoever is to use it has begun to
    pool.reset();
    loop.advance(1s);
    for (const auto& t : tasks)
        CHECK(t.done());
    CHECK(shop.alive == 0);
    CHECK(loop.leftovers().empty());
}

TEST_CASE("R19: a pool: random schedules: nothing is lost or given twice, nobody hangs")
{
    for (std::uint64_t seed = 1; seed <= test::schedules; ++seed) {
        INFO("seed ", seed);
        run_random_schedule(seed);
    }
}

} // namespace
