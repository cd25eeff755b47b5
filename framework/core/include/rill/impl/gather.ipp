// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/gather.hpp>
#include <rill/task.hpp>

#include <variant>

namespace rill::RILL_FORM::detail {

RILL_DECL void gathering::add(completion_state& state)
{
    const std::size_t index = states_.size();
    states_.push_back(&state);
    state.mark_retrieved();
    if (state.done()) {
        note(index);
    } else {
        ++running_;
        watches_[index].begin(state, *this, index);
    }
}

RILL_DECL bool gathering::over() const noexcept
{
    return running_ == 0 || (decided() && !cancelled_ && !racing());
}

RILL_DECL void gathering::cancel_all(const cancel_reason_ptr& why)
{
    for (completion_state* state : states_)
        if (!state->done())
            state->request_cancel(why);
}

RILL_DECL void gathering::note(std::size_t index) noexcept
{
    const bool decides = racing() || (when_ == until::first_error && states_[index]->error());
    if (decides && !decided())
        decisive_ = index;
}

RILL_DECL task_state* gathering::waiting_task() const noexcept
{
    return line.empty() ? nullptr : line.front()->waiting_task();
}

RILL_DECL void gathering::ended(std::size_t index)
{
    --running_;
    const bool before = decided();
    note(index);
    if (racing() && !before)
        cancel_all(make_reason(cancel_origin::sibling, "another one was faster"));
    if (!over())
        return;
    while (operation* waiter = line.front())
        if (cancelled_ && !(racing() && decided()))
            waiter->abort();
        else
            waiter->complete();
}

RILL_DECL void gather_waiter::start()
{
    if (gathering_->over())
        complete();
    else
        gathering_->line.add(*this);
}

RILL_DECL void gather_waiter::on_cancel()
{
    gathering_->cancel(task_ ? task_->reason() : nullptr);
}

} // namespace rill::RILL_FORM::detail
