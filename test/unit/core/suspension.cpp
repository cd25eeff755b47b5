// SPDX-License-Identifier: BSL-1.0
//
// R19: scenarios that are cancelled, timed out and failed beside at each of their steps. Nothing is
// lost, doubled or left behind, whichever way they end.
#include <support/every_suspension.hpp>
#include <support/loop.hpp>
#include <support/sanitized.hpp>

#include <rill/cleanup.hpp>
#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/gather.hpp>
#include <rill/generator.hpp>
#include <rill/queue.hpp>
#include <rill/race.hpp>
#include <rill/select.hpp>
#include <rill/shield.hpp>
#include <rill/task_group.hpp>
#include <rill/timeout.hpp>
#include <rill/wait.hpp>

#include <random>
#include <vector>

namespace {

using rill::awaitable;
using test::scenario;
using namespace std::chrono_literals;

/// Counts the frames that live, so that a leak or a double end shows.
class live {
public:
    explicit live(int& count)
        : count_(count)
    {
        ++count_;
    }

    ~live() { --count_; }

    live(const live&) = delete;
    live& operator=(const live&) = delete;

private:
    int& count_;
};

awaitable<int> work(int& frames, rill::duration d, int value)
{
    const live mark(frames);
    co_await rill::sleep(d);
    co_await rill::yield();
    co_return value;
}

TEST_CASE("R19: groups: every child has ended when the group is left")
{
    test::at_every_suspension([](scenario& s) {
        int frames = 0;
        int ended = 0;
        const auto child = [&](int n) -> awaitable<void> {
            co_await work(frames, std::chrono::seconds(n), n);
            ++ended;
        };
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.limit(2);
                for (int i = 1; i <= 4; ++i)
                    g.create_task(child(i));
                co_await g.start([&](rill::task_status<> status) -> awaitable<void> {
                    co_await work(frames, 1s, 0);
                    status.started();
                    co_await work(frames, 1s, 0);
                });
                co_await rill::yield();
            });
            CHECK(frames == 0);
        });
        CHECK(frames == 0);
        if (s.completed())
            CHECK(ended == 4);
    });
}

TEST_CASE("R19: nested timeouts and cleanups: each cleanup runs once, whatever happens")
{
    test::at_every_suspension([](scenario& s) {
        int entered = 0;
        int cleaned = 0;
        const auto guarded = [&]() -> awaitable<void> {
            const auto body = [&]() -> awaitable<void> {
                ++entered;
                co_await rill::sleep(2s);
                co_await rill::yield();
            };
            const auto cleanup = [&]() -> awaitable<void> {
                co_await rill::sleep(1s);
                ++cleaned;
            };
            co_await rill::with_cleanup(body, cleanup, 1h);
        };
        s.run([&]() -> awaitable<void> {
            co_await rill::timeout(1h, rill::timeout(30min, guarded));
            co_await rill::move_on_after(1s, guarded);
            const rill::shield_scope shield;
            co_await rill::sleep(1s);
        });
        CHECK(entered == cleaned);
    });
}

TEST_CASE("R19: gather, race and wait: tasks that are ours end, those that are given live on")
{
    test::at_every_suspension([](scenario& s) {
        int frames = 0;
        auto given = s.loop().spawn(work(frames, 3s, 1));
        s.run([&]() -> awaitable<void> {
            const auto sum = co_await rill::gather(work(frames, 1s, 1), work(frames, 2s, 2));
            CHECK(std::get<0>(sum) + std::get<1>(sum) == 3);
            co_await rill::race(work(frames, 1s, 1), work(frames, 1h, 2));
            std::vector<rill::task<int>> one{given};
            co_await rill::wait(one, rill::return_when::all_completed, 1min);
        });
        CHECK(given.done());
        CHECK_FALSE(given.cancelled());
        CHECK(frames == 0);
    });
}

TEST_CASE("R19: queues and select: the items add up")
{
    test::at_every_suspension([](scenario& s) {
        rill::queue<int> items(s.executor(), 1);
        rill::event stop(s.executor());
        int put = 0;
        int got = 0;
        s.run([&]() -> awaitable<void> {
            co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
                g.create_task([&]() -> awaitable<void> {
                    for (int i = 1; i <= 3; ++i) {
                        co_await items.put(i);
                        put += i;
                    }
                });
                while (got < 6) {
                    auto first = co_await rill::select(items.get(), stop.wait(), rill::sleep(1s));
                    if (first.index() == 0)
                        got += std::get<0>(first);
                }
            });
        });
        int left = 0;
        while (auto i = items.try_get())
            left += *i;
        // A put that had been stored when the cancel came is counted by nobody but the queue.
        CHECK(got + left >= put);
        CHECK(got + left <= put + 3);
        if (s.completed())
            CHECK(got == 6);
    });
}

