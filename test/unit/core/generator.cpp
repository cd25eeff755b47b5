// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/context_var.hpp>
#include <rill/generator.hpp>
#include <rill/run.hpp>
#include <rill/timeout.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using rill::awaitable;
using rill::generator;
using namespace std::chrono_literals;

/// Appends to a log when it goes.
class note {
public:
    note(std::string& log, std::string text)
        : log_(log)
        , text_(std::move(text))
    {}

    ~note() { log_ += text_; }

    note(const note&) = delete;
    note& operator=(const note&) = delete;

private:
    std::string& log_;
    std::string text_;
};

generator<int> count(int n, rill::duration d = 1s)
{
    for (int i = 0; i < n; ++i) {
        co_await rill::sleep(d);
        co_yield i;
    }
}

/// Its cleanup waits.
generator<int> careful(std::string& log)
{
    const note gone(log, "gone ");
    bool leaving = false;
    try {
        for (int i = 0;; ++i)
            co_yield i;
    } catch (const rill::generator_exit&) {
        leaving = true;
    }
    if (leaving)
        co_await rill::sleep(1ms); // on a real loop too
    log += "cleaned ";
}

TEST_CASE("generator: values come one after another, with waits in between, and then none")
{
    test::loop loop;
    std::vector<int> got;
    loop.run([&]() -> awaitable<void> {
        auto g = count(3);
        while (auto i = co_await g.next())
            got.push_back(*i);
        CHECK(g.finished());
        CHECK_FALSE((co_await g.next()).has_value());
    });
    CHECK(got == std::vector<int>{0, 1, 2});
}

TEST_CASE("generator: values may be move-only, and an error leaves next() and ends it")
{
    test::loop loop;
    const auto make = []() -> generator<std::unique_ptr<int>> {
        co_yield std::make_unique<int>(1);
        throw std::runtime_error("no more");
    };
    loop.run([&]() -> awaitable<void> {
        auto g = make();
        auto first = co_await g.next();
        CHECK(**first == 1);
        std::string error;
        try {
            co_await g.next();
        } catch (const std::runtime_error& e) {
            error = e.what();
        }
        CHECK(error == "no more");
        CHECK(g.finished());
    });
}

TEST_CASE("GEN-01: dropped half-way, its destructors run; close() lets its cleanup wait")
{
    test::loop loop;
    std::string log;
    loop.run([&]() -> awaitable<void> {
        {
            auto dropped = careful(log);
            co_await dropped.next();
        }
        CHECK(log == "gone ");
        auto closed = careful(log);
        co_await closed.next();
        co_await closed.close();
        CHECK(log == "gone cleaned gone ");
        CHECK(closed.finished());
        co_await closed.close(); // harmless
    });
}

TEST_CASE("GEN-01: closed before its first step, the body never runs")
{
    test::loop loop;
    std::string log;
    loop.run([&]() -> awaitable<void> {
        auto g = careful(log);
        co_await g.close();
        CHECK_FALSE((co_await g.next()).has_value());
    });
    CHECK(log.empty());
}

TEST_CASE("GEN-02: dropped in another thread, its frames go on the loop's")
{
    test::loop loop;
    std::thread::id gone_in;
    const auto body = [&]() -> generator<int> {
        struct witness {
            std::thread::id& where;

            ~witness() { where = std::this_thread::get_id(); }
        };

        const witness w{gone_in};
        co_yield 1;
    };
    auto g = std::make_optional(body());
    loop.run([&]() -> awaitable<void> { co_await g->next(); });
    std::thread([&] { g.reset(); }).join();
    CHECK(gone_in == std::thread::id());
    loop.settle();
    CHECK(gone_in == std::this_thread::get_id());
}

TEST_CASE("GEN-03: a shutdown closes the generators that are left; their errors are reported")
{
    std::string log;
    std::vector<std::string> reported;
    const auto bad = []() -> generator<int> {
        try {
            co_yield 1;
        } catch (const rill::generator_exit&) {
            throw std::runtime_error("bad cleanup");
        }
    };
    auto first = bad();
    auto second = careful(log);
    rill::run([&]() -> awaitable<void> {
        rill::this_loop().set_exception_handler([&](const rill::exception_context& c) {
            reported.push_back(test::text_of(c.exception));
        });
        co_await first.next();
        co_await second.next();
    });
    CHECK(log == "cleaned gone ");
    CHECK(reported == std::vector<std::string>{"bad cleanup"});
    CHECK(first.finished());
    CHECK(second.finished());
}

TEST_CASE("GEN-04: a scope around the consumer ends a wait inside the body, and is then left")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        auto g = count(100, 2s);
        int got = 0;
        const auto consume = [&]() -> awaitable<void> {
            while (co_await g.next())
                ++got;
        };
        bool timed_out = false;
        try {
            co_await rill::timeout(5s, consume);
        } catch (const rill::timeout_error&) {
            timed_out = true;
        }
        CHECK(timed_out);
        CHECK(got == 2);
        CHECK(g.finished()); // the cancellation left its body
        co_await rill::sleep(1s);
    });
}

