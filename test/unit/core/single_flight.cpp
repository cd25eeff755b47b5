// SPDX-License-Identifier: BSL-1.0
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/random.hpp>
#include <rill/shield.hpp>
#include <rill/single_flight.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using rill::awaitable;
using namespace std::chrono_literals;

/// A backend that takes a second, and counts its calls.
class backend {
public:
    awaitable<std::string> load(std::string key)
    {
        const int number = ++calls_;
        co_await rill::sleep(1s);
        ++ended_;
        co_return key + std::to_string(number);
    }

    auto loader(std::string key)
    {
        return [this, key] { return load(key); };
    }

    int calls() const { return calls_; }

    int ended() const { return ended_; }

private:
    int calls_ = 0;
    int ended_ = 0;
};

using flights = rill::single_flight<std::string, std::string>;

awaitable<std::string> get(flights& f, backend& b, std::string key)
{
    co_return co_await f.run(key, b.loader(key));
}

TEST_CASE("single_flight: callers with the same key share one execution, and each gets a copy")
{
    test::loop loop;
    flights f;
    backend b;
    std::vector<rill::task<std::string>> callers;
    for (int i = 0; i < 4; ++i)
        callers.push_back(loop.spawn(get(f, b, "a")));
    callers.push_back(loop.spawn(get(f, b, "b")));
    loop.settle();
    CHECK(f.statistics().flights == 2);
    CHECK(f.statistics().waiting == 5);
    loop.advance(1s);
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(callers[i].result() == "a1");
    CHECK(callers[4].result() == "b2");
    CHECK(f.statistics().begun == 2);
    CHECK(f.statistics().shared == 3);
    CHECK(f.statistics().flights == 0);
}

TEST_CASE("single_flight: nothing is kept: who comes after the end begins anew")
{
    test::loop loop;
    flights f;
    backend b;
    CHECK(loop.run(get(f, b, "a")) == "a1");
    CHECK(loop.run(get(f, b, "a")) == "a2");
}

TEST_CASE("single_flight: who waited and comes back at once, on the same turn, begins anew")
{
    test::loop loop;
    flights f;
    backend b;
    const auto twice = [&]() -> awaitable<std::string> {
        const std::string first = co_await get(f, b, "a");
        co_return first + co_await get(f, b, "a");
    };
    const auto x = loop.spawn(twice());
    const auto y = loop.spawn(twice());
    loop.advance(2s);
    CHECK(x.result() == "a1a2");
    CHECK(y.result() == "a1a2");
}

TEST_CASE("single_flight: void, and keys of one's own with a hash of one's own")
{
    struct key {
        int number;
        bool operator==(const key&) const = default;
    };
    struct hash {
        std::size_t operator()(const key& k) const { return std::hash<int>()(k.number); }
    };
    test::loop loop;
    rill::single_flight<key, void, hash> f;
    int calls = 0;
    const auto call = [&]() -> awaitable<void> {
        ++calls;
        co_await rill::yield();
    };
    const auto a = loop.spawn(f.run(key{1}, call));
    const auto b = loop.spawn(f.run(key{1}, call));
    loop.settle();
    CHECK(a.done());
    CHECK(b.done());
    CHECK(calls == 1);
}

TEST_CASE("single_flight: an error goes to all who share the execution, and to nobody else")
{
    test::loop loop;
    flights f;
    backend b;
    const auto fail = []() -> awaitable<std::string> {
        co_await rill::sleep(1s);
        throw std::runtime_error("no backend");
    };
    const auto x = loop.spawn(f.run("a", fail));
    const auto y = loop.spawn(f.run("a", fail));
    loop.advance(1s);
    CHECK(test::text_of(x.exception()) == "no backend");
    CHECK(test::text_of(y.exception()) == "no backend");
    CHECK(loop.run(get(f, b, "a")) == "a1");
}

TEST_CASE("single_flight: a caller that is cancelled leaves, whoever began it, and the others stay")
{
    test::loop loop;
    flights f;
    backend b;
    auto first = loop.spawn(get(f, b, "a"));
    const auto second = loop.spawn(get(f, b, "a"));
    loop.settle();
    first.cancel();
    loop.settle();
    CHECK(first.cancelled());
    loop.advance(1s);
    CHECK(second.result() == "a1");
    CHECK(b.calls() == 1);
}

