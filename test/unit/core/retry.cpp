// SPDX-License-Identifier: BSL-1.0
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/retry.hpp>
#include <rill/task.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace {

namespace asio = boost::asio;
using rill::awaitable;
using namespace std::chrono_literals;

/// Fails so many times, then gives the number of the attempt.
class flaky {
public:
    explicit flaky(int failures)
        : failures_(failures)
    {}

    awaitable<int> operator()()
    {
        co_await rill::yield();
        if (++calls_ <= failures_)
            throw std::runtime_error("failure " + std::to_string(calls_));
        co_return calls_;
    }

    int calls() const { return calls_; }

private:
    int failures_;
    int calls_ = 0;
};

rill::retry_policy exact()
{
    return rill::retry_policy().full_jitter(false);
}

/// How `op` ends under `policy`.
template <class F>
std::string outcome_of(test::loop& loop, rill::retry_policy policy, F& op)
{
    return loop.run(test::how(rill::retry(std::move(policy), std::ref(op))));
}

TEST_CASE(
    "retry: the value of the first success; a call that succeeds is made once, without a delay"
)
{
    test::loop loop;
    const auto begin = loop.now();
    flaky sound(0);
    CHECK(outcome_of(loop, exact(), sound) == "1");
    CHECK(loop.now() == begin);
    flaky recovers(2);
    CHECK(outcome_of(loop, exact(), recovers) == "3");
    CHECK(loop.now() == begin + 300ms);
}

TEST_CASE("retry: after the last attempt its error is thrown unchanged")
{
    test::loop loop;
    flaky broken(100);
    CHECK(outcome_of(loop, exact().attempts(4), broken) == "failure 4");
    CHECK(broken.calls() == 4);
    flaky once(1);
    CHECK(outcome_of(loop, exact().attempts(1), once) == "failure 1");
}

TEST_CASE("retry: values need be neither copyable nor default-constructible; void is one as well")
{
    struct value {
        explicit value(int n)
            : number(std::make_unique<int>(n))
        {}

        std::unique_ptr<int> number;
    };
    test::loop loop;
    int calls = 0;
    const auto give = [&]() -> awaitable<value> {
        if (++calls < 3)
            throw std::runtime_error("not yet");
        co_return value(calls);
    };
    CHECK(*loop.run(rill::retry(rill::retry_policy(), give)).number == 3);
    const auto nothing = [&]() -> awaitable<void> {
        if (++calls < 5)
            throw 1; // no std::exception, and tried again like any other
        co_return;
    };
    loop.run(rill::retry(rill::retry_policy(), nothing));
    CHECK(calls == 5);
}

TEST_CASE("retry: each delay is longer by the factor, up to the longest")
{
    test::loop loop;
    std::vector<rill::duration> delays;
    const auto note = [&](unsigned, rill::duration d, const std::exception_ptr&) {
        delays.push_back(d);
    };
    flaky broken(100);
    const auto policy = exact().attempts(6).first_delay(2s).factor(1.5).longest_delay(5s);
    outcome_of(loop, rill::retry_policy(policy).on_retry(note), broken);
    CHECK(delays == std::vector<rill::duration>{2s, 3s, 4500ms, 5s, 5s});
}

