// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/idle_deadline.hpp>
#include <rill/sleep.hpp>

#include <optional>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
using rill::duration;
using rill::idle_deadline;
using rill::timeout_scope;

/// Says something after each of these times, and then nothing. When that was too long for it.
duration ended_after(test::loop& loop, duration silence, std::initializer_list<duration> pauses)
{
    const auto begun = loop.now();
    loop.run([&]() -> awaitable<void> {
        rill::event nothing;
        const auto talk = [&](idle_deadline idle) -> awaitable<void> {
            for (const duration pause : pauses) {
                co_await rill::sleep(pause);
                idle.begin_again();
            }
            co_await nothing.wait();
        };
        try {
            co_await rill::timeout(rill::forever, [&](timeout_scope& scope) {
                return talk(idle_deadline(scope, silence));
            });
        } catch (const rill::timeout_error&) {
        }
    });
    return loop.now() - begun;
}

TEST_CASE("idle_deadline: a silence of that length ends it, or one that is 1/32 longer")
{
    test::loop loop;
    CHECK(ended_after(loop, 32s, {}) == 32s);
    CHECK(ended_after(loop, 32s, {1s}) == 34s);
    CHECK(ended_after(loop, 32s, {1s, 500ms}) == 34s);
}

TEST_CASE("idle_deadline: whatever happens begins the silence again")
{
    test::loop loop;
    CHECK(ended_after(loop, 32s, {20s, 20s, 20s}) == 93s);
    const duration end = ended_after(loop, 32s, {500ms, 31s});
    CHECK(end >= 31500ms + 32s);
    CHECK(end <= 31500ms + 33s);
}

TEST_CASE("idle_deadline: forever lets the silence last")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        co_await rill::timeout(rill::forever, [](timeout_scope& scope) -> awaitable<void> {
            idle_deadline idle(scope, rill::forever);
            co_await rill::sleep(1000h);
            idle.begin_again();
            CHECK(scope.when() == rill::never);
        });
    });
}

TEST_CASE("idle_deadline: a new one takes the scope's deadline over, earlier or later")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        co_await rill::timeout(1s, [](timeout_scope& scope) -> awaitable<void> {
            const auto now = rill::this_loop().time();
            const idle_deadline later(scope, 10s);
            CHECK(scope.when() == now + 10s);
            const idle_deadline sooner(scope, 5s);
            CHECK(scope.when() == now + 5s);
            co_return;
        });
    });
}

TEST_CASE("idle_deadline: what happens too late changes nothing")
{
    test::loop loop;
    const auto begun = loop.now();
    loop.run([]() -> awaitable<void> {
        const auto body = [](timeout_scope& scope) -> awaitable<void> {
            idle_deadline idle(scope, 1s);
            try {
                co_await rill::sleep(1h);
            } catch (...) {
                idle.begin_again();
                const idle_deadline another(scope, 1h);
                throw;
            }
        };
        CHECK_THROWS_AS(co_await rill::timeout(rill::forever, body), rill::timeout_error);
    });
    CHECK(loop.now() - begun == 1s);
}

} // namespace