TEST_CASE("GEN-05: a cancel arrives inside the body when its consumer is cancelled in next()")
{
    test::loop loop;
    std::string log;
    const auto body = [&]() -> generator<int> {
        try {
            co_await rill::sleep(1h);
        } catch (const rill::system_error& e) {
            log += e.code() == rill::condition::cancelled ? "cancelled " : "other ";
            throw;
        }
        co_yield 1;
    };
    auto t = loop.spawn([&]() -> awaitable<void> {
        auto g = body();
        co_await g.next();
    });
    loop.settle();
    t.cancel();
    loop.settle();
    CHECK(t.cancelled());
    CHECK(log == "cancelled ");
}

TEST_CASE("generator: a second next() while one is under way is an error")
{
    test::loop loop;
    auto g = count(2);
    auto first = loop.spawn(g.next());
    loop.settle();
    CHECK_THROWS_AS(loop.run(g.next()), rill::invalid_state);
    loop.advance(1s);
    CHECK(first.result() == 0);
    loop.run(g.close());
}

TEST_CASE("generator: a close() while next() is under way is an error, and harms nothing")
{
    test::loop loop;
    auto g = count(2);
    auto first = loop.spawn(g.next());
    loop.settle();
    CHECK_THROWS_AS(loop.run(g.close()), rill::invalid_state);
    loop.advance(1s);
    CHECK(first.result() == 0);
    CHECK(loop.run(g.next()) == 1);
}

TEST_CASE("generator: one that is dropped while somebody waits for it lives until then")
{
    test::loop loop;
    auto g = std::make_unique<generator<int>>(count(2));
    auto first = loop.spawn(g->next());
    loop.settle();
    g.reset();
    loop.advance(1s);
    CHECK(first.result() == 0);
}

TEST_CASE("generator: it runs with the context variables of whoever awaits it")
{
    test::loop loop;
    static const rill::context_var<int> depth("depth", 0);
    const auto body = []() -> generator<int> {
        co_yield depth.get();
        co_yield depth.get();
    };
    loop.run([&]() -> awaitable<void> {
        auto g = body();
        CHECK(*co_await g.next() == 0);
        const auto deeper = depth.scoped(5);
        CHECK(*co_await g.next() == 5);
    });
}

TEST_CASE("generator: filter, transform and take compose, and collect gives what is left")
{
    test::loop loop;
    std::string log;
    const auto squares = loop.run([&]() -> awaitable<std::vector<int>> {
        auto odd = rill::filter(careful(log), [](int i) { return i % 2 == 1; });
        auto square = rill::transform(std::move(odd), [](int i) { return i * i; });
        auto four = rill::collect(rill::take(std::move(square), 4));
        co_return co_await std::move(four);
    });
    CHECK(squares == std::vector<int>{1, 9, 25, 49});
    CHECK(log == "cleaned gone "); // the source was closed before collect returned
    const auto even = [](int i) { return i % 2 == 0; };
    CHECK(loop.run(rill::collect(count(5), even)) == std::vector<int>{0, 2, 4});
}

TEST_CASE("generator: for_each awaits what its function gives, and closes on an error")
{
    test::loop loop;
    std::string log;
    const auto stop_at_three = [](int i) -> awaitable<void> {
        co_await rill::sleep(1s);
        if (i == 3)
            throw std::runtime_error("enough");
    };
    CHECK_THROWS_WITH(loop.run(rill::for_each(careful(log), stop_at_three)), "enough");
    CHECK(log == "cleaned gone ");
}

TEST_CASE("generator: a loop ends with generators that wait, have yielded, and never began")
{
    auto outside = std::make_unique<generator<int>>(count(3));
    {
        test::abandoned_loop loop;
        loop.spawn([]() -> awaitable<void> {
            auto waits = count(3, 1h);
            auto never = count(3);
            co_await waits.next();
        });
        loop.run([&]() -> awaitable<void> { co_await outside->next(); });
    }
    outside.reset();
}

TEST_CASE("generator: a long row of pipes is closed, and ends, one after another")
{
    test::loop loop;
    loop.run([]() -> awaitable<void> {
        auto numbers = count(1'000'000, 0s);
        for (int i = 0; i < 50'000; ++i)
            numbers = rill::take(std::move(numbers), 1'000'000);
        CHECK(co_await numbers.next() == 0);
        co_await numbers.close();
        CHECK(numbers.finished());
        auto few = count(1, 0s);
        for (int i = 0; i < 50'000; ++i)
            few = rill::transform(std::move(few), [](int n) { return n + 1; });
        CHECK(co_await few.next() == 50'000);
        CHECK(co_await few.next() == std::nullopt);
    });
}

} // namespace