TEST_CASE("R19: futures: whoever awaits one gets its outcome or the cancellation, not both")
{
    test::at_every_suspension([](scenario& s) {
        int results = 0;
        int cancels = 0;
        s.run([&]() -> awaitable<void> {
            rill::future<int> answer;
            auto setter = rill::create_task([answer]() mutable -> awaitable<void> {
                co_await rill::yield();
                answer.set_result_unless_done(4);
            });
            auto reader = rill::create_task([&, answer]() -> awaitable<void> {
                try {
                    results += co_await answer;
                } catch (const rill::system_error&) {
                    ++cancels;
                    throw;
                }
            });
            const auto both = co_await rill::gather_settled(setter, reader);
            CHECK(std::get<1>(both).has_value());
        });
        CHECK(results / 4 + cancels <= 1);
        if (s.completed())
            CHECK(results == 4);
    });
}

TEST_CASE("R19: generators: the body's frames are gone, and its values were given once")
{
    test::at_every_suspension([](scenario& s) {
        int frames = 0;
        const auto values = [&]() -> rill::generator<int> {
            const live mark(frames);
            for (int i = 0; i < 3; ++i) {
                co_await rill::sleep(1s);
                co_yield i;
            }
        };
        std::vector<int> got;
        s.run([&]() -> awaitable<void> {
            co_await rill::for_each(values(), [&](int i) { got.push_back(i); });
        });
        CHECK(frames == 0);
        for (std::size_t i = 0; i < got.size(); ++i)
            CHECK(got[i] == static_cast<int>(i));
        if (s.completed())
            CHECK(got.size() == 3);
    });
}

TEST_CASE("R19: shield and as_completed: the work goes on, and each end is seen at most once")
{
    test::at_every_suspension([](scenario& s) {
        int frames = 0;
        int done = 0;
        int seen = 0;
        const auto save = [&]() -> awaitable<void> {
            co_await work(frames, 1s, 0);
            ++done;
        };
        bool begun = false;
        s.run([&]() -> awaitable<void> {
            begun = true;
            co_await rill::shield(save());
            std::vector<awaitable<int>> members;
            members.push_back(work(frames, 2s, 2));
            members.push_back(work(frames, 1s, 1));
            auto ends = rill::as_completed(std::move(members));
            while (co_await ends.next())
                ++seen;
        });
        CHECK(frames == 0);
        CHECK(done == (begun ? 1 : 0));
        CHECK(seen <= 2);
    });
}

/// Tasks that each take a ticket, wait in one of several ways, and give it back or deliver it.
TEST_CASE("R20: 100 000 tasks cancelled while they complete are accounted for exactly")
{
    constexpr int count = test::sanitized ? 20'000 : 100'000;
    test::loop loop;
    std::mt19937 random(20);
    rill::event go(loop.executor());
    int finished = 0;
    int cancelled = 0;
    const auto one = [&](int n) -> awaitable<int> {
        try {
            if (n % 3 == 0)
                co_await go.wait();
            else if (n % 3 == 1)
                co_await rill::sleep(std::chrono::milliseconds(n % 1000));
            else
                for (int i = 0; i < n % 7; ++i)
                    co_await rill::yield();
            ++finished;
            co_return n;
        } catch (const rill::system_error&) {
            ++cancelled;
            throw;
        }
    };
    std::vector<rill::task<int>> tasks;
    for (int i = 0; i < count; ++i)
        tasks.push_back(loop.spawn(one(i)));
    int never_started = 0;
    std::vector<bool> asked(count);
    for (int round = 0; round < 1000; ++round) {
        if (round == 500)
            go.set();
        for (int k = 0; k < count / 1000; ++k) {
            const auto i = random() % count;
            if (round == 0 && !asked[i])
                ++never_started;
            asked[i] = true;
            tasks[i].cancel();
        }
        loop.advance(1ms);
    }
    loop.advance(1s);
    int values = 0;
    int refusals = 0;
    for (const auto& t : tasks)
        ++(t.cancelled() ? refusals : values);
    CHECK(values == finished);
    CHECK(refusals == cancelled + never_started);
    CHECK(values + refusals == count);
    CHECK(refusals > 0);
    CHECK(values > 0);
}

} // namespace
