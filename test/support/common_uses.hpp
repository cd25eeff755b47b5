// SPDX-License-Identifier: BSL-1.0
#pragma once

// What nearly every test has the compiler make of templates: tasks and coroutines of common types,
// waits, checks. Precompiled with headers.hpp, it is made once. Nothing calls it.
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/mutex.hpp>
#include <rill/queue.hpp>
#include <rill/run.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace test {

template <class T>
rill::awaitable<T> returning(T value)
{
    co_return std::move(value);
}

template <class T>
rill::awaitable<void> tasks_of(T value)
{
    auto started = rill::create_task(returning(value));
    CHECK(co_await started == co_await returning(value));
    CHECK(co_await rill::timeout(std::chrono::seconds{1}, returning(value)) == started.result());
    rill::future<T> future;
    future.set_result(value);
    CHECK(co_await future == value);
    rill::queue<T> queue{1};
    co_await queue.put(std::move(value));
    CHECK(co_await queue.get() == future.result());
    test::loop loop;
    CHECK(loop.run(returning(future.result())) == future.result());
}

inline rill::awaitable<void> nothing()
{
    co_return;
}

inline rill::awaitable<void> common_waits()
{
    auto started = rill::create_task(nothing(), "nothing");
    co_await rill::sleep(std::chrono::seconds{1});
    co_await rill::yield();
    co_await started;
    rill::event event;
    co_await event.wait();
    rill::mutex mutex;
    const auto lock = co_await mutex.scoped();
    co_await rill::timeout(std::chrono::seconds{1}, nothing());
    rill::future<void> future;
    co_await future;
    rill::asio::steady_timer timer{co_await rill::asio::this_coro::executor};
    co_await timer.async_wait(rill::asio::deferred);
    co_await timer.async_wait(rill::asio::use_awaitable);
    rill::asio::co_spawn(timer.get_executor(), nothing(), rill::asio::detached);
    CHECK(co_await how(nothing()) == "");
    CHECK(co_await how(returning(1)) == "");
    test::loop loop;
    loop.run(nothing());
    rill::run(nothing());
}

inline void common_checks()
{
    const std::vector<int> numbers{1, 2};
    CHECK(numbers == std::vector<int>{1, 2});
    const std::vector<std::string> texts{"a", "b"};
    CHECK(texts == std::vector<std::string>{"a", "b"});
    const auto number = std::make_unique<int>(1);
    CHECK(*number == 1);
    const std::size_t size = numbers.size();
    CHECK(size == 1U);
    CHECK(size > 0);
    CHECK(texts.size() == numbers.size());
    CHECK(texts.front() == texts.back());
    CHECK(texts.empty());
    CHECK_FALSE(numbers.empty());
    completion<> none;
    completion<int> one;
    none.handler()({});
    one.handler()({}, 1);
}

inline rill::awaitable<void> common_uses()
{
    common_checks();
    co_await common_waits();
    co_await tasks_of(1);
    co_await tasks_of(true);
    co_await tasks_of(std::string{});
}

} // namespace test