TEST_CASE("single_flight: with the last caller the work is cancelled, and a newcomer begins at once"
)
{
    test::loop loop;
    flights f;
    std::string log;
    const auto slow_to_stop = [&]() -> awaitable<std::string> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            log += "cancelled ";
        }
        const rill::shield_scope shield;
        co_await rill::sleep(1min);
        log += "stopped";
        co_return "late";
    };
    backend b;
    auto first = loop.spawn(f.run("a", slow_to_stop));
    loop.settle();
    first.cancel();
    loop.settle();
    CHECK(log == "cancelled ");
    CHECK(f.statistics().flights == 0);
    CHECK(loop.run(get(f, b, "a")) == "a1");
    loop.advance(1min);
    CHECK(log == "cancelled stopped");
}

TEST_CASE("single_flight (completion wins): work that has ended before the cancel gives its value")
{
    test::loop loop;
    flights f;
    backend b;
    auto caller = loop.spawn(get(f, b, "a"));
    loop.settle();

    SUBCASE("the end, then the cancel")
    {
        loop.one_step_at_a_time();
        REQUIRE(loop.jump());
        while (f.statistics().flights == 1)
            REQUIRE(loop.step());
        REQUIRE_FALSE(caller.done());
        caller.cancel();
        loop.settle();
        CHECK(caller.result() == "a1");
    }
    SUBCASE("the cancel, then the end")
    {
        caller.cancel();
        loop.jump();
        loop.settle();
        CHECK(caller.cancelled());
        CHECK(b.ended() == 0);
    }
}

TEST_CASE(
    "single_flight: forgotten, work goes on for those who wait, and the next caller begins anew"
)
{
    test::loop loop;
    flights f;
    backend b;
    const auto old = loop.spawn(get(f, b, "a"));
    loop.settle();
    f.forget("a");
    const auto fresh = loop.spawn(get(f, b, "a"));
    loop.advance(1s);
    CHECK(old.result() == "a1");
    CHECK(fresh.result() == "a2");
    CHECK(f.statistics().flights == 0);
}

TEST_CASE("single_flight: destroyed while others wait, they end with operation_aborted")
{
    test::loop loop;
    auto f = std::make_unique<flights>();
    backend b;
    const auto x = loop.spawn(get(*f, b, "a"));
    const auto y = loop.spawn(get(*f, b, "b"));
    loop.settle();
    f.reset();
    loop.settle();
    CHECK(x.cancelled());
    CHECK(y.cancelled());
    CHECK(b.ended() == 0);
}

TEST_CASE("single_flight: destroyed before the work's first step, it never begins")
{
    test::loop loop;
    loop.one_step_at_a_time();
    auto f = std::make_unique<flights>();
    backend b;
    const auto x = loop.spawn(get(*f, b, "a"));
    loop.step();
    REQUIRE(f->statistics().waiting == 1);
    f.reset();
    loop.settle();
    CHECK(x.cancelled());
    CHECK(b.calls() == 0);
}

TEST_CASE(
    "single_flight: the loop dies while they wait; it may be elsewhere, or in a frame that waits"
)
{
    rill::single_flight<int> outside;
    int frames = 0;
    {
        test::abandoned_loop loop;
        const auto stuck = [&]() -> awaitable<void> {
            const auto count = std::shared_ptr<int>(&++frames, [](int* n) { --*n; });
            co_await rill::sleep(1h);
        };
        const auto wait = [&](rill::single_flight<int>* f) -> awaitable<void> {
            const auto count = std::shared_ptr<int>(&++frames, [](int* n) { --*n; });
            rill::single_flight<int> inside;
            co_await (f ? *f : inside).run(1, stuck);
        };
        for (int i = 0; i < 2; ++i) {
            loop.spawn(wait(&outside));
            loop.spawn(wait(nullptr));
        }
        loop.settle();
        CHECK(frames == 7); // four callers, three that work
    }
    CHECK(frames == 0);
    CHECK(outside.statistics().waiting == 0);
}

