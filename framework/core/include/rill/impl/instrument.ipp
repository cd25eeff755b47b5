// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/instrument.hpp>

#include <exception>
#include <string>

namespace rill::RILL_FORM {

RILL_DECL void
instrumented::adapter::on(detail::loop_event event, detail::task_state* task) noexcept
{
    const auto keep = shared_from_this(); // it may be removed meanwhile
    try {
        tell(event, task);
    } catch (...) {
        leave();
        core_.report({"an instrument failed and was removed", std::current_exception()});
    }
}

RILL_DECL void instrumented::adapter::leave() noexcept
{
    if (!std::exchange(there_, false) || mail_->closed())
        return;
    core_.monitor.remove(*this);
}

RILL_DECL void instrumented::adapter::tell(detail::loop_event event, detail::task_state* task)
{
    switch (event) {
    case detail::loop_event::turn_begins: instrument_->before_turn(); break;
    case detail::loop_event::turn_ends: instrument_->after_turn(); break;
    case detail::loop_event::task_created: instrument_->task_created(task_ref(*task)); break;
    case detail::loop_event::task_ended: instrument_->task_ended(task_ref(*task)); break;
    case detail::loop_event::step_begins: before_step(task); break;
    case detail::loop_event::step_ends: instrument_->after_step(); break;
    }
}

RILL_DECL void instrumented::adapter::before_step(detail::task_state* task)
{
    if (!task) {
        instrument_->before_step(nullptr);
        return;
    }
    const task_ref ref(*task);
    instrument_->before_step(&ref);
}

} // namespace rill::RILL_FORM
