// SPDX-License-Identifier: BSL-1.0
//
// A program of its own, since it replaces the functions that allocate. First that it does, then
// what the core makes of a lack of memory.
#include <support/failure_of.hpp>

#include <rill/event.hpp>
#include <rill/gather.hpp>
#include <rill/queue.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/failing_allocations.hpp>
#include <rill/testing/loop.hpp>
#include <rill/timeout.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace testing = rill::testing;
using rill::awaitable;
using test::contains;
using test::failure_of;
using testing::allocation_counts;
using testing::failing_allocations;
using namespace std::chrono_literals;

struct alignas(64) wide {
    char data[64];
};

/// Whether `f` throws bad_alloc if the n-th allocation from here on fails.
template <class F>
bool fails(std::uint64_t n, F f)
{
    const failing_allocations failing(n);
    try {
        f();
    } catch (const std::bad_alloc&) {
        return true;
    }
    return false;
}

const void* volatile kept = nullptr; // what was stored here is not optimised away

template <class T>
T* kept_as(T* p)
{
    kept = p;
    return p;
}

void allocate_three()
{
    for (int i = 0; i < 3; ++i)
        delete kept_as(new int(i));
}

/// Whether the exception handler was told of a wait that could not begin for lack of memory. It
/// ended with operation_aborted then, since its coroutine was suspended already.
bool took_report(testing::loop& loop)
{
    if (loop.reported().empty())
        return false;
    loop.expect_reported("a wait could not begin: std::bad_alloc");
    return true;
}

/// Runs `main` on a loop of its own, where nothing may be left behind by a main that succeeds.
template <class Main>
auto run_of(Main main)
{
    return [main] {
        testing::loop loop;
        try {
            loop.run(main);
        } catch (const rill::system_error& e) {
            if (e.code() != rill::condition::cancelled || !took_report(loop))
                throw;
            throw std::bad_alloc();
        }
        took_report(loop);
        loop.settle();
        for (const std::string& line : loop.leftovers())
            throw testing::failure("main left behind: " + line);
    };
}

/// Several turns, and no deadline.
awaitable<void> some_turns()
{
    for (int i = 0; i < 3; ++i)
        co_await rill::yield();
}

// What must not fail

/// Calls `f(failing)` with the 1st, 2nd, 3rd ... allocation after failing.emplace(n) failing, until
/// none does any more.
template <class F>
void with_each_failing(F f)
{
    for (std::uint64_t n = 1; n < 1000; ++n) {
        std::optional<failing_allocations> failing;
        CAPTURE(n);
        f([&] { failing.emplace(n); });
        if (!failing->happened())
            return;
    }
    FAIL("allocations without end");
}

TEST_CASE("lack of memory: to wake somebody from outside the loop's turns asks for none")
{
    testing::loop loop;
    rill::event event(loop.executor());
    rill::queue<int> queue(loop.executor());
    const auto both = [&]() -> awaitable<int> {
        co_await event.wait();
        co_return co_await queue.get();
    };
    const auto task = loop.spawn(both());
    loop.settle();
    const failing_allocations failing(1);
    event.set();
    CHECK_FALSE(failing.happened());
    loop.settle();
    CHECK(queue.try_put(7));
    CHECK_FALSE(failing.happened());
    loop.settle();
    CHECK(task.result() == 7);
}

TEST_CASE("lack of memory: a cancellation reaches all whom it concerns")
{
    with_each_failing([](const auto& fail) {
        testing::loop loop;
        rill::task<void> inner = loop.spawn(rill::sleep(1h));
        std::vector<rill::task<void>> chain{inner};
        for (int i = 0; i < 5; ++i)
            chain.push_back(loop.spawn([](rill::task<void> next) -> awaitable<void> {
                co_await next;
            }(chain.back())));
        const auto body = [&](rill::task_group& g) -> awaitable<void> {
            for (int i = 0; i < 5; ++i)
                g.create_task(rill::sleep(1h));
            co_await chain.back();
        };
        auto all = loop.spawn([&]() -> awaitable<void> { co_await rill::with_task_group(body); });
        loop.settle();
        fail();
        all.cancel();
        loop.settle();
        CHECK(all.done()); // by bad_alloc, where there was no memory to throw a cancellation
        for (const auto& task : chain)
            CHECK(task.done());
        loop.forget_reported();
    });
}

