// SPDX-License-Identifier: BSL-1.0
#include "supervisor.hpp"

#include "admin_socket.hpp"
#include "cpu_count.hpp"
#include "log_backend.hpp"
#include "task_log.hpp"
#include "worker.hpp"

#include <rill/cancel_scope.hpp>
#include <rill/extend.hpp>
#include <rill/log.hpp>
#include <rill/run.hpp>
#include <rill/signals.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace rill::app::detail {

namespace {

using namespace std::chrono_literals;

/// Ends the process without waiting for anything but a moment of logging.
[[noreturn]] void exit_now(int code)
{
    close_log(100ms);
    std::_Exit(code);
}

/// What outlives the control loop, for threads run on if that fails.
struct crew {
    shared_by_workers shared;
    std::vector<std::unique_ptr<worker>> workers;
};

/// The control loop, on the main thread: no work of the service can keep it from a signal.
class supervisor {
public:
    supervisor(
        const std::string& name, const service& service, const settings& settings, crew& crew
    )
        : name_{name}
        , service_{service}
        , settings_{settings}
        , shared_{crew.shared}
        , workers_{crew.workers}
    {}

    awaitable<int> run(const std::function<void()>& on_start)
    {
        this_loop().set_exception_handler(&log_exception);
        signals requests{SIGTERM, SIGINT};
        signals questions{SIGUSR1};
        signals hangups{SIGHUP};
        on_start();
        const auto work = [&](task_group& helpers) -> awaitable<void> {
            helpers.create_task(keep(listen(requests)), "signals");
            helpers.create_task(keep(watch_log()), "log");
            admin_socket admin(admin_socket_path(settings_.admin_socket), name_);
            try {
                start_workers();
                admin.observe(loops());
                helpers.create_task(keep(answer(questions)), "task dump");
                helpers.create_task(keep(reload(hangups)), "reload");
            } catch (...) {
                fail("the control loop has failed", std::current_exception());
            }
            co_await stop_.wait();
            const auto delay = extend::saturated(settings_.drain_delay);
            if (delay > duration::zero())
                co_await move_on_after(delay, ended_.wait());
            for (const auto& worker : workers_)
                worker->stop();
            co_await await_end();
            co_await admin.end();
            helpers.cancel();
        };
        co_await with_task_group(work);
        co_return exit_code();
    }

private:
    void start_workers()
    {
        const auto count = settings_.workers > 0 ? settings_.workers : usable_cores();
        try {
            for (std::size_t i = 0; i < count; ++i)
                start_worker({i, count});
        } catch (...) {
            fail("a worker cannot start", std::current_exception());
        }
        if (running_ == 0)
            ended_.set();
    }

    void start_worker(worker::place place)
    {
        const auto here = std::make_shared<loop>(this_loop()); // it may be gone when it is told
        auto& made =
            *workers_.emplace_back(std::make_unique<worker>(service_, settings_, place, shared_));
        try {
            made.start([this, here, &made] {
                here->call_soon_threadsafe([this, &made] { on_end(made); });
            });
            ++running_;
        } catch (...) {
            workers_.pop_back(); // there is no thread to be joined
            throw;
        }
    }

    /// What fails here ends the service, in order: its workers may be in the middle of something.
    void fail(const char* message, const std::exception_ptr& error)
    {
        failed_ = true;
        stop_.set();
        log::error(message, {{"error", what(error)}});
    }

    /// A helper whose failure is one of the service.
    awaitable<void> keep(awaitable<void> helper)
    {
        std::exception_ptr error;
        try {
            co_await std::move(helper);
        } catch (...) {
            error = std::current_exception();
        }
        if (!error)
            co_return;
        if (extend::was_asked_for(error))
            std::rethrow_exception(error);
        fail("the control loop has failed", error);
    }

    void on_end(const worker& ended)
    {
        failed_ = failed_ || ended.failure();
        if (--running_ == 0)
            ended_.set();
        if (failed_ || running_ == 0)
            stop_.set();
        if (ended.failure())
            log::error(
                "the service has failed",
                {{"error", what(ended.failure())}, {"worker", ended.where().number}}
            );
    }

    awaitable<void> listen(signals& requests)
    {
        const int first = co_await requests.next();
        log::info("stopping", {{"signal", name_of(first)}});
        stop_.set();
        const int second = co_await requests.next();
        log::warning("ended at once by a second signal", {{"signal", name_of(second)}});
        exit_now(128 + second);
    }

    /// SIGUSR1 asks what every task does.
    awaitable<void> answer(signals& questions)
    {
        for (;;) {
            co_await questions.next();
            co_await log_tasks(loops());
        }
    }

    /// SIGHUP says that certificates have been renewed.
    awaitable<void> reload(signals& hangups)
    {
        for (;;) {
            co_await hangups.next();
            shared_.contexts.reload();
        }
    }

    std::vector<observed_loop> loops() const
    {
        std::vector<observed_loop> all;
        for (const auto& worker : workers_)
            all.push_back({"worker-" + std::to_string(worker->where().number), &worker->get_loop()}
            );
        return all;
    }

    static const char* name_of(int signal) { return signal == SIGTERM ? "SIGTERM" : "SIGINT"; }

    /// Lines that were lost cannot say so themselves.
    awaitable<void> watch_log()
    {
        for (std::uint64_t told = 0;;) {
            co_await sleep(10s);
            const auto dropped = log::dropped();
            if (dropped != told)
                log::warning("log lines were dropped", {{"lines", dropped - told}});
            told = dropped;
        }
    }

    awaitable<void> await_end()
    {
        const auto drain = extend::saturated(settings_.drain_timeout);
        const duration limit = drain > forever - cleanup_time ? forever : drain + cleanup_time;
        const bool in_time = co_await move_on_after(limit, ended_.wait());
        if (!in_time) {
            log::error("the service does not end, it is given up", {{"workers", running_}});
            exit_now(exit_failure);
        }
        for (const auto& worker : workers_)
            worker->join();
    }

    int exit_code() const
    {
        bool good = !failed_;
        for (const auto& worker : workers_)
            good = good && !worker->was_cut_off();
        return good ? exit_ok : exit_failure;
    }

    const std::string& name_;
    const service& service_;
    const settings& settings_;
    event stop_;
    event ended_;
    std::size_t running_ = 0; // workers
    bool failed_ = false;
    shared_by_workers& shared_;
    std::vector<std::unique_ptr<worker>>& workers_;
};

awaitable<int> run_supervisor(
    const std::string& name,
    const service& service,
    const settings& settings,
    crew& crew,
    const std::function<void()>& on_start
)
{
    supervisor control{name, service, settings, crew};
    co_return co_await control.run(on_start);
}

} // namespace

int supervise(
    const std::string& name,
    const service& service,
    const settings& settings,
    const std::function<void()>& on_start
)
{
    crew crew;
    try {
        return rill::run(
            run_supervisor(name, service, settings, crew, on_start),
            runner_options().handle_sigint(false)
        );
    } catch (...) {
        const auto runs = [](const auto& worker) { return worker->runs(); };
        if (std::none_of(crew.workers.begin(), crew.workers.end(), runs))
            throw;
        // The last resort: nobody is left to end the workers, and their threads cannot be left.
        log::error("the control loop has failed", {{"error", what(std::current_exception())}});
        exit_now(exit_failure);
    }
}

} // namespace rill::app::detail
