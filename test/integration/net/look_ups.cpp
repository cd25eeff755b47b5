// SPDX-License-Identifier: BSL-1.0
#include "look_up.hpp"
#include <support/live.hpp>
#include <support/network.hpp>

#include <rill/task.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace {

using namespace test;
using namespace rill::net_detail;
using rill::awaitable;

/// Stands in for the system: names that begin with "slow" are looked up once the test says so.
class fake_system {
public:
    std::function<void(look_up_job&)> ask()
    {
        return [this](look_up_job& work) { answer(work); };
    }

    void open()
    {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }

    /// What it was asked, in order.
    std::vector<std::string> asked()
    {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

    /// How many look-ups were under way at once.
    std::size_t most_at_once()
    {
        const std::lock_guard lock(mutex_);
        return most_;
    }

private:
    void answer(look_up_job& work)
    {
        std::unique_lock lock(mutex_);
        asked_.push_back(work.host);
        most_ = std::max(most_, ++now_);
        if (work.host.starts_with("slow"))
            changed_.wait(lock, [this] { return open_; });
        --now_;
        if (work.host == "unknown")
            work.error = boost::asio::error::host_not_found;
        else
            work.addresses.emplace_back();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> asked_;
    std::size_t now_ = 0;
    std::size_t most_ = 0;
    bool open_ = false;
};

struct unheard final : look_up_job {
    using look_up_job::look_up_job;

    void done(std::shared_ptr<look_up_job>) noexcept override {}
};

/// Outlives its threads, as the system does.
fake_system& new_system()
{
    static std::vector<std::unique_ptr<fake_system>> all;
    return *all.emplace_back(std::make_unique<fake_system>());
}

} // namespace

TEST_CASE("look-ups: three are done at the same time, also where a thread is idle")
{
    live l;
    l.run([]() -> awaitable<void> {
        for (int round = 0; round < 20; ++round) {
            fake_system& system = new_system();
            look_up_threads threads(system.ask(), 4, 100);
            co_await look_up_addresses(threads, "first");
            for (int turns = 0; turns < 100; ++turns) // for its thread to be idle
                co_await rill::yield();
            std::vector<std::shared_ptr<look_up_job>> three;
            for (int i = 0; i < 3; ++i)
                three.push_back(std::make_shared<unheard>("slow"));
            for (const auto& work : three) // before the thread that was told can take anything
                CHECK_FALSE(threads.add(work));
            CHECK(co_await eventually([&] { return system.most_at_once() == 3; }));
            system.open();
        }
    });
}

TEST_CASE("look-ups: no more are done at once than there may be threads, and the others follow")
{
    fake_system& system = new_system();
    look_up_threads threads(system.ask(), 2, 100);
    live l;
    l.run([&]() -> awaitable<void> {
        std::vector<rill::task<std::vector<boost::asio::ip::address>>> all;
        for (int i = 0; i < 10; ++i)
            all.push_back(rill::create_task(look_up_addresses(threads, "slow")));
        CHECK(co_await eventually([&] { return system.asked().size() == 2; }));
        system.open();
        for (auto& t : all)
            co_await t;
        CHECK(system.asked().size() == 10);
        CHECK(system.most_at_once() == 2);
    });
}

TEST_CASE("look-ups: one that is cancelled before it has begun is not carried out")
{
    fake_system& system = new_system();
    look_up_threads threads(system.ask(), 1, 100);
    live l;
    l.run([&]() -> awaitable<void> {
        auto first = rill::create_task(look_up_addresses(threads, "slow"));
        CHECK(co_await eventually([&] { return system.asked().size() == 1; }));
        std::vector<rill::task<std::vector<boost::asio::ip::address>>> unwanted;
        for (int i = 0; i < 40; ++i)
            unwanted.push_back(rill::create_task(look_up_addresses(threads, "unwanted")));
        auto last = rill::create_task(look_up_addresses(threads, "last"));
        co_await rill::yield();
        for (auto& t : unwanted)
            t.cancel();
        co_await rill::yield();
        first.cancel(); // it has begun, and ends unheard
        system.open();
        CHECK((co_await last).size() == 1);
        CHECK(system.asked() == std::vector<std::string>{"slow", "last"});
    });
}

TEST_CASE("look-ups: beyond as many as may wait one is refused, and the error says so")
{
    fake_system& system = new_system();
    look_up_threads threads(system.ask(), 1, 2);
    live l;
    l.run([&]() -> awaitable<void> {
        std::vector<rill::task<std::vector<boost::asio::ip::address>>> all;
        all.push_back(rill::create_task(look_up_addresses(threads, "slow")));
        CHECK(co_await eventually([&] { return system.asked().size() == 1; }));
        for (int i = 0; i < 2; ++i)
            all.push_back(rill::create_task(look_up_addresses(threads, "waits")));
        co_await rill::yield();
        std::string what;
        try {
            co_await look_up_addresses(threads, "one-too-many");
        } catch (const rill::system_error& error) {
            CHECK(error.code() == boost::asio::error::try_again);
            what = error.what();
        }
        CHECK(what.find("looking up \"one-too-many\": 2 look-ups wait already") == 0);
        all.back().cancel(); // which leaves a place
        co_await rill::yield();
        all.back() = rill::create_task(look_up_addresses(threads, "in-its-place"));
        co_await rill::yield();
        system.open();
        for (auto& t : all)
            co_await t;
        CHECK(system.asked() == std::vector<std::string>{"slow", "waits", "in-its-place"});
    });
}

TEST_CASE("look-ups: an error of one is its own")
{
    fake_system& system = new_system();
    look_up_threads threads(system.ask(), 1, 100);
    live l;
    l.run([&]() -> awaitable<void> {
        CHECK(
            co_await error_of(look_up_addresses(threads, "unknown")) ==
            boost::asio::error::host_not_found
        );
        CHECK((co_await look_up_addresses(threads, "known")).size() == 1);
    });
}
