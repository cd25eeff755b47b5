// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/loop/recycled_memory.hpp>
#include <rill/gather.hpp>
#include <rill/run.hpp>

#include <doctest/doctest.h>

#include <thread>
#include <vector>

namespace {

using memory = rill::detail::recycled_memory;
using rill::awaitable;

/// On a thread of its own, which keeps nothing yet.
template <class F>
void on_a_new_thread(F f)
{
    std::thread(f).join();
}

constexpr bool recycles = rill::detail::recycles_memory; // not with a sanitizer

TEST_CASE("recycled memory: what is given back serves the next one of its size")
{
    on_a_new_thread([] {
        void* const first = memory::take(100);
        void* const larger = memory::take(200);
        memory::give_back(first, 100);
        CHECK(memory::kept() == (recycles ? 104 : 0));
        void* const again = memory::take(104);
        if (recycles)
            CHECK(again == first);
        CHECK(memory::kept() == 0);
        memory::give_back(again, 104);
        memory::give_back(larger, 200);
    });
}

TEST_CASE("recycled memory: a thread keeps no more than a mebibyte, and nothing large")
{
    on_a_new_thread([] {
        std::vector<void*> all(5000);
        for (void*& m : all)
            m = memory::take(500);
        for (void* m : all)
            memory::give_back(m, 500);
        CHECK(memory::kept() <= memory::most_kept);
        CHECK(memory::kept() >= (recycles ? memory::most_kept - 504 : 0));
    });
    on_a_new_thread([] {
        memory::give_back(memory::take(4000), 4000);
        CHECK(memory::kept() == 0);
    });
}

TEST_CASE("recycled memory: what one thread has taken another may give back")
{
    void* const given = memory::take(300);
    on_a_new_thread([given] {
        memory::give_back(given, 300);
        CHECK(memory::kept() == (recycles ? 312 : 0));
    });
}

TEST_CASE("recycled memory: a thousand tasks leave theirs to the next thousand")
{
    on_a_new_thread([] {
        const auto nothing = []() -> awaitable<void> { co_return; };
        const auto many = [&]() -> awaitable<void> {
            std::vector<awaitable<void>> members;
            for (int i = 0; i < 500; ++i)
                members.push_back(nothing());
            co_await rill::gather(std::move(members));
        };
        rill::run(many());
        const std::size_t kept = memory::kept();
        CHECK((kept > 0) == recycles);
        rill::run(many());
        CHECK(memory::kept() == kept);
    });
}

} // namespace