TEST_CASE("lack of memory: a child's failure ends its group, and no error disappears")
{
    with_each_failing([](const auto& fail) {
        testing::loop loop;
        const auto error = std::make_exception_ptr(std::runtime_error("no"));
        const auto body = [&](rill::task_group& g) -> awaitable<void> {
            g.create_task(rill::sleep(1h));
            g.create_task([&]() -> awaitable<void> {
                co_await rill::yield();
                fail();
                std::rethrow_exception(error);
            });
            co_return;
        };
        const auto all =
            loop.spawn([&]() -> awaitable<void> { co_await rill::with_task_group(body); });
        loop.settle();
        REQUIRE(all.done());
        try {
            all.result();
            FAIL("no error");
        } catch (const rill::exception_group& group) {
            CHECK(group.exceptions().front() == error);
        } catch (const std::bad_alloc&) {
            loop.expect_reported("an error in a task group that ended short of memory");
        }
    });
}

} // namespace

TEST_CASE("failing_allocations: the n-th one fails, and no other")
{
    CHECK(fails(1, allocate_three));
    CHECK(fails(3, allocate_three));
    CHECK_FALSE(fails(4, allocate_three));
    const failing_allocations failing(2);
    CHECK_NOTHROW(delete kept_as(new int));
    CHECK_FALSE(failing.happened());
    CHECK_THROWS_AS(delete kept_as(new int), std::bad_alloc);
    CHECK(failing.happened());
    CHECK_NOTHROW(delete kept_as(new int));
}

TEST_CASE("failing_allocations: every form of new fails, and aligned_alloc")
{
    CHECK(fails(1, [] { delete kept_as(new int); }));
    CHECK(fails(1, [] { delete[] kept_as(new int[10]); }));
    CHECK(fails(1, [] { delete kept_as(new wide); }));
    CHECK(fails(1, [] { delete[] kept_as(new wide[10]); }));
    CHECK(fails(1, [] {
        const std::vector<int> v(10);
        kept_as(v.data());
    }));
    const auto give_null = [](auto allocate) {
        const failing_allocations failing(1);
        return kept_as(allocate()) == nullptr && failing.happened();
    };
    CHECK(give_null([] { return new (std::nothrow) int; }));
    CHECK(give_null([] { return new (std::nothrow) int[10]; }));
    CHECK(give_null([] { return new (std::nothrow) wide; }));
    CHECK(give_null([] { return std::aligned_alloc(16, 64); }));
}

TEST_CASE("failing_allocations: what is allocated can be used, and is aligned")
{
    const auto before = allocation_counts::now();
    const auto w = std::make_unique<wide>();
    CHECK(reinterpret_cast<std::uintptr_t>(w.get()) % 64 == 0);
    auto* block = static_cast<char*>(std::aligned_alloc(32, 32));
    CHECK(reinterpret_cast<std::uintptr_t>(block) % 32 == 0);
    std::fill(block, block + 32, 'x');
    CHECK(allocation_counts::now().live() == before.live() + 2);
    std::free(block);
    CHECK(allocation_counts::now().live() == before.live() + 1);
    std::free(std::malloc(64)); // none of ours
    CHECK(allocation_counts::now().live() == before.live() + 1);
}

TEST_CASE("failing_allocations: other threads are let alone")
{
    bool failed = true;
    std::thread other;
    const auto in_other = [&failed] { failed = fails(0, allocate_three); };
    {
        other = std::thread(in_other);
        const failing_allocations failing(1);
        other.join();
        CHECK_FALSE(failing.happened());
    }
    CHECK_FALSE(failed);
}

TEST_CASE("at_every_allocation: each of them fails once, and then none")
{
    int calls = 0;
    const auto body = [&] {
        ++calls;
        allocate_three();
    };
    CHECK(testing::at_every_allocation(body) == 3);
    CHECK(calls == 5); // whole, with each failing, and whole again
}

TEST_CASE("at_every_allocation: a body that leaks when an allocation fails is found")
{
    const auto body = [] {
        int* const first = kept_as(new int);
        delete kept_as(new int); // first leaks if this throws
        delete first;
    };
    const std::string text = failure_of([&] { testing::at_every_allocation(body); });
    CHECK(contains(text, "allocation 2 failed"));
    CHECK(contains(text, "1 blocks of memory are lost"));
}

