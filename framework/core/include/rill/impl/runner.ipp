// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/runner.hpp>
#include <rill/context_var.hpp>
#include <rill/debug.hpp>
#include <rill/detail/interrupt.hpp>
#include <rill/loop.hpp>
#include <rill/to_thread.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL bool debug_in_environment()
{
    const char* const value = std::getenv("RILL_DEBUG");
    const std::string_view text = value ? value : "";
    return text == "1" || text == "true" || text == "on" || text == "yes";
}

RILL_DECL closed_generators::~closed_generators()
    {
        while (live_generator* generator = list_.pop_front())
            core_.generators().push_back(*generator);
    }

RILL_DECL awaitable<void> close_generators(loop_core& core)
{
    closed_generators closed(core);
    while (live_generator* generator = core.generators().front()) {
        closed.add(*generator);
        try {
            co_await generator->close();
        } catch (...) {
            core.report({"a generator failed as it was closed", std::current_exception()});
        }
    }
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

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
    if (options_.wants_debug().value_or(detail::debug_in_environment()))
        loop_->set_debug(options_.how_to_debug());
    context_ = copy_context();
}

RILL_DECL loop& runner::get_loop()
{
    if (closed_)
        throw std::logic_error("rill::runner: it is closed");
    set_up();
    return *loop_;
}

RILL_DECL void runner::close()
{
    if (closed_)
        return;
    if (loop_) {
        detail::check_no_loop_runs_here();
        if (!loop_->is_closed()) {
            attempt([this] { end_tasks(); });
            attempt([this] { end_generators(); });
            attempt([this] { end_executor(); });
            attempt([this] { loop_->close(); });
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
    if (!core.generators().empty())
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

} // namespace rill::RILL_FORM
