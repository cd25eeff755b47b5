// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/context_var.hpp>
#include <rill/detail/loop/interrupt.hpp>
#include <rill/detail/loop/leftovers.hpp>
#include <rill/detail/loop/live_generator.hpp>
#include <rill/detail/watch/debug_mode.hpp>
#include <rill/run.hpp>
#include <rill/runner.hpp>
#include <rill/to_thread.hpp>

#include <exception>
#include <stdexcept>

namespace rill::RILL_FORM {

namespace detail {

/// Generators that need no further look; they go back to the loop, which may end before them.
class closed_generators {
public:
    explicit closed_generators(loop_core& core) noexcept
        : core_(core)
    {}

    ~closed_generators()
    {
        while (live_generator* generator = list_.pop_front())
            core_.registry.generators.push_back(*generator);
    }

    closed_generators(const closed_generators&) = delete;
    closed_generators& operator=(const closed_generators&) = delete;

    void add(live_generator& generator) noexcept
    {
        generator.unlink();
        list_.push_back(generator);
    }

private:
    loop_core& core_;
    intrusive_list<live_generator, in_generators> list_;
};

/// Closes those that are left, which may begin others.
RILL_DECL awaitable<void> close_generators(loop_core& core)
{
    closed_generators closed(core);
    while (live_generator* generator = core.registry.generators.front()) {
        closed.add(*generator);
        try {
            co_await generator->close();
        } catch (...) {
            core.report({"a generator failed as it was closed", std::current_exception()});
        }
    }
}

} // namespace detail

RILL_DECL runner::runner(runner_options options)
    : options_(std::move(options))
{}

RILL_DECL runner::~runner()
{
    if (!detail::current.loop)
        close();
}

RILL_DECL void runner::check_usable() const
{
    if (closed_)
        throw std::logic_error("rill::runner: it is closed");
    detail::check_no_loop_runs_here();
}

RILL_DECL void runner::set_up()
{
    if (loop_)
        return;
    if (options_.loop_factory())
        loop_.emplace(options_.loop_factory()());
    else
        loop_.emplace();
    if (options_.wants_debug() == true)
        loop_->set_debug(options_.how_to_debug());
    else if (options_.wants_debug() == false)
        loop_->set_debug(false);
    context_ = copy_context();
}

RILL_DECL loop& runner::get_loop()
{
    if (closed_)
        throw std::logic_error("rill::runner: it is closed");
    set_up();
    return *loop_;
}

/// Throws `interrupted` if SIGINT, and nobody else, cancelled it.
RILL_DECL void runner::run_to_end(detail::completion_state& main)
{
    std::optional<detail::interrupt_watch> sigint;
    if (options_.handles_sigint())
        sigint.emplace(loop_->context(), [&main] {
            main.request_cancel(detail::make_reason(cancel_origin::request, "SIGINT"));
        });
    detail::loop_access::run_until_ended(*loop_, main);
    if (sigint && sigint->seen() && main.ended_cancelled() && main.requests() <= 1) {
        main.mark_retrieved();
        throw interrupted();
    }
}

RILL_DECL void runner::close()
{
    if (closed_)
        return;
    if (loop_) {
        detail::check_no_loop_runs_here();
        if (!loop_->is_closed()) {
            attempt(&runner::end_tasks);
            attempt(&runner::end_generators);
            attempt(&runner::end_executor);
            attempt(&runner::end_loop);
        }
    }
    closed_ = true;
    loop_.reset();
    context_.reset();
}

RILL_DECL void runner::end_tasks()
{
    detail::leftovers left(detail::loop_access::core(*loop_), [this] { return loop_->run_once(); });
    using kind = decltype(left);
    left.end(&kind::ordinary);
    left.await(&kind::shielded, options_.shield_grace());
    left.end(&kind::shielded);
    left.end(&kind::any);
}

RILL_DECL void runner::end_generators()
{
    detail::loop_core& core = detail::loop_access::core(*loop_);
    if (!core.registry.generators.empty())
        loop_->run_until_complete(detail::close_generators(core));
    loop_->cancel_all_tasks();
}

RILL_DECL void runner::end_executor()
{
    detail::loop_core& core = detail::loop_access::core(*loop_);
    if (core.default_executor)
        loop_->run_until_complete(shutdown_default_executor(options_.executor_grace()));
    core.takes_jobs = false;
    loop_->cancel_all_tasks();
}

RILL_DECL void runner::end_loop()
{
    loop_->close();
}

RILL_DECL void runner::attempt(void (runner::*step)())
{
    try {
        (this->*step)();
    } catch (...) {
        loop_->call_exception_handler(
            {"a step of the loop's shutdown failed", std::current_exception()}
        );
    }
}

#ifdef RILL_SEPARATE_COMPILATION
template void run<void>(awaitable<void>, runner_options, std::source_location);
#endif

} // namespace rill::RILL_FORM
