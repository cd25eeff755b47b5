// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/event.hpp>
#include <rill/instrument.hpp>
#include <rill/loop.hpp>
#include <rill/sleep.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using rill::awaitable;
namespace asio = boost::asio;

/// Writes down what it is told.
class recorder : public rill::instrument {
public:
    explicit recorder(std::vector<std::string>& to, std::string name = {})
        : to_(to)
        , name_(std::move(name))
    {}

    void before_turn() override { note("turn"); }

    void after_turn() override { note("turn ends"); }

    void task_created(const rill::task_ref& t) override { note("new " + t.name()); }

    void task_ended(const rill::task_ref& t) override { note("end " + t.name()); }

    void before_step(const rill::task_ref* t) override { note(t ? t->name() : "callback"); }

    void after_step() override { note("step ends"); }

private:
    void note(const std::string& what) { to_.push_back(name_ + what); }

    std::vector<std::string>& to_;
    std::string name_;
};

/// Does something at each step.
class at_each_step : public rill::instrument {
public:
    explicit at_each_step(std::function<void()> f)
        : f_(std::move(f))
    {}

    void before_step(const rill::task_ref*) override { f_(); }

private:
    std::function<void()> f_;
};

using words = std::vector<std::string>;

TEST_CASE("BY-26: an instrument is told of turns, tasks and steps, in their order")
{
    test::loop loop;
    words told;
    {
        const rill::instrumented on(loop.executor(), std::make_shared<recorder>(told));
        loop.spawn([]() -> awaitable<void> { co_await rill::yield(); }, "a");
        loop.get().call_soon([] {});
        loop.settle();
    }
    CHECK(
        told ==
        words{
            "new a",
            "turn",
            "a",
            "step ends",
            "callback",
            "step ends",
            "a",
            "end a",
            "step ends",
            "turn ends",
        }
    );
    const words before = told;
    loop.spawn(rill::sleep(rill::duration(0)));
    loop.settle();
    CHECK(told == before);
    CHECK_FALSE(rill::detail::loop_core::of(loop.executor()).monitor.observed());
}

TEST_CASE("BY-26: a turn that Asio begins is told of, and steps nest where one dispatches another")
{
    rill::loop loop;
    words told;
    const rill::instrumented on(loop, std::make_shared<recorder>(told));
    loop.run_until_complete([]() -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        asio::dispatch(ex, [] {});
    });
    CHECK(
        told ==
        words{
            "new main",
            "turn",
            "main",
            "main",
            "step ends",
            "end main",
            "step ends",
            "callback", // that ends the run
            "step ends",
            "turn ends",
        }
    );
}

TEST_CASE("BY-26: a task that its factory refuses is not told of; the factory's name is")
{
    test::loop loop;
    words told;
    const rill::instrumented on(loop.executor(), std::make_shared<recorder>(told));
    loop.get().set_task_factory([](rill::task_ref) { throw std::runtime_error("no"); });
    CHECK_THROWS_AS(loop.spawn(rill::sleep(rill::duration(0))), std::runtime_error);
    CHECK(told.empty());
    loop.get().set_task_factory([](rill::task_ref t) { t.set_name("named"); });
    loop.spawn(rill::sleep(rill::duration(0)));
    CHECK(told == words{"new named"});
    loop.settle();
}

TEST_CASE("BY-26: an instrument that throws is removed with a report, and the program goes on")
{
    test::loop loop;
    int calls = 0;
    const auto throws = std::make_shared<at_each_step>([&] {
        ++calls;
        throw std::runtime_error("out of paper");
    });
    const rill::instrumented on(loop.executor(), throws);
    bool ran = false;
    const auto t = loop.spawn([&]() -> awaitable<void> {
        co_await rill::yield();
        ran = true;
    });
    loop.settle();
    CHECK(ran);
    CHECK(calls == 1);
    CHECK(
        loop.expect_reported("an instrument failed and was removed") ==
        "an instrument failed and was removed: out of paper"
    );
    CHECK_FALSE(rill::detail::loop_core::of(loop.executor()).monitor.observed());
}

TEST_CASE("BY-26: several are told in the order in which they were added")
{
    test::loop loop;
    words told;
    const rill::instrumented one(loop.executor(), std::make_shared<recorder>(told, "1 "));
    const rill::instrumented two(loop.executor(), std::make_shared<recorder>(told, "2 "));
    loop.spawn(rill::sleep(rill::duration(0)), "a");
    CHECK(told == words{"1 new a", "2 new a"});
    loop.settle();
}

TEST_CASE("BY-26: an instrument may be removed, and others added, while it is told")
{
    test::loop loop;
    words told;
    std::optional<rill::instrumented> first;
    std::optional<rill::instrumented> itself;
    std::optional<rill::instrumented> last;
    std::optional<rill::instrumented> added;
    const auto ex = loop.executor();
    first.emplace(ex, std::make_shared<at_each_step>([&] { told.push_back("first"); }));
    itself.emplace(ex, std::make_shared<at_each_step>([&] {
                       told.push_back("itself");
                       first.reset();
                       itself.reset();
                       last.reset();
                       added.emplace(ex, std::make_shared<at_each_step>([&] {
                                         told.push_back("added");
                                     }));
                   }));
    const rill::instrumented middle(ex, std::make_shared<at_each_step>([&] {
                                        told.push_back("middle");
                                    }));
    last.emplace(ex, std::make_shared<at_each_step>([&] { told.push_back("last"); }));
    loop.get().call_soon([] {});
    loop.settle();
    CHECK(told == words{"first", "itself", "middle"});
    told.clear();
    loop.get().call_soon([] {});
    loop.settle();
    CHECK(told == words{"middle", "added"});
}

TEST_CASE("BY-26: one that removes itself and throws is reported once")
{
    test::loop loop;
    std::optional<rill::instrumented> itself;
    itself.emplace(loop.executor(), std::make_shared<at_each_step>([&] {
                       itself.reset();
                       throw std::runtime_error("and gone");
                   }));
    loop.get().call_soon([] {});
    loop.settle();
    loop.expect_reported("and gone");
    CHECK(loop.reported().empty());
}

TEST_CASE("BY-26: it may outlive the loop, and a view of an io_context that is closed and used anew"
)
{
    words told;
    std::optional<rill::instrumented> on;
    {
        rill::loop loop;
        on.emplace(loop, std::make_shared<recorder>(told));
    }
    on.reset();
    asio::io_context io;
    {
        rill::loop view(io);
        on.emplace(view, std::make_shared<recorder>(told));
        view.close();
    }
    rill::loop again(io);
    again.run_until_complete(rill::sleep(rill::duration(0)));
    on.reset();
    again.run_until_complete(rill::sleep(rill::duration(0)));
    CHECK(told.empty());
    again.close();
}

TEST_CASE("BY-26: it moves with its object")
{
    test::loop loop;
    words told;
    rill::instrumented one(loop.executor(), std::make_shared<recorder>(told));
    {
        const rill::instrumented other = std::move(one);
        loop.spawn(rill::sleep(rill::duration(0)), "a");
        CHECK(told == words{"new a"});
    }
    loop.settle();
    CHECK(told == words{"new a"});
}

} // namespace