TEST_CASE("retry: without a longest delay in sight, delays do not overflow")
{
    test::loop loop;
    flaky broken(100);
    const auto policy =
        exact().attempts(50).first_delay(1h).factor(1e9).longest_delay(rill::forever);
    auto t = loop.spawn(rill::retry(policy, std::ref(broken)));
    loop.advance(100'000h);
    CHECK(broken.calls() == 2);
    t.cancel();
    loop.settle();
    CHECK(t.cancelled());
}

/// The delays that a policy with jitter takes on a loop with this seed.
std::vector<rill::duration> jittered(std::uint64_t seed)
{
    test::loop loop;
    rill::detail::loop_core::of(loop.context()).random.seed(seed);
    std::vector<rill::duration> delays;
    const auto note = [&](unsigned, rill::duration d, const std::exception_ptr&) {
        delays.push_back(d);
    };
    flaky broken(1000);
    const auto begin = loop.now();
    auto policy = rill::retry_policy().attempts(401).first_delay(1s).factor(1);
    outcome_of(loop, policy.on_retry(note), broken);
    rill::duration sum(0);
    for (const auto d : delays)
        sum += d;
    CHECK(loop.now() - begin == sum);
    return delays;
}

TEST_CASE("retry: jitter is spread from nothing to the delay; a seed gives the same each time")
{
    const auto delays = jittered(7);
    REQUIRE(delays.size() == 400);
    int of_quarter[4] = {};
    for (const auto d : delays) {
        REQUIRE(d >= 0s);
        REQUIRE(d <= 1s);
        ++of_quarter[std::min<std::int64_t>(d / 250ms, 3)];
    }
    for (const int n : of_quarter)
        CHECK(n > 60);
    CHECK(jittered(7) == delays);
    CHECK(jittered(8) != delays);
}

TEST_CASE("retry: only errors that are worth it are tried again")
{
    test::loop loop;
    flaky broken(100);
    const auto first_only = [](const std::exception& e) {
        return std::string(e.what()) == "failure 1";
    };
    CHECK(outcome_of(loop, exact().attempts(9).when(first_only), broken) == "failure 2");
    const auto none = [](const std::exception_ptr&) { return false; };
    CHECK(outcome_of(loop, exact().when(none), broken) == "failure 3");
    int calls = 0;
    const auto throw_int = [&]() -> awaitable<void> {
        ++calls;
        throw 1;
    };
    const auto all = [](const std::exception&) { return true; };
    CHECK_THROWS_AS(loop.run(rill::retry(exact().when(all), throw_int)), int);
    CHECK(calls == 1);
}

TEST_CASE("retry: a cancellation and a fatal error are never tried again, whatever the policy says")
{
    test::loop loop;
    int calls = 0;
    const auto all = [](const std::exception_ptr&) { return true; };
    const auto cancelled = [&]() -> awaitable<void> {
        ++calls;
        throw rill::cancelled_error(nullptr);
    };
    CHECK(loop.run(test::how(rill::retry(exact().when(all), cancelled))) == "cancelled");
    CHECK(calls == 1);
    const auto fatal = [&]() -> awaitable<void> {
        ++calls;
        throw rill::fatal_error("the end");
    };
    CHECK(loop.run(test::how(rill::retry(exact().when(all), fatal))) == "the end");
    CHECK(calls == 2);
}

TEST_CASE("retry: an abort that nobody asked for is tried again, and one that was asked for is not")
{
    test::loop loop;
    int calls = 0;
    const auto aborted = [&]() -> awaitable<int> {
        if (++calls < 3)
            throw rill::system_error(asio::error::operation_aborted);
        co_return calls;
    };
    CHECK(loop.run(rill::retry(exact(), aborted)) == 3);
    asio::steady_timer timer(loop.executor(), 1h);
    const auto wait = [&]() -> awaitable<void> {
        ++calls;
        co_await timer.async_wait(asio::deferred);
    };
    auto t = loop.spawn(rill::retry(exact(), wait));
    loop.settle();
    t.cancel();
    loop.advance(1h);
    CHECK(t.cancelled());
    CHECK(calls == 4);
}

TEST_CASE("retry: cancelled or out of time in a call or in a delay, it ends there")
{
    test::loop loop;
    flaky broken(100);
    const auto policy = exact().attempts(100).first_delay(1min).longest_delay(1h);
    auto t = loop.spawn(rill::retry(policy, std::ref(broken)));
    loop.advance(90s);
    t.cancel();
    loop.settle();
    CHECK(t.cancelled());
    CHECK(broken.calls() == 2);
    auto limited = rill::timeout(30s, rill::retry(policy, std::ref(broken)));
    CHECK(loop.run(test::how(std::move(limited))) == "timeout");
    CHECK(broken.calls() == 3);
}

TEST_CASE("retry: a task that was cancelled during its call spends no token and tells no observer")
{
    test::loop loop;
    rill::retry_budget budget(0.5, 3);
    int told = 0;
    const auto note = [&](unsigned, rill::duration, const std::exception_ptr&) { ++told; };
    const auto fails_late = [&]() -> awaitable<void> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error&) {
            throw std::runtime_error("no answer");
        }
    };
    auto t = loop.spawn(rill::retry(exact().budget(budget).on_retry(note), fails_late));
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(t.done());
    CHECK(test::text_of(t.exception()) == "no answer");
    CHECK(budget.statistics().spent == 0);
    CHECK(told == 0);
}

TEST_CASE("retry: an observer is told of the attempt, the delay and the error, before the delay")
{
    test::loop loop;
    std::string log;
    flaky recovers(2);
    const auto note = [&](unsigned attempt, rill::duration d, const std::exception_ptr& e) {
        log += std::to_string(attempt) + " " + rill::detail::text_of(d) + " " + test::text_of(e) +
               "; ";
    };
    outcome_of(loop, exact().on_retry(note), recovers);
    CHECK(log == "1 100ms failure 1; 2 200ms failure 2; ");
    const auto fail = [](unsigned, rill::duration, const std::exception_ptr&) {
        throw std::logic_error("the observer fails");
    };
    flaky broken(9);
    CHECK(outcome_of(loop, exact().on_retry(fail), broken) == "the observer fails");
}

