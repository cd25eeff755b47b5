// SPDX-License-Identifier: BSL-1.0
#include "worker.hpp"

#include "share.hpp"

#include <rill/extend.hpp>
#include <rill/extend_watch.hpp>
#include <rill/log.hpp>
#include <rill/run.hpp>
#include <rill/sleep.hpp>

#include <chrono>
#include <stdexcept>

namespace rill::app::detail {

std::string what(const std::exception_ptr& error)
{
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

void log_exception(const exception_context& context)
{
    const auto error = context.exception ? what(context.exception) : std::string{};
    if (!context.trace.empty())
        log::error(
            context.message,
            {{"error", error}, {"of_task", context.task}, {"made_by", context.trace}}
        );
    else if (context.task.empty())
        log::error(context.message, {{"error", error}});
    else
        log::error(context.message, {{"error", error}, {"of_task", context.task}});
}

namespace {

/// Called by debug mode, in a thread of its own.
void log_hang(const std::string& text)
{
    log::error("a loop hangs", {{"what", text}});
}

} // namespace

worker::worker(
    const service& service, const app::settings& settings, place place, shared_by_workers& shared
)
    : service_{service}
    , settings_{settings}
    , place_{place}
    , shared_{shared}
{
    loop_.set_exception_handler(&log_exception);
    if (settings.debug || extend::debug_in_environment())
        loop_.set_debug(debug_options().slow_step(settings.slow_step).on_hang(&log_hang));
}

namespace {

/// A worker whose end is not told would be waited for in vain.
void tell_for_certain(const std::function<void()>& ended) noexcept
{
    for (;;) {
        try {
            return ended();
        } catch (const std::logic_error&) { // nobody listens any more
            return;
        } catch (...) { // there is no memory at present
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
    }
}

} // namespace

void worker::start(std::function<void()> ended)
{
    thread_ = std::thread{[this, ended = std::move(ended)] {
        run();
        tell_for_certain(ended);
    }};
}

std::optional<listening>
worker::listen(const listen_address& at, rill::server::handler handler, server_options options)
{
    if (!without_unix(at).empty()) // else one has them all
        options.max_connections(share_of(options.most_connections, place_.number, place_.count));
    const std::string text = at.text();
    auto& place = shared_.places.at(text, listened_[text]++);
    return place.listen(at, std::move(handler), options, shared_.contexts);
}

void worker::stop()
{
    loop_.call_soon_threadsafe([this] { stopping_.set(); });
}

void worker::join()
{
    thread_.join();
}

void worker::run()
{
    try {
        loop_.run_until_complete(main());
    } catch (...) {
        failure_ = std::current_exception();
    }
    try {
        loop_.cancel_all_tasks();
    } catch (...) {
        failure_ = failure_ ? failure_ : std::current_exception();
    }
}

awaitable<void> worker::main()
{
    task<void> serving = create_task(service_.serve(context_), "serve");
    task<void> draining = create_task(drain(serving), "drain");
    std::exception_ptr error;
    try {
        co_await serving;
    } catch (...) {
        error = std::current_exception();
    }
    draining.cancel();
    const bool was_asked = stopping_.is_set() && is_cancellation(error);
    if (error && !was_asked)
        std::rethrow_exception(error);
}

/// What a stop means for the service: time to finish, then a cancellation.
awaitable<void> worker::drain(task<void> serving)
{
    co_await stopping_.wait();
    if (service_.heeds_stop) {
        co_await sleep(extend::saturated(settings_.drain_timeout));
        cut_off_ = true;
        log::warning(
            "drain_timeout has passed, what is left is cancelled", {{"worker", place_.number}}
        );
    }
    serving.cancel();
}

} // namespace rill::app::detail
