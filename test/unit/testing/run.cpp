// SPDX-License-Identifier: BSL-1.0
#include <support/failure_of.hpp>

#include <rill/event.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/run.hpp>
#include <rill/timeout.hpp>
#include <rill/to_thread.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace testing = rill::testing;
using rill::awaitable;
using test::contains;
using test::failure_of;
using namespace std::chrono_literals;

/// The environment of a test of seeds is its own.
class no_seed_in_environment {
public:
    no_seed_in_environment()
    {
        if (const char* const seed = std::getenv("RILL_TEST_SEED"))
            before_ = seed;
        ::unsetenv("RILL_TEST_SEED");
    }

    ~no_seed_in_environment()
    {
        if (before_)
            ::setenv("RILL_TEST_SEED", before_->c_str(), 1);
    }

    no_seed_in_environment(const no_seed_in_environment&) = delete;
    no_seed_in_environment& operator=(const no_seed_in_environment&) = delete;

private:
    std::optional<std::string> before_;
};

// Three tasks that say in which order they run.
awaitable<std::string> order_of_three()
{
    std::string order;
    const auto say = [&order](char c) -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            order += c;
            co_await rill::yield();
        }
    };
    const auto body = [&](rill::task_group& g) -> awaitable<void> {
        for (const char c : {'a', 'b', 'c'})
            g.create_task(say(c));
        co_return;
    };
    co_await rill::with_task_group(body);
    co_return order;
}

} // namespace

TEST_CASE("BY-28: when all tasks are blocked time jumps to the next deadline")
{
    const auto began = std::chrono::steady_clock::now();
    const auto passed = testing::run([]() -> awaitable<rill::duration> {
        const rill::time_point start = rill::this_loop().time();
        co_await rill::sleep(48h);
        co_return rill::this_loop().time() - start;
    });
    CHECK(passed == 48h);
    CHECK(std::chrono::steady_clock::now() - began < 10s);
}

TEST_CASE("BY-28: a timeout of an hour passes at once, and what it cancels has ended")
{
    bool cancelled = false;
    const auto main = [&]() -> awaitable<void> {
        const auto wait = [&]() -> awaitable<void> {
            try {
                co_await rill::sleep(rill::forever);
            } catch (const rill::system_error&) {
                cancelled = true;
                throw;
            }
        };
        co_await rill::timeout(1h, wait);
    };
    CHECK_THROWS_AS(testing::run(main), rill::timeout_error);
    CHECK(cancelled);
}

TEST_CASE("BY-27: timers fire in the order of their deadlines, whatever the order of their setting")
{
    std::string order;
    testing::run([&]() -> awaitable<void> {
        rill::loop loop = rill::this_loop();
        loop.call_later(3s, [&] { order += "c"; });
        loop.call_later(1s, [&] { order += "a"; });
        loop.call_later(2s, [&] { order += "b"; });
        loop.call_later(2s, [&] { order += "B"; });
        co_await rill::sleep(4s);
    });
    CHECK(order == "abBc");
}

TEST_CASE("BY-27: a loop moved by hand fires what is due up to there and nothing else")
{
    testing::loop loop;
    int fired = 0;
    loop.get().call_later(1s, [&] { ++fired; });
    loop.get().call_later(1h, [&] { ++fired; });
    loop.advance(59min);
    CHECK(fired == 1);
    loop.advance(1min);
    CHECK(fired == 2);
}

TEST_CASE("run: calls in other threads end before time passes")
{
    const auto main = []() -> awaitable<std::string> {
        std::string order;
        const auto in_thread = [&]() -> awaitable<void> {
            const auto call = [] { std::this_thread::sleep_for(5ms); };
            co_await rill::to_thread(call);
            order += "thread ";
        };
        const auto deadline = [&]() -> awaitable<void> {
            co_await rill::sleep(1ns);
            order += "deadline ";
        };
        const auto body = [&](rill::task_group& g) -> awaitable<void> {
            g.create_task(in_thread);
            g.create_task(deadline);
            co_return;
        };
        co_await rill::with_task_group(body);
        co_return order;
    };
    CHECK(testing::run(main) == "thread deadline ");
}

TEST_CASE("run: a call in another thread that takes longer than the test's patience is a failure")
{
    static std::atomic<bool> go_on; // the thread outlives the loop
    go_on = false;
    const auto main = []() -> awaitable<void> {
        const auto call = [] {
            while (!go_on)
                std::this_thread::yield();
        };
        co_await rill::to_thread(call);
    };
    const auto run = [&] { testing::run(main, testing::options().patience(1ms)); };
    const std::string text = failure_of(run);
    go_on = true;
    CHECK(contains(text, "a call in another thread has not ended in 1ms"));
}

TEST_CASE("run: a test that would hang fails at once, with the tree of tasks")
{
    const auto main = []() -> awaitable<void> {
        rill::event never_set;
        never_set.set_name("reply");
        const auto child = rill::create_task(never_set.wait(), "reader");
        co_await child;
    };
    const std::string text = failure_of([&] { testing::run(main); });
    CHECK(contains(text, "nothing is left that could wake 'main'"));
    CHECK(contains(text, "reader  waiting"));
    CHECK(contains(text, "for event 'reply'"));
    CHECK(contains(text, "main  waiting"));
}

