// SPDX-License-Identifier: BSL-1.0
//
// Locks and the like with every completion token. An operation joins by an entry in the list at the end.
#include <support/every_token.hpp>

#include <rill/barrier.hpp>
#include <rill/condition_variable.hpp>
#include <rill/event.hpp>
#include <rill/latch.hpp>
#include <rill/mutex.hpp>
#include <rill/semaphore.hpp>
#include <rill/shared_mutex.hpp>

#include <utility>

namespace {

namespace asio = boost::asio;

struct barrier_wait {
    static constexpr const char* name = "barrier.hpp async_wait";
    rill::barrier barrier;

    explicit barrier_wait(asio::io_context& io)
        : barrier(io.get_executor(), 2)
    {}

    auto start(auto&& token) { return barrier.async_wait(std::forward<decltype(token)>(token)); }

    void finish()
    {
        barrier.async_wait([](auto&&...) {});
    }
};

struct condition_wait {
    static constexpr const char* name = "condition_variable.hpp async_wait";
    static constexpr bool never_at_once = true;
    rill::condition_variable condition;

    explicit condition_wait(asio::io_context& io)
        : condition(io.get_executor())
    {}

    auto start(auto&& token)
    {
        condition.mutex().try_lock();
        return condition.async_wait(std::forward<decltype(token)>(token));
    }

    void finish()
    {
        const bool locked = condition.mutex().try_lock();
        condition.notify();
        if (locked)
            condition.mutex().unlock();
    }
};

struct event_wait {
    static constexpr const char* name = "event.hpp async_wait";
    rill::event event;

    explicit event_wait(asio::io_context& io)
        : event(io.get_executor())
    {}

    auto start(auto&& token) { return event.async_wait(std::forward<decltype(token)>(token)); }

    void finish() { event.set(); }
};

struct latch_wait {
    static constexpr const char* name = "latch.hpp async_wait";
    rill::latch latch;

    explicit latch_wait(asio::io_context& io)
        : latch(io.get_executor(), 1)
    {}

    auto start(auto&& token) { return latch.async_wait(std::forward<decltype(token)>(token)); }

    void finish() { latch.count_down(); }
};

struct mutex_lock {
    static constexpr const char* name = "mutex.hpp async_lock";
    rill::mutex mutex;

    explicit mutex_lock(asio::io_context& io)
        : mutex(io.get_executor())
    {
        mutex.try_lock();
    }

    auto start(auto&& token) { return mutex.async_lock(std::forward<decltype(token)>(token)); }

    void finish() { mutex.unlock(); }
};

struct mutex_scoped {
    static constexpr const char* name = "mutex.hpp async_scoped";
    rill::mutex mutex;

    explicit mutex_scoped(asio::io_context& io)
        : mutex(io.get_executor())
    {
        mutex.try_lock();
    }

    auto start(auto&& token) { return mutex.async_scoped(std::forward<decltype(token)>(token)); }

    void finish() { mutex.unlock(); }
};

struct semaphore_acquire {
    static constexpr const char* name = "semaphore.hpp async_acquire";
    rill::semaphore semaphore;

    explicit semaphore_acquire(asio::io_context& io)
        : semaphore(io.get_executor(), 0)
    {}

    auto start(auto&& token)
    {
        return semaphore.async_acquire(2, std::forward<decltype(token)>(token));
    }

    void finish() { semaphore.release(2); }
};

struct semaphore_scoped {
    static constexpr const char* name = "semaphore.hpp async_scoped";
    rill::semaphore semaphore;

    explicit semaphore_scoped(asio::io_context& io)
        : semaphore(io.get_executor(), 0)
    {}

    auto start(auto&& token)
    {
        return semaphore.async_scoped(2, std::forward<decltype(token)>(token));
    }

    void finish() { semaphore.release(2); }
};

struct shared_mutex_lock {
    static constexpr const char* name = "shared_mutex.hpp async_lock";
    rill::shared_mutex mutex;

    explicit shared_mutex_lock(asio::io_context& io)
        : mutex(io.get_executor())
    {
        mutex.try_lock_shared();
    }

    auto start(auto&& token) { return mutex.async_lock(std::forward<decltype(token)>(token)); }

    void finish() { mutex.unlock_shared(); }
};

struct shared_mutex_scoped {
    static constexpr const char* name = "shared_mutex.hpp async_scoped";
    rill::shared_mutex mutex;

    explicit shared_mutex_scoped(asio::io_context& io)
        : mutex(io.get_executor())
    {
        mutex.try_lock_shared();
    }

    auto start(auto&& token) { return mutex.async_scoped(std::forward<decltype(token)>(token)); }

    void finish() { mutex.unlock_shared(); }
};

struct shared_mutex_lock_shared {
    static constexpr const char* name = "shared_mutex.hpp async_lock_shared";
    rill::shared_mutex mutex;

    explicit shared_mutex_lock_shared(asio::io_context& io)
        : mutex(io.get_executor())
    {
        mutex.try_lock();
    }

    auto start(auto&& token)
    {
        return mutex.async_lock_shared(std::forward<decltype(token)>(token));
    }

    void finish() { mutex.unlock(); }
};

struct shared_mutex_scoped_shared {
    static constexpr const char* name = "shared_mutex.hpp async_scoped_shared";
    rill::shared_mutex mutex;

    explicit shared_mutex_scoped_shared(asio::io_context& io)
        : mutex(io.get_executor())
    {
        mutex.try_lock();
    }

    auto start(auto&& token)
    {
        return mutex.async_scoped_shared(std::forward<decltype(token)>(token));
    }

    void finish() { mutex.unlock(); }
};

TEST_CASE_TEMPLATE(
    "every token: locks",
    Op,
    barrier_wait,
    condition_wait,
    event_wait,
    latch_wait,
    mutex_lock,
    mutex_scoped,
    semaphore_acquire,
    semaphore_scoped,
    shared_mutex_lock,
    shared_mutex_scoped,
    shared_mutex_lock_shared,
    shared_mutex_scoped_shared
)
{
    test::every_token<Op>();
}

} // namespace
