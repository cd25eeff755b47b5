// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "listening.hpp"
#include "tls_contexts.hpp"

#include <rill/app/run.hpp>
#include <rill/event.hpp>
#include <rill/loop.hpp>
#include <rill/task.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>

namespace rill::app::detail {

/// For what runs after a cancellation.
inline constexpr std::chrono::seconds cleanup_time{2};

/// What the workers of a process have in common, each on its own thread.
struct shared_by_workers {
    listening_places places;
    tls_contexts contexts;
};

/// One thread with one loop that runs the service.
class worker {
public:
    struct place {
        std::size_t number = 0; // from 0
        std::size_t count = 0;
    };

    worker(
        const service& service, const settings& settings, place place, shared_by_workers& shared
    );

    /// `ended` is called on the worker's thread when its loop is empty. std::system_error if there
    /// cannot be a thread. Once started, it is to be joined before it is destroyed.
    void start(std::function<void()> ended);

    /// Asks the service to stop. From any thread, between start and join.
    void stop();

    void join();

    bool runs() const { return thread_.joinable(); } // started and not joined

    // Once it has ended

    const std::exception_ptr& failure() const { return failure_; } // what left serve
    bool was_cut_off() const { return cut_off_; }                  // it was cancelled, being late

    const rill::loop& get_loop() const { return loop_; }

    // For the context

    event& stopping() { return stopping_; }

    /// Listens with the other workers that do, or gives nothing where only one can and another does.
    std::optional<listening>
    listen(const listen_address& at, rill::server::handler handler, server_options options);

    const app::settings& settings() const { return settings_; }

    const place& where() const { return place_; }

    tls_contexts& contexts() { return shared_.contexts; }

private:
    void run();
    awaitable<void> main();
    awaitable<void> drain(task<void> serving);

    const service& service_;
    const app::settings& settings_;
    place place_;
    shared_by_workers& shared_;
    std::map<std::string, std::size_t> listened_; // how often, by address
    rill::loop loop_;
    event stopping_{loop_.get_executor()};
    context context_{*this};
    std::thread thread_;
    std::exception_ptr failure_;
    bool cut_off_ = false;
};

/// Writes what a loop's exception handler is given into the log.
void log_exception(const exception_context& context);

/// What an exception says, in one line.
std::string what(const std::exception_ptr& error);

} // namespace rill::app::detail
