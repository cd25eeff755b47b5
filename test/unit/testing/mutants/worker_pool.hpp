// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/queue.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>

#include <chrono>

namespace mutants {

/// Three workers for jobs, which take as many seconds as they say.
///
/// Broken: shutdown hang. Workers that wait for a job do not learn that there will be none.
template <bool Broken>
class worker_pool {
public:
    explicit worker_pool(const rill::asio::any_io_executor& ex)
        : jobs_(ex)
    {}

    /// Returns after stop(), once all jobs are done.
    rill::awaitable<void> run()
    {
        const auto workers = [this](rill::task_group& group) -> rill::awaitable<void> {
            for (int i = 0; i < 3; ++i)
                group.create_task(work(), "worker");
            co_return;
        };
        co_await rill::with_task_group(workers);
    }

    void add(int job) { jobs_.try_put(job); }

    void stop()
    {
        stopping_ = true;
        if constexpr (!Broken)
            jobs_.shutdown();
    }

    int done() const { return done_; }

private:
    rill::awaitable<void> work()
    {
        try {
            while (!stopping_ || !jobs_.empty()) {
                const int seconds = co_await jobs_.get();
                co_await rill::sleep(std::chrono::seconds(seconds));
                ++done_;
            }
        } catch (const rill::system_error& e) {
            if (e.code() != rill::errc::shut_down)
                throw;
        }
    }

    rill::queue<int> jobs_;
    bool stopping_ = false;
    int done_ = 0;
};

} // namespace mutants
