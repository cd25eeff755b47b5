// SPDX-License-Identifier: BSL-1.0
#include "things.hpp"
#include <support/failure_of.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/log_capture.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test;
using rill::awaitable;

TEST_CASE("pool: an opening that fails is told to the first who waits, unchanged")
{
    test::loop loop;
    const auto source = []() -> awaitable<int> {
        co_await rill::yield();
        throw std::runtime_error("no such host");
    };
    rill::pool pool(loop.executor(), source, rill::pool_options().connections(0, 1));
    const auto wait = [&]() -> awaitable<void> { static_cast<void>(co_await pool.acquire()); };
    const auto first = loop.spawn(how(wait));
    const auto second = loop.spawn(how(wait));
    loop.settle();
    CHECK(first.result() == "no such host");
    CHECK_FALSE(second.done());
    loop.advance(100ms); // and for the second it is tried again
    CHECK(second.result() == "no such host");
    CHECK(pool.statistics().failed == 2);
    CHECK(pool.statistics().size == 0);
}

TEST_CASE("pool: a handler gets the code of what could not be opened")
{
    test::loop loop;
    bool with_code = true;
    const auto source = [&]() -> awaitable<int> {
        if (with_code)
            throw rill::system_error(boost::asio::error::connection_refused);
        throw std::runtime_error("without one");
        co_return 1;
    };
    rill::pool pool(loop.executor(), source);
    completion<rill::pool_lease<int>> first;
    pool.async_acquire(first.handler());
    loop.settle();
    CHECK(first.error() == boost::asio::error::connection_refused);
    with_code = false;
    completion<rill::pool_lease<int>> second;
    pool.async_acquire(second.handler());
    loop.advance(100ms);
    CHECK(second.error() == boost::asio::error::not_connected);
}

TEST_CASE("pool: while opening fails it is tried one by one, later each time, up to 5 s")
{
    test::loop loop;
    workshop shop{.opening = 1ms, .shut = true};
    thing_pool pool(
        loop.executor(),
        opener{&shop},
        rill::pool_options().connections(0, 4).acquire_timeout(rill::forever)
    );
    std::vector<rill::task<std::string>> tasks;
    for (int i = 0; i < 12; ++i)
        tasks.push_back(loop.spawn(use_of(pool)));
    loop.advance(1ms);
    CHECK(shop.begun == 4); // side by side, for nothing was known
    loop.settle();
    rill::duration longest = 100ms;
    for (int round = 0; round < 8; ++round) {
        INFO("round ", round);
        const rill::time_point before = loop.now();
        loop.jump();
        loop.settle();
        CHECK(shop.begun == 5 + round);
        CHECK(loop.now() - before >= longest / 2);
        CHECK(loop.now() - before <= longest);
        loop.advance(1ms);
        longest = std::min<rill::duration>(2 * longest, 5s);
    }
    loop.settle();
    for (const auto& t : tasks)
        CHECK(t.result() == "refused");
}

TEST_CASE("pool: after an outage one is opened, then two at a time, then four")
{
    test::loop loop;
    workshop shop{.opening = 10ms, .shut = true};
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(0, 100));
    CHECK(loop.run([&] { return use_of(pool); }) == "refused");
    shop.shut = false;
    std::vector<thing_lease> held;
    for (int i = 0; i < 20; ++i)
        loop.spawn([&]() -> awaitable<void> { held.push_back(co_await pool.acquire()); });
    loop.settle();
    CHECK(pool.statistics().opening == 0);
    loop.jump();
    loop.settle();
    for (const std::size_t at_once : {1u, 2u, 4u, 8u, 5u}) {
        CHECK(pool.statistics().opening == at_once);
        loop.advance(10ms);
    }
    CHECK(held.size() == 20);
}

TEST_CASE("pool: an opening that fails is nobody's while another is under way for each who waits")
{
    test::loop loop;
    workshop shop{.opening = 1s};
    const auto source = [&]() -> awaitable<thing> {
        const bool fails = shop.begun == 0;
        thing made = co_await opener{&shop}();
        if (fails)
            throw rill::system_error(boost::asio::error::connection_reset);
        co_return made;
    };
    rill::log::capture log;
    thing_pool pool(loop.executor(), source, rill::pool_options().name("orders"));
    const auto first = loop.spawn(use_of(pool));
    auto second = loop.spawn(use_of(pool));
    loop.settle();
    second.cancel();
    loop.advance(2s);
    CHECK(first.result() == "done");
    log.expect("warning: a pool could not open a connection pool=orders");
}

TEST_CASE("pool: the least are opened at once, and again where some are gone")
{
    test::loop loop;
    workshop shop{.opening = 1s};
    thing_pool pool(loop.executor(), opener{&shop}, rill::pool_options().connections(3, 5));
    loop.settle();
    CHECK(pool.statistics().opening == 3);
    loop.advance(1s);
    CHECK(pool.statistics().idle == 3);
    pool.try_acquire()->discard();
    loop.advance(1s);
    CHECK(pool.statistics().idle == 3);
    CHECK(shop.begun == 4);
}

TEST_CASE("pool: the least are tried for as long as it takes, and each failure is logged")
{
    test::loop loop;
    workshop shop{.shut = true};
    rill::log::capture log;
    thing_pool pool(
        loop.executor(), opener{&shop}, rill::pool_options().name("orders").connections(2, 5)
    );
    loop.settle();
    CHECK(shop.begun == 2);
    loop.advance(1h);
    CHECK(shop.begun > 700);  // at least each 5 s
    CHECK(shop.begun < 1500); // and no sooner than each 2.5 s
    log.expect("warning: a pool could not open a connection pool=orders why=\"Connection refused");
    shop.shut = false;
    loop.advance(10s);
    CHECK(pool.statistics().idle == 2);
}

TEST_CASE("pool: opening one has its time")
{
    test::loop loop;
    workshop shop{.opening = rill::forever};
    thing_pool pool(
        loop.executor(), opener{&shop}, rill::pool_options().name("orders").open_timeout(5s)
    );
    CHECK(loop.run([&] { return use_of(pool); }) == "timeout");
    CHECK(pool.statistics().size == 0);
    CHECK(shop.alive == 0);
}

TEST_CASE("pool: who waits in vain while opening fails learns why it does")
{
    test::loop loop;
    workshop shop;
    rill::log::capture log;
    shop.shut = true;
    thing_pool pool(
        loop.executor(), opener{&shop}, rill::pool_options().connections(1, 1).acquire_timeout(1s)
    );
    loop.advance(1min);
    loop.jump(); // it has just failed, and is tried again in 2.5 s at the earliest
    loop.settle();
    const auto wait = [&]() -> awaitable<std::string> {
        try {
            static_cast<void>(co_await pool.acquire());
        } catch (const rill::timeout_error& e) {
            co_return e.what();
        }
        co_return "";
    };
    CHECK(test::contains(loop.run(wait), "within 1s; opening one failed: Connection refused"));
}

TEST_CASE("pool: a fatal error of the source ends the run")
{
    rill::loop loop;
    const auto source = []() -> awaitable<int> {
        co_await rill::yield();
        throw rill::fatal_error("out of licences");
    };
    rill::pool pool(loop.get_executor(), source);
    const auto wait = [&]() -> awaitable<void> { static_cast<void>(co_await pool.acquire()); };
    CHECK_THROWS_AS(loop.run_until_complete(wait), rill::fatal_error);
}

} // namespace