TEST_CASE("single_flight: in plain coroutines of Asio's, with any completion token")
{
    rill::asio::io_context io;
    rill::single_flight<int, int> f;
    const auto quick = []() -> awaitable<int> {
        co_await rill::yield();
        co_return 6;
    };
    auto a = rill::asio::co_spawn(io, f.run(1, quick), rill::asio::use_future);
    auto b = rill::asio::co_spawn(io, f.run(1, quick), rill::asio::use_future);
    io.run();
    CHECK(a.get() + b.get() == 12);
    CHECK(f.statistics().begun == 1);
}

TEST_CASE("single_flight: interrupted at every suspension, no work is left, and all get the same")
{
    test::at_every_suspension([](test::scenario& s) {
        flights f;
        backend b;
        int got = 0;
        const auto caller = [&](std::string key) -> awaitable<void> {
            const std::string value = co_await get(f, b, key);
            CHECK(value.substr(0, 1) == key);
            ++got;
        };
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task(caller("a"));
                g.create_task(caller("a"));
                g.create_task(caller("b"));
                co_await rill::sleep(500ms);
                co_await caller("a");
            });
        });
        CHECK(f.statistics().flights == 0);
        CHECK(f.statistics().waiting == 0);
        if (s.completed())
            CHECK(got == 4);
        if (s.completed())
            CHECK(b.calls() == 2);
    });
}

/// Callers that come, wait and are cancelled at random; true if all was right.
bool random_schedule_holds(std::uint64_t seed)
{
    rill::random_source random(seed);
    const auto below = [&random](std::uint64_t n) {
        return static_cast<std::size_t>(random() % n);
    };
    test::loop loop;
    rill::single_flight<std::size_t, int> f;
    std::map<std::size_t, int> running; // by key: how often at once, of those nobody has left
    int calls = 0;
    int deserted = 0;
    bool right = true;
    const auto work = [&](std::size_t key) -> awaitable<int> {
        const int number = ++calls;
        right = right && ++running[key] == 1;
        try {
            co_await rill::sleep(std::chrono::milliseconds(random() % 5));
        } catch (const rill::system_error&) {
            ++deserted;
            --running[key];
            throw;
        }
        --running[key];
        if (number % 5 == 0)
            throw std::runtime_error("each fifth fails");
        co_return number;
    };
    int values = 0;
    int errors = 0;
    int cancels = 0;
    const auto caller = [&](std::size_t key) -> awaitable<void> {
        const auto load = [&work, key] { return work(key); };
        try {
            const int number = co_await f.run(key, load);
            right = right && number % 5 != 0 && number <= calls;
            ++values;
        } catch (const rill::system_error&) {
            ++cancels;
            throw;
        } catch (const std::runtime_error&) {
            ++errors;
        }
    };
    std::vector<rill::task<void>> tasks;
    for (int step = 0; step < 60; ++step) {
        const auto what = below(5);
        if (what <= 1)
            tasks.push_back(loop.spawn(caller(below(3))));
        else if (what == 2 && !tasks.empty())
            tasks[below(tasks.size())].cancel();
        else if (what == 3)
            loop.jump();
        else
            loop.advance(std::chrono::milliseconds(below(3)));
        if (below(3) == 0)
            loop.settle();
    }
    loop.advance(1h);
    for (const std::string& line : loop.reported()) // it failed when all had just left
        right = right && line.find("each fifth fails") != line.npos && deserted < cancels;
    loop.forget_reported();
    int never_begun = 0;
    for (const auto& t : tasks) {
        right = right && t.done();
        never_begun += t.cancelled();
    }
    never_begun -= cancels;
    const auto all = static_cast<int>(tasks.size());
    const auto stats = f.statistics();
    return right && values + errors + cancels + never_begun == all && stats.flights == 0 &&
           stats.waiting == 0 && stats.begun + stats.shared + never_begun == tasks.size() &&
           static_cast<int>(stats.begun) >= calls && deserted <= cancels;
}

TEST_CASE("single_flight: random schedules: one execution a key, and each caller has one outcome")
{
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        INFO("seed ", seed);
        CHECK(random_schedule_holds(seed));
    }
}

} // namespace
