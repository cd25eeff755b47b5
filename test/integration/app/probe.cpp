// SPDX-License-Identifier: BSL-1.0
//
// A service that does what its settings say, for life_cycle.cpp and settings.cpp to look at.
#include <rill/app/run.hpp>
#include <rill/log.hpp>
#include <rill/sleep.hpp>

#include <unistd.h>

#include <stdexcept>
#include <string>
#include <thread>

namespace probe {

using namespace std::chrono_literals;

enum class behaviour { finish, linger, block, chatter, fail, end, flood, stall };
BOOST_DESCRIBE_ENUM(behaviour, finish, linger, block, chatter, fail, end, flood, stall)

struct config {
    probe::behaviour behaviour = behaviour::finish;
    std::string password = "hunter2";
    rill::app::settings service;
};
BOOST_DESCRIBE_STRUCT(config, (), (behaviour, password, service))

inline void describe(rill::schema<config>& s)
{
    s.about("Probe: a service for tests.");
    s.key(&config::behaviour, "What it does.");
    s.key(&config::password, "What nobody may see.").secret();
}

rill::awaitable<void> serve(const config& settings, rill::app::context& app)
{
    rill::log::info("started", {{"of", app.workers()}, {"number", app.worker()}});
    if (settings.behaviour == behaviour::fail && app.worker() == 0)
        throw std::runtime_error("no such luck");
    if (settings.behaviour == behaviour::end)
        co_return;
    if (settings.behaviour == behaviour::flood)
        for (int i = 0; i < 50'000; ++i)
            rill::log::info("flood", {{"text", std::string(200, 'x')}});
    if (settings.behaviour == behaviour::stall) {
        co_await rill::sleep(1ms);
        std::this_thread::sleep_for(150ms);
        co_await rill::yield();
        rill::log::info("stalled");
    }
    co_await app.wait_stop();
    rill::log::info("asked", {{"stopping", app.stopping()}});
    if (settings.behaviour == behaviour::linger)
        co_await rill::sleep(1h);
    if (settings.behaviour == behaviour::block)
        ::pause();                                   // a loop that hangs
    while (settings.behaviour == behaviour::chatter) // and never waits
        rill::log::info("chatter");
    co_await rill::sleep(5ms);
    rill::log::info("finished");
}

rill::awaitable<void> serve_until_cancelled(config)
{
    rill::log::info("started");
    co_await rill::sleep(1h);
}

} // namespace probe

int main(int argc, char** argv)
{
    if (std::string{argv[0]}.ends_with("simple"))
        return rill::app::run<probe::config>(argc, argv, probe::serve_until_cancelled);
    return rill::app::run<probe::config>(argc, argv, probe::serve);
}
