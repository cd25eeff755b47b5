// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/wait/end_watch.hpp>

#include <memory>

namespace rill::RILL_FORM::detail {

RILL_DECL end_watch::~end_watch()
{
    hook<in_line>::unlink();
    if (hook<in_loop>::linked())
        core_->forget(*this);
}

RILL_DECL void end_watch::begin(completion_state& state, end_observer& observer, std::size_t index)
{
    core_ = state.core();
    observer_ = &observer;
    index_ = index;
    state.joiners.add(*this);
}

RILL_DECL void end_watch::on_act(ready_node& node, act what)
{
    auto& self = static_cast<end_watch&>(node);
    if (what == act::run)
        self.observer_->ended(self.index_);
    else if (what == act::drop)
        self.hook<in_line>::unlink();
    else if (what == act::name_task)
        self.core_->named_task = self.observer_->waiting_task();
    else if (what == act::describe)
        *describing = "several tasks";
}

} // namespace rill::RILL_FORM::detail
