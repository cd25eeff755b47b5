// SPDX-License-Identifier: BSL-1.0
#include <support/every_suspension.hpp>
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/as_channel.hpp>
#include <rill/timeout.hpp>

#include <stdexcept>
#include <string>

namespace {

using rill::awaitable;
using rill::generator;
using rill::receiver;
using namespace std::chrono_literals;

/// Says when it ends, whichever way.
class witness {
public:
    explicit witness(std::string& log)
        : log_(log)
    {}

    ~witness() { log_ += "closed"; }

    witness(const witness&) = delete;
    witness& operator=(const witness&) = delete;

private:
    std::string& log_;
};

generator<int> count(std::string& log)
{
    const witness w(log);
    for (int i = 1;; ++i) {
        log += std::to_string(i) + " ";
        co_yield i;
    }
}

awaitable<int> sum_of(receiver<int>& rx, int n)
{
    int sum = 0;
    for (int i = 0; i < n; ++i) {
        const auto v = co_await rx.receive();
        sum += v.value();
    }
    co_return sum;
}

TEST_CASE("BY-50: a generator runs in a task of its own, and is closed when its consumer ends")
{
    test::loop loop;
    std::string log;
    const auto three = [](receiver<int>& rx) { return sum_of(rx, 3); };
    CHECK(loop.run(rill::as_channel(count(log), three)) == 6);
    CHECK(log.ends_with("closed"));
}

TEST_CASE("BY-50: with a capacity it runs ahead, without one it waits for each value to be taken")
{
    test::loop loop;
    for (const std::size_t capacity : {0, 3}) {
        std::string log;
        const auto idle = [&](receiver<int>&) -> awaitable<void> {
            co_await rill::sleep(1s);
            CHECK(log == (capacity == 0 ? "1 " : "1 2 3 4 "));
        };
        loop.run(rill::as_channel(count(log), idle, capacity));
    }
}

generator<int> hurried()
{
    for (int i = 1; i <= 3; ++i) {
        int value = 0;
        const auto wait = [&]() -> awaitable<void> {
            co_await rill::sleep(1s);
            value = i;
        };
        co_await rill::timeout(2s, wait);
        co_yield value;
    }
}

TEST_CASE("BY-50: timeouts of the generator do not reach its consumer, however slow that is")
{
    test::loop loop;
    const auto slow = [](receiver<int>& rx) -> awaitable<std::string> {
        std::string got;
        while (auto v = co_await rx.receive()) {
            co_await rill::sleep(1h);
            got += std::to_string(*v);
        }
        co_return got;
    };
    CHECK(loop.run(rill::as_channel(hurried(), slow)) == "123");
}

generator<int> failing()
{
    co_yield 1;
    throw std::runtime_error("out of numbers");
}

TEST_CASE("BY-50: an error of the generator cancels the consumer and is thrown in a group")
{
    test::loop loop;
    const auto all = [](receiver<int>& rx) { return sum_of(rx, 2); };
    CHECK(
        loop.run(test::how(rill::as_channel(failing(), all))) == "group: 1 error: out of numbers"
    );
}

TEST_CASE("BY-50: a consumer that closes its end stops the generator")
{
    test::loop loop;
    std::string log;
    const auto leave = [&](receiver<int>& rx) -> awaitable<void> {
        co_await rx.receive();
        rx.close();
        co_await rill::sleep(1s);
        CHECK(log.ends_with("closed"));
    };
    loop.run(rill::as_channel(count(log), leave));
}

TEST_CASE("R19: as_channel: the generator is closed whichever way it ends")
{
    test::at_every_suspension([](test::scenario& s) {
        std::string log;
        const auto three = [](receiver<int>& rx) { return sum_of(rx, 3); };
        s.run([&]() -> awaitable<void> {
            const int sum = co_await rill::as_channel(count(log), three, 1);
            CHECK(sum == 6);
        });
        CHECK((log.empty() || log.ends_with("closed")));
    });
}

} // namespace
