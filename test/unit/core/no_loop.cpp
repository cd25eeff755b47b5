// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/barrier.hpp>
#include <rill/broadcast.hpp>
#include <rill/channel.hpp>
#include <rill/condition_variable.hpp>
#include <rill/delay_queue.hpp>
#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/latch.hpp>
#include <rill/mutex.hpp>
#include <rill/owned_mutex.hpp>
#include <rill/queue.hpp>
#include <rill/rate_limiter.hpp>
#include <rill/semaphore.hpp>
#include <rill/shared_mutex.hpp>
#include <rill/signals.hpp>
#include <rill/task.hpp>
#include <rill/watch.hpp>

#include <csignal>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

/// What is said when `make` is called where no loop runs, as in the initialisation of a global.
template <class F>
std::string refusal(F make)
{
    try {
        make();
    } catch (const std::logic_error& e) {
        return e.what();
    }
    return "nothing";
}

std::string refusal_of(const std::string& what)
{
    return "rill: " + what +
           " needs a running loop, and none runs on this thread: it goes inside of a coroutine, or "
           "gets the executor of a loop as its first argument";
}

} // namespace

TEST_CASE("LK-10: without a running loop no lock is made, and the message names it and the cure")
{
    CHECK(refusal([] { rill::mutex(); }) == refusal_of("a mutex"));
    CHECK(refusal([] { rill::owned_mutex(); }) == refusal_of("an owned_mutex"));
    CHECK(refusal([] { rill::shared_mutex(); }) == refusal_of("a shared_mutex"));
    CHECK(refusal([] { rill::condition_variable(); }) == refusal_of("a condition_variable"));
    CHECK(refusal([] { rill::semaphore(3); }) == refusal_of("a semaphore"));
    CHECK(refusal([] { rill::bounded_semaphore(3); }) == refusal_of("a semaphore"));
    CHECK(refusal([] { rill::event(); }) == refusal_of("an event"));
    CHECK(refusal([] { rill::barrier(2); }) == refusal_of("a barrier"));
    CHECK(refusal([] { rill::latch(2); }) == refusal_of("a latch"));
}

TEST_CASE("LK-10: nor a queue or whatever else waits, and with an executor all are made")
{
    CHECK(refusal([] { rill::queue<int>(); }) == refusal_of("a queue"));
    CHECK(refusal([] { rill::delay_queue<int>(); }) == refusal_of("a delay_queue"));
    CHECK(refusal([] { rill::channel<int>(1); }) == refusal_of("a channel"));
    CHECK(refusal([] { rill::broadcast<int>(1); }) == refusal_of("a broadcast"));
    CHECK(refusal([] { rill::watch<int>(1); }) == refusal_of("a watch"));
    CHECK(refusal([] { rill::rate_limiter(1, 1s, 1); }) == refusal_of("a rate_limiter"));
    CHECK(refusal([] { rill::future<int>(); }) == refusal_of("a future"));
    CHECK(refusal([] {
              rill::create_task([]() -> rill::awaitable<void> { co_return; });
          }) == refusal_of("create_task"));

    test::loop loop;
    rill::mutex mutex(loop.executor());
    rill::event event(loop.executor());
    rill::queue<int> queue(loop.executor());
    CHECK(mutex.try_lock());
    CHECK_FALSE(event.is_set());
    CHECK(queue.empty());
}
