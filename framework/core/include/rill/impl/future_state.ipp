// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/future_state.hpp>
#include <rill/detail/loop/task_state.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL future_state::future_state(loop_core& core, std::source_location place)
    : completion_state(core)
    , created_(place)
{
    core.registry.futures.push_back(*this);
    if (core.debug) [[unlikely]]
        core.debug->created(this);
}

RILL_DECL void future_state::tell_of_use() const noexcept
{
    try {
        watched_loops::instance().note_use(core(), description() + " created" + at(created_));
    } catch (...) { // no memory: it goes unnoticed
    }
}

RILL_DECL bool future_state::request_cancel(cancel_reason_ptr why)
{
    if (done()) {
        mark_retrieved();
        return false;
    }
    fail(std::make_exception_ptr(cancelled_error(std::move(why))), true);
    finish();
    return true;
}

RILL_DECL void future_state::abandon() noexcept
{
    forget_trace(core(), this);
    lose_loop();
    hook<in_futures>::unlink();
}

RILL_DECL future_state::~future_state()
{
    hook<in_futures>::unlink();
    if (unretrieved())
        loop_core::report_to(
            core(),
            {"the exception of a future was never retrieved",
             error(),
             {},
             text_of(created_),
             {},
             {},
             trace_of(core(), this)}
        );
    forget_trace(core(), this);
}

} // namespace rill::RILL_FORM::detail
