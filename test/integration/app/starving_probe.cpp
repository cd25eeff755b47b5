// SPDX-License-Identifier: BSL-1.0
//
// A service whose control loop, on the main thread, finds no memory: once the workers have started,
// its n-th allocation fails. For shortage.cpp to look at.
#include <rill/app/run.hpp>
#include <rill/log.hpp>
#include <rill/testing/failing_allocations.hpp>

#include <pthread.h>
#include <signal.h>

#include <cstdio>
#include <optional>

namespace starving {

struct config {
    std::uint64_t allocation = 0; // that fails; 0: none does
    rill::app::settings service;
};
BOOST_DESCRIBE_STRUCT(config, (), (allocation, service))

std::uint64_t nth = 0;
std::optional<rill::testing::failing_allocations> failing; // of the main thread

void begin_to_fail(int)
{
    failing.emplace(nth);
}

rill::awaitable<void> serve(const config& settings, rill::app::context& app, pthread_t main_thread)
{
    if (app.worker() == 0) {
        nth = settings.allocation;
        ::pthread_kill(main_thread, SIGUSR2);
    }
    rill::log::info("started");
    co_await app.wait_stop();
    rill::log::info("finished");
}

} // namespace starving

int main(int argc, char** argv)
{
    ::signal(SIGUSR2, &starving::begin_to_fail);
    const pthread_t here = ::pthread_self();
    const int code = rill::app::run<starving::config>(
        argc,
        argv,
        [here](const starving::config& settings, rill::app::context& app) {
            return starving::serve(settings, app, here);
        }
    );
    std::printf(starving::failing->happened() ? "it failed\n" : "it did not come\n");
    if (rill::log::dropped() > 0)
        std::printf("it was a line's\n");
    return code;
}
