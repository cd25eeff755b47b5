// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

namespace asio = boost::asio;

namespace detail {
struct pool_access;
} // namespace detail

/// Threads for calls that block; run_in_executor and to_thread give them work. Mirrors
/// concurrent.futures.ThreadPoolExecutor.
///
/// It is asio::thread_pool and a count of the calls. Its executor may be used for anything else.
/// Thread safety: all functions may be called from any thread.
class thread_pool {
public:
    /// As many as asyncio's default: four more than there are cores, and 32 at most.
    static std::size_t default_threads() noexcept;

    explicit thread_pool(std::size_t threads = default_threads());

    /// Waits until everything that it was given has run.
    ~thread_pool();

    asio::thread_pool::executor_type get_executor() noexcept { return pool_.get_executor(); }

    std::size_t threads() const noexcept { return threads_; }

    /// Takes no more calls: further ones get a std::logic_error. Those it has will run.
    void close();

private:
    friend detail::pool_access;

    class call_count;

    void begin_call();
    void end_call();

    const std::size_t threads_;
    std::mutex mutex_;
    std::size_t calls_ = 0; // that run or wait for a thread
    bool closed_ = false;
    std::vector<std::function<void()>> when_idle_; // each called once
    asio::thread_pool pool_;
};

// Implementation

inline thread_pool::thread_pool(std::size_t threads)
    : threads_(threads)
    , pool_(threads)
{
    if (threads == 0)
        throw std::invalid_argument("rill::thread_pool: it needs at least one thread");
}

inline thread_pool::~thread_pool()
{
    pool_.join();
}

inline void thread_pool::close()
{
    const std::lock_guard lock(mutex_);
    closed_ = true;
}

/// One call, however it ends.
class thread_pool::call_count {
public:
    explicit call_count(thread_pool& pool)
        : pool_(&pool)
    {
        pool.begin_call();
    }

    call_count(call_count&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr))
    {}

    ~call_count()
    {
        if (pool_)
            pool_->end_call();
    }

private:
    thread_pool* pool_;
};

namespace detail {

struct pool_access {
    /// std::logic_error if the pool is closed.
    template <class F>
    static void submit(thread_pool& pool, F f)
    {
        // The count is destroyed after f, so that an idle pool holds nothing of its calls.
        asio::post(pool.pool_, [count = thread_pool::call_count(pool), f = std::move(f)]() mutable {
            std::move(f)();
        });
    }

    static bool busy(thread_pool& pool);

    /// `f()` is called when no call is left, on the thread of the last one, or here and now.
    static void when_idle(thread_pool& pool, std::function<void()> f);
};

/// The last reference to a pool waits for its threads. A loop that ends must not: where calls run,
/// a thread of its own waits for them, or if there can be none, nobody does.
void let_go_without_waiting(std::shared_ptr<thread_pool> pool);

std::shared_ptr<thread_pool> never_waited_for(std::shared_ptr<thread_pool> pool);

} // namespace detail
} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/thread_pool.ipp>
#endif
