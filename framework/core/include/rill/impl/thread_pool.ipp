// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/thread_pool.hpp>

#include <system_error>
#include <thread>

namespace rill::RILL_FORM {

RILL_DECL std::size_t thread_pool::default_threads() noexcept
{
    return std::min<std::size_t>(32, std::thread::hardware_concurrency() + 4);
}

RILL_DECL void thread_pool::begin_call()
{
    const std::lock_guard lock(mutex_);
    if (closed_)
        throw std::logic_error("rill::thread_pool: it is closed and takes no more calls");
    ++calls_;
}

RILL_DECL void thread_pool::end_call()
{
    std::vector<std::function<void()>> tell;
    {
        const std::lock_guard lock(mutex_);
        if (--calls_ == 0)
            tell.swap(when_idle_);
    }
    for (const auto& f : tell)
        f();
}

} // namespace rill::RILL_FORM

namespace rill::RILL_FORM::detail {

RILL_DECL bool pool_access::busy(thread_pool& pool)
{
    const std::lock_guard lock(pool.mutex_);
    return pool.calls_ > 0;
}

RILL_DECL void pool_access::when_idle(thread_pool& pool, std::function<void()> f)
{
    {
        const std::lock_guard lock(pool.mutex_);
        if (pool.calls_ > 0) {
            pool.when_idle_.push_back(std::move(f));
            return;
        }
    }
    f();
}

RILL_DECL void let_go_without_waiting(std::shared_ptr<thread_pool> pool)
{
    if (pool.use_count() > 1 || !pool_access::busy(*pool))
        return;
    auto* const last = new std::shared_ptr<thread_pool>(std::move(pool));
    try {
        std::thread([last] { delete last; }).detach();
    } catch (const std::system_error&) {
    }
}

RILL_DECL std::shared_ptr<thread_pool> never_waited_for(std::shared_ptr<thread_pool> pool)
{
    thread_pool* const address = pool.get();
    return {address, [pool = std::move(pool)](thread_pool*) mutable {
                let_go_without_waiting(std::move(pool));
            }};
}

} // namespace rill::RILL_FORM::detail
