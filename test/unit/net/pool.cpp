// SPDX-License-Identifier: BSL-1.0
#include "things.hpp"
#include <support/every_token.hpp>
#include <support/failure_of.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/context_var.hpp>
#include <rill/select.hpp>
#include <rill/timeout.hpp>

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

/// Takes one, holds it for `d`, and notes its number.
awaitable<void> use(thing_pool& pool, rill::duration d, std::vector<int>& numbers)
{
    const thing_lease lease = co_await pool.acquire();
    numbers.push_back(lease->number);
    co_await rill::sleep(d);
}

awaitable<int> number_of_next(thing_pool& pool)
{
    const thing_lease lease = co_await pool.acquire();
    co_return lease->number;
}

TEST_CASE("pool: what came back last is given first, without a wait")
{
    test::loop loop;
    workshop shop;
    thing_pool pool(loop.executor(), opener{&shop});
    CHECK_FALSE(pool.try_acquire());
    loop.run([&]() -> awaitable<void> {
        thing_lease first = co_await pool.acquire();
        thing_lease second = co_await pool.acquire();
        CHECK(shop.begun == 2);
        second.release();
        first.release();
        CHECK_FALSE(first);
        CHECK(pool.statistics().idle == 2);
    });
    CHECK((*pool.try_acquire())->number == 1);
    loop.run([&]() -> awaitable<void> {
        CHECK(co_await number_of_next(pool) == 1);
        CHECK(shop.begun == 2);
    });
    CHECK(pool.statistics().leases == 4);
}

TEST_CASE("pool: there are never more than the most; who waits is served in order")
{
    test::loop loop;
    workshop shop{.opening = 1s};
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(0, 2));
    std::vector<int> numbers;
    for (int i = 0; i < 5; ++i)
        loop.spawn(use(pool, std::chrono::seconds(1 + i), numbers));
    loop.settle();
    CHECK(pool.statistics().opening == 2);
    CHECK(pool.statistics().waiting == 5);
    loop.advance(1h);
    CHECK(numbers == std::vector{1, 2, 1, 2, 1});
    CHECK(shop.most_alive == 2);
}

TEST_CASE("pool: what comes back to one who waits is his at once, and no newcomer's")
{
    test::loop loop;
    workshop shop;
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(0, 1));
    std::optional<thing_lease> held(loop.run([&] { return pool.acquire(); }));
    std::vector<int> numbers;
    const auto first = loop.spawn(use(pool, 1s, numbers));
    loop.settle();
    held.reset();
    CHECK_FALSE(pool.try_acquire());
    loop.settle();
    CHECK(numbers.size() == 1);
    loop.advance(1s);
    CHECK(first.done());
}

TEST_CASE("pool: who waits gets what is there first, and the next what was opened for him")
{
    test::loop loop;
    workshop shop;
    thing_pool pool(loop.executor(), opener{&shop});
    std::optional<thing_lease> held(loop.run([&] { return pool.acquire(); }));
    shop.opening = 1s;
    const auto first = loop.spawn(number_of_next(pool));
    loop.advance(100ms);
    held.reset();
    loop.settle();
    CHECK(first.result() == 1);
    loop.advance(1s);
    CHECK(pool.statistics().idle == 2);
}

TEST_CASE("pool: what was opened for one who has gone is kept for the next")
{
    test::loop loop;
    workshop shop{.opening = 1s};
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(0, 1));
    auto gone = loop.spawn(number_of_next(pool));
    loop.settle();
    gone.cancel();
    loop.settle();
    CHECK(gone.cancelled());
    CHECK(pool.statistics().waiting == 0);
    CHECK(pool.statistics().opening == 1);
    const auto next = loop.spawn(number_of_next(pool));
    loop.advance(1s);
    CHECK(next.result() == 1);
    CHECK(shop.begun == 1);
}

TEST_CASE("pool: one that was given before the cancel is had, and comes back")
{
    test::loop loop;
    workshop shop;
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(0, 1));
    std::optional<thing_lease> held(loop.run([&] { return pool.acquire(); }));
    std::vector<int> numbers;
    auto waiting = loop.spawn(use(pool, 1s, numbers));
    loop.settle();
    held.reset();
    waiting.cancel();
    loop.settle();
    CHECK(numbers == std::vector{1});
    CHECK(waiting.cancelled());
    CHECK(pool.statistics().idle == 1);
}

TEST_CASE("pool: a wait has its time, and what it throws says how things stood")
{
    test::loop loop;
    workshop shop;
    thing_pool pool(
        loop.executor(),
        opener{&shop},
        rill::pool_options().name("orders").connections(0, 1).acquire_timeout(3s)
    );
    const thing_lease held = loop.run([&] { return pool.acquire(); });
    const auto wait = [&]() -> awaitable<std::string> {
        try {
            static_cast<void>(co_await pool.acquire());
        } catch (const rill::timeout_error& e) {
            co_return e.what();
        }
        co_return "";
    };
    const auto first = loop.spawn(wait());
    loop.advance(1s);
    const auto second = loop.spawn(wait());
    loop.advance(2s);
    CHECK(
        first.result() ==
        "rill::pool: nothing of pool 'orders' (1 of 1 leased, 2 wait) was free within 3s"
    );
    CHECK_FALSE(second.done());
    loop.advance(1s);
    CHECK(second.done());
    CHECK(pool.statistics().timeouts == 2);
}