TEST_CASE("run: tasks, handlers, timers and errors that main leaves behind are a failure")
{
    const auto left = [](auto leave) {
        return failure_of([&] {
            testing::run([&]() -> awaitable<void> {
                leave();
                co_return;
            });
        });
    };
    CHECK(contains(left([] { rill::create_task(rill::sleep(1h), "late"); }), "task 'late'"));
    CHECK(contains(left([] { rill::this_loop().call_later(1s, [] {}); }), "1 timers are armed"));
    rill::event* event = nullptr;
    const auto wait_by_handler = [&] {
        event = new rill::event;
        event->async_wait([](rill::error_code) {});
    };
    CHECK(contains(left(wait_by_handler), "1 handlers wait"));
    delete event;
    const auto fail_in_callback = [] {
        rill::this_loop().call_soon([] { throw std::runtime_error("boom"); });
    };
    CHECK(contains(left(fail_in_callback), "boom"));
    const auto wait_by_asio = [] {
        const auto ex = rill::this_loop().get_executor();
        const auto timer = std::make_shared<asio::steady_timer>(ex, 1h);
        timer->async_wait([timer](rill::error_code) {});
    };
    CHECK(contains(left(wait_by_asio), "something of Asio's is pending"));
}

TEST_CASE("run: a descriptor that is left open is a failure that says what it is")
{
    int fd = -1;
    const auto main = [&]() -> awaitable<void> {
        fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
        co_return;
    };
    CHECK(contains(failure_of([&] { testing::run(main); }), "/dev/null"));
    ::close(fd);
    CHECK(failure_of([&] {
              testing::run(main, testing::options().check_descriptors(false));
          }) == "");
    ::close(fd);
}

TEST_CASE("run: main's value and its exception pass unchanged")
{
    CHECK(testing::run([]() -> awaitable<std::unique_ptr<int>> {
              co_return std::make_unique<int>(3);
          }) != nullptr);
    const auto fails = []() -> awaitable<void> {
        co_await rill::sleep(1s);
        throw std::out_of_range("mine");
    };
    CHECK_THROWS_WITH_AS(testing::run(fails), "mine", std::out_of_range);
}

TEST_CASE("run: with real sockets, time passes only when they have nothing to bring")
{
    const auto main = []() -> awaitable<std::string> {
        using asio::ip::tcp;
        const auto ex = co_await asio::this_coro::executor;
        tcp::acceptor acceptor(ex, {asio::ip::address_v4::loopback(), 0});
        tcp::socket client(ex);
        co_await client.async_connect(acceptor.local_endpoint(), asio::use_awaitable);
        tcp::socket server = co_await acceptor.async_accept(asio::use_awaitable);
        client.send(asio::buffer("hello", 5));
        std::string text(5, ' ');
        const auto read = [&]() -> awaitable<void> {
            co_await server.async_read_some(asio::buffer(text), asio::use_awaitable);
        };
        co_await rill::timeout(1ms, read);
        co_return text;
    };
    CHECK(testing::run(main, testing::options().real_io(2s)) == "hello");
}

TEST_CASE(
    "testing::run: code that polls with yield() for a time that never comes is told, with where"
)
{
    const auto main = []() -> awaitable<void> {
        const auto sleeper = rill::create_task(rill::sleep(1s), "sleeper");
        while (!sleeper.done())
            co_await rill::yield();
    };
    const std::string text =
        failure_of([&] { testing::run(main, testing::options().busy_steps(10'000)); });
    CHECK(contains(text, "who polls with yield() waits for a time that does not come"));
    CHECK(contains(text, "sleeper"));
}

TEST_CASE("testing::run: many steps are none too many where time passes between them")
{
    const auto main = []() -> awaitable<void> {
        for (int second = 0; second < 20; ++second) {
            for (int i = 0; i < 1000; ++i)
                co_await rill::yield();
            co_await rill::sleep(1s);
        }
    };
    CHECK_NOTHROW(testing::run(main, testing::options().busy_steps(10'000)));
}

TEST_CASE("BY-25: a seed decides the order of what is ready, and gives the same order each time")
{
    const auto with = [](std::uint64_t seed) {
        return testing::run(&order_of_three, testing::options().seed(seed).shuffle());
    };
    CHECK(testing::run(&order_of_three) == "abcabcabc");
    std::vector<std::string> orders;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        orders.push_back(with(seed));
        CHECK(with(seed) == orders.back());
    }
    std::sort(orders.begin(), orders.end());
    CHECK(std::unique(orders.begin(), orders.end()) - orders.begin() > 10);
}

TEST_CASE("BY-25: explore finds the schedule in which a check before a wait is stale, and names it")
{
    const no_seed_in_environment unset;
    const auto overdraw = []() -> awaitable<void> {
        int balance = 100;
        bool overdrawn = false;
        const auto withdraw = [&]() -> awaitable<void> {
            if (balance < 100)
                co_return;
            co_await rill::yield(); // between the check and the deed
            balance -= 100;
            overdrawn = overdrawn || balance < 0;
        };
        const auto body = [&](rill::task_group& g) -> awaitable<void> {
            g.create_task(withdraw);
            co_await rill::yield();
            co_await rill::yield();
            g.create_task(withdraw);
        };
        co_await rill::with_task_group(body);
        if (overdrawn)
            throw std::runtime_error("overdrawn");
    };
    CHECK_NOTHROW(testing::run(overdraw)); // the usual order hides it
    const std::string text = failure_of([&] { testing::explore(200, overdraw); });
    CHECK(contains(text, "overdrawn"));
    CHECK(contains(text, "RILL_TEST_SEED="));
}

TEST_CASE("explore: what holds in every order passes, with other random numbers each time")
{
    const no_seed_in_environment unset;
    std::vector<std::uint64_t> numbers;
    testing::explore(10, [&]() -> awaitable<void> {
        numbers.push_back(rill::this_loop().random()());
        co_await rill::sleep(1s);
    });
    std::sort(numbers.begin(), numbers.end());
    CHECK(std::unique(numbers.begin(), numbers.end()) - numbers.begin() == 10);
}
