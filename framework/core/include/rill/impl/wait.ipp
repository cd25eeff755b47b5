// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/wait.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void end_counter::add(completion_state& state)
{
    const std::size_t index = states_.size();
    states_.push_back(&state);
    if (state.done()) {
        note(state);
    } else {
        ++running_;
        watches_[index].begin(state, *this, index);
    }
}

RILL_DECL void end_counter::note(const completion_state& state) noexcept
{
    over_ = over_ || when_ == return_when::first_completed ||
            (when_ == return_when::first_exception && state.error() && !state.ended_cancelled());
}

RILL_DECL task_state* end_counter::waiting_task() const noexcept
{
    return line.empty() ? nullptr : line.front()->waiting_task();
}

RILL_DECL void end_counter::ended(std::size_t index)
{
    --running_;
    note(*states_[index]);
    if (over())
        line.complete_all();
}

RILL_DECL void count_waiter::start()
{
    if (counter_->over() || limit_ <= duration::zero()) {
        complete();
        return;
    }
    counter_->line.add(*this);
    core_->arm(*this, deadline_after(core_->now(), limit_));
}

} // namespace rill::RILL_FORM::detail