TEST_CASE("pool: a wait that lost a race holds nothing")
{
    test::loop loop;
    workshop shop;
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(0, 1));
    std::optional<thing_lease> held(loop.run([&] { return pool.acquire(); }));
    const auto racing = loop.spawn([&]() -> awaitable<void> {
        const auto won = co_await rill::select(pool.acquire(), pool.acquire(), rill::sleep(1s));
        CHECK(won.index() == 0);
    });
    loop.settle();
    held.reset();
    loop.settle();
    CHECK(racing.done());
    CHECK(pool.statistics().idle == 1);
    CHECK(pool.statistics().waiting == 0);
}

TEST_CASE("pool: what is discarded is closed at once, and its place goes to who waits")
{
    test::loop loop;
    workshop shop;
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(0, 1));
    thing_lease held = loop.run([&] { return pool.acquire(); });
    const auto next = loop.spawn(number_of_next(pool));
    loop.settle();
    held.discard();
    CHECK_FALSE(held);
    CHECK(shop.alive == 0);
    loop.settle();
    CHECK(next.result() == 2);
    held.discard(); // of nothing
}

TEST_CASE("pool: what is detached is no longer the pool's")
{
    test::loop loop;
    workshop shop;
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(0, 1));
    thing_lease lease = loop.run([&] { return pool.acquire(); });
    const thing own = lease.detach();
    CHECK(own.number == 1);
    CHECK(pool.statistics().size == 0);
    CHECK(loop.run([&] { return number_of_next(pool); }) == 2);
    CHECK(shop.alive == 2);
}

TEST_CASE("pool: the source runs in a copy of the context of the pool's maker")
{
    static rill::context_var<std::string> who("who", "nobody");
    test::loop loop;
    std::string seen;
    const auto source = [&seen]() -> awaitable<int> {
        seen = who.get();
        co_return 1;
    };
    loop.run([&]() -> awaitable<void> {
        who.set("maker");
        rill::pool pool(source);
        who.set("caller");
        static_cast<void>(co_await pool.acquire());
    });
    CHECK(seen == "maker");
}

TEST_CASE("pool: dumps name it, those who wait and what it does")
{
    test::loop loop;
    workshop shop{.opening = 1s};
    thing_pool pool(
        loop.executor(), opener{&shop}, rill::pool_options().name("orders").connections(0, 1)
    );
    const auto waiting = loop.spawn(number_of_next(pool));
    loop.settle();
    CHECK(test::contains(loop.tasks(), "pool 'orders': opening"));
    CHECK(
        test::contains(loop.tasks(), "one of pool 'orders' (0 of 1 leased, 1 being opened, 1 wait)")
    );
    CHECK(to_string(pool) == "pool 'orders' (0 of 1 leased, 1 being opened, 1 wait)");
    loop.advance(1s);
    CHECK(waiting.done());
}

TEST_CASE("pool: options that make no sense are refused")
{
    test::loop loop;
    workshop shop;
    const auto refused = [&](const rill::pool_options& o) {
        CHECK_THROWS_AS(thing_pool(loop.executor(), opener{&shop}, o), std::invalid_argument);
    };
    refused(rill::pool_options().connections(0, 0));
    refused(rill::pool_options().connections(3, 2));
    refused(rill::pool_options().acquire_timeout(0s));
    refused(rill::pool_options().open_timeout(0s));
    refused(rill::pool_options().check_timeout(-1s));
    refused(rill::pool_options().idle_timeout(0s));
    refused(rill::pool_options().max_age(0s));
    refused(rill::pool_options().check_after(-1s));
}

struct pool_acquire {
    static constexpr const char* name = "pool.hpp async_acquire";
    rill::pool<int> pool;
    rill::pool_lease<int> held;

    explicit pool_acquire(boost::asio::io_context& io)
        : pool(io.get_executor(), &one, no_timers())
    {
        pool.async_acquire([this](rill::error_code, rill::pool_lease<int> got) {
            held = std::move(got);
        });
        while (!held)
            io.run_one();
        io.restart();
    }

    static awaitable<int> one() { co_return 1; }

    static rill::pool_options no_timers()
    {
        return rill::pool_options()
            .connections(0, 1)
            .idle_timeout(rill::forever)
            .max_age(rill::forever);
    }

    auto start(auto&& token) { return pool.async_acquire(std::forward<decltype(token)>(token)); }

    void finish() { held.release(); }
};

TEST_CASE_TEMPLATE("every token: pool", Op, pool_acquire)
{
    test::every_token<Op>();
}

} // namespace