TEST_CASE(
    "retry: a budget is spent by retries and earned by successes, and bounds those who share it"
)
{
    test::loop loop;
    rill::retry_budget budget(0.5, 3);
    const auto policy = exact().attempts(3).budget(budget);
    flaky broken(1000);
    outcome_of(loop, policy, broken);
    CHECK(outcome_of(loop, policy, broken) == "failure 5"); // one retry was left
    CHECK(outcome_of(loop, policy, broken) == "failure 6");
    CHECK(budget.statistics().tokens == 0);
    CHECK(budget.statistics().spent == 3);
    CHECK(budget.statistics().refused == 2);
    flaky sound(0);
    outcome_of(loop, policy, sound);
    CHECK(outcome_of(loop, policy, broken) == "failure 7"); // half a token is none
    outcome_of(loop, policy, sound);
    CHECK(outcome_of(loop, policy, broken) == "failure 9");
    CHECK(budget.statistics().earned == 2);
}

TEST_CASE("retry: in an outage a shared budget bounds the load, where policies alone multiply it")
{
    test::loop loop;
    rill::retry_budget budget;
    for (int i = 0; i < 1000; ++i)
        budget.earn();
    CHECK(budget.statistics().tokens == 10); // never more than it starts with
    flaky down(1'000'000);
    std::vector<rill::task<int>> callers;
    for (int i = 0; i < 500; ++i)
        callers.push_back(loop.spawn(
            rill::retry(rill::retry_policy().attempts(10).budget(budget), std::ref(down))
        ));
    loop.advance(1h);
    CHECK(down.calls() == 510);
    for (const auto& t : callers)
        CHECK(t.exception());
}

TEST_CASE("retry: an error that is not worth it, or the last one, costs no token")
{
    test::loop loop;
    rill::retry_budget budget(0, 5);
    flaky broken(100);
    outcome_of(loop, exact().attempts(1).budget(budget), broken);
    const auto none = [](const std::exception_ptr&) { return false; };
    outcome_of(loop, exact().when(none).budget(budget), broken);
    CHECK(budget.statistics().tokens == 5);
    CHECK(budget.statistics().refused == 0);
}

TEST_CASE("retry: settings that make no sense are refused with what would be right")
{
    rill::retry_policy p;
    CHECK_THROWS_WITH_AS(
        p.attempts(0),
        "rill::retry_policy: attempts, the first included, are at least 1, not 0",
        std::invalid_argument
    );
    CHECK_THROWS_WITH_AS(
        p.first_delay(-1ms),
        "rill::retry_policy: first_delay is 0 or more, not -1ms",
        std::invalid_argument
    );
    CHECK_THROWS_AS(p.longest_delay(-1s), std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        p.factor(0.5),
        "rill::retry_policy: factor is at least 1, not 0.500000",
        std::invalid_argument
    );
    CHECK_THROWS_AS(p.factor(std::numeric_limits<double>::quiet_NaN()), std::invalid_argument);
    CHECK_THROWS_AS(p.factor(INFINITY), std::invalid_argument);
    CHECK_THROWS_AS(rill::retry_budget(-0.1), std::invalid_argument);
    CHECK_THROWS_AS(rill::retry_budget(0.1, 0), std::invalid_argument);
}

TEST_CASE("retry: in a plain coroutine of Asio's, and cancelled there through its slot")
{
    asio::io_context io;
    flaky recovers(2);
    int value = 0;
    auto quick = exact().first_delay(1ms);
    asio::co_spawn(io, rill::retry(quick, std::ref(recovers)), [&](std::exception_ptr, int v) {
        value = v;
    });
    io.run();
    CHECK(value == 3);
    flaky broken(100);
    asio::cancellation_signal signal;
    std::exception_ptr error;
    asio::co_spawn(
        io,
        rill::retry(exact().first_delay(1h), std::ref(broken)),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e, int) { error = e; })
    );
    io.restart();
    io.poll();
    signal.emit(asio::cancellation_type::terminal);
    io.run();
    CHECK(rill::is_cancellation(error));
    CHECK(broken.calls() == 1);
}

TEST_CASE("retry: interrupted at every suspension, nothing is called after, and tokens add up")
{
    test::at_every_suspension([](test::scenario& s) {
        rill::retry_budget budget(0, 10);
        flaky recovers(3);
        int value = 0;
        s.run([&]() -> awaitable<void> {
            const auto policy = rill::retry_policy().attempts(5).budget(budget);
            value = co_await rill::retry(policy, std::ref(recovers));
        });
        const auto spent = static_cast<int>(budget.statistics().spent);
        CHECK(spent + static_cast<int>(budget.statistics().tokens) == 10);
        CHECK(recovers.calls() <= spent + 1); // the first call is free
        CHECK(recovers.calls() >= spent - 1); // paid for, and cancelled in the delay or the call
        if (s.completed())
            CHECK(value == 4);
    });
}

} // namespace
