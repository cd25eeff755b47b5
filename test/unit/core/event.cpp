// SPDX-License-Identifier: BSL-1.0
#include <support/aborted.hpp>
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/task.hpp>

#include <memory>
#include <string>

namespace {

using rill::awaitable;

awaitable<void> wait_and_say(rill::event& event, std::string& log, char name)
{
    co_await event.wait();
    log += name;
}

TEST_CASE("EV-01: waiting for an event that is set does not suspend")
{
    test::loop loop;
    rill::event event(loop.executor());
    event.set();
    std::string order;
    loop.run([&]() -> awaitable<void> {
        rill::this_loop().call_soon([&] { order += "callback "; });
        co_await event.wait();
        order += "waited ";
        co_await rill::yield();
    });
    CHECK(order == "waited callback ");
}

TEST_CASE("EV-02, PRIM-01: set() wakes all who wait, in their order, and on a later turn")
{
    test::loop loop;
    rill::event event(loop.executor());
    std::string log;
    for (const char name : {'a', 'b', 'c'})
        loop.spawn(wait_and_say(event, log, name));
    loop.settle();
    CHECK(log.empty());
    event.set();
    CHECK(log.empty());
    CHECK(event.is_set());
    loop.settle();
    CHECK(log == "abc");
}

TEST_CASE("EV-03, EV-04: set() then clear() wakes those who waited, and the next ones wait")
{
    test::loop loop;
    rill::event event(loop.executor());
    std::string log;
    loop.spawn(wait_and_say(event, log, 'a'));
    loop.settle();
    event.set();
    event.clear();
    const auto late = loop.spawn(wait_and_say(event, log, 'b'));
    loop.settle();
    CHECK(log == "a");
    CHECK_FALSE(late.done());
    event.set();
    loop.settle();
    CHECK(log == "ab");
}

TEST_CASE("event: a cancelled wait leaves the line")
{
    test::loop loop;
    rill::event event(loop.executor());
    std::string log;
    auto a = loop.spawn(wait_and_say(event, log, 'a'));
    loop.spawn(wait_and_say(event, log, 'b'));
    loop.settle();
    a.cancel();
    event.set();
    loop.settle();
    CHECK(log == "b");
    CHECK(a.cancelled());
}

TEST_CASE("event: destroyed while tasks wait, their waits end with operation_aborted")
{
    test::loop loop;
    auto event = std::make_unique<rill::event>(loop.executor());
    const auto t = loop.spawn(event->wait());
    loop.settle();
    event.reset();
    loop.settle();
    CHECK(test::was_aborted(t));
}

} // namespace