TEST_CASE("at_every_allocation: a body that makes something else of it is found")
{
    const auto body = [] {
        try {
            allocate_three();
        } catch (const std::bad_alloc&) {
            throw std::runtime_error("no such user");
        }
    };
    const std::string text = failure_of([&] { testing::at_every_allocation(body); });
    CHECK(contains(text, "allocation 1 failed"));
    CHECK(contains(text, "no such user"));
}

TEST_CASE("at_every_allocation: a body that does without is fine")
{
    int without = 0;
    const auto body = [&] {
        int* const p = kept_as(new (std::nothrow) int);
        without += p == nullptr;
        delete p;
    };
    CHECK(testing::at_every_allocation(body) == 1);
    CHECK(without == 1);
}

TEST_CASE("at_every_allocation: a loop that comes and goes")
{
    CHECK(testing::at_every_allocation([] { const testing::loop loop; }) > 3);
}

TEST_CASE("at_every_allocation: create_task starts the task, or there is none")
{
    const auto main = []() -> awaitable<void> {
        const auto child = []() -> awaitable<int> {
            co_await some_turns();
            co_return 3;
        };
        auto task = rill::create_task(child, "a name that is too long for a string's own memory");
        if (co_await task != 3)
            throw std::logic_error("another result");
    };
    CHECK(testing::at_every_allocation(run_of(main)) > 5);
}

TEST_CASE("at_every_allocation: no item of a queue is lost or doubled")
{
    const auto main = []() -> awaitable<void> {
        rill::queue<std::string> items(1);
        std::size_t put = 0;
        std::size_t got = 0;
        const auto produce = [&]() -> awaitable<void> {
            for (int i = 0; i < 3; ++i) {
                co_await items.put(std::string(100, 'x'));
                ++put;
            }
        };
        const auto consume = [&]() -> awaitable<void> {
            for (int i = 0; i < 3; ++i) {
                const std::string item = co_await items.get();
                got += item.size() == 100;
            }
        };
        const auto both = [&](rill::task_group& g) -> awaitable<void> {
            g.create_task(produce);
            co_await consume();
        };
        std::exception_ptr error;
        try {
            co_await rill::with_task_group(both);
        } catch (...) {
            error = std::current_exception();
        }
        const std::size_t known = got + items.size();
        if (known < put || known > put + 1) // one may be stored by a put that fails afterwards
            throw std::logic_error("the items do not add up");
        if (error)
            std::rethrow_exception(error);
    };
    CHECK(testing::at_every_allocation(run_of(main)) > 10);
}

TEST_CASE("at_every_allocation: a timeout arms its deadline, or its body does not begin")
{
    const auto main = []() -> awaitable<void> {
        const auto quick = []() -> awaitable<int> {
            co_await some_turns();
            co_return 3;
        };
        if (co_await rill::timeout(1min, quick) != 3)
            throw std::logic_error("another result");
    };
    CHECK(testing::at_every_allocation(run_of(main)) > 5);
}

TEST_CASE("at_every_allocation: every child of a task group has ended when the group is left")
{
    const auto main = []() -> awaitable<void> {
        int inside = 0;
        const auto child = [&inside]() -> awaitable<void> {
            struct visit {
                explicit visit(int& n)
                    : count(n)
                {
                    ++count;
                }

                ~visit() { --count; }

                int& count;
            };

            const visit here(inside);
            co_await some_turns();
        };
        const auto body = [&](rill::task_group& g) -> awaitable<void> {
            for (int i = 0; i < 3; ++i)
                g.create_task(child);
            co_await rill::yield();
        };
        std::exception_ptr error;
        try {
            co_await rill::with_task_group(body);
        } catch (...) {
            error = std::current_exception();
        }
        if (inside != 0)
            throw std::logic_error("a child runs on");
        if (error)
            std::rethrow_exception(error);
    };
    CHECK(testing::at_every_allocation(run_of(main)) > 10);
}

TEST_CASE("at_every_allocation: gather gives all results or an error")
{
    const auto main = []() -> awaitable<void> {
        const auto member = [](int n) -> awaitable<int> {
            co_await some_turns();
            co_return n;
        };
        auto all = rill::gather(member(1), member(2), member(3));
        const auto results = co_await std::move(all);
        if (std::get<0>(results) + std::get<1>(results) + std::get<2>(results) != 6)
            throw std::logic_error("other results");
    };
    CHECK(testing::at_every_allocation(run_of(main)) > 10);
}
