// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/handle.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void callback::start_soon(std::shared_ptr<callback> self)
{
    self_ = std::move(self);
    note_trace();
    core_->make_ready(*this);
}

RILL_DECL void callback::start_later(std::shared_ptr<callback> self)
{
    self_ = std::move(self);
    note_trace();
    core_->make_pending(*this);
    core_->arm(*this, when_);
}

RILL_DECL void callback::start_at_end_of(completion_state& state, std::shared_ptr<callback> self)
{
    if (state.done()) {
        start_soon(std::move(self));
        return;
    }
    self_ = std::move(self);
    note_trace();
    state.joiners.add(*this);
}

RILL_DECL void callback::cancel() noexcept
{
    if (!self_)
        return;
    const auto keep = std::move(self_);
    cancelled_ = true;
    forget_trace(core_, static_cast<ready_node*>(this));
    core_->disarm(*this);
    hook<in_line>::unlink();
    core_->forget(*this);
    drop_callable();
}

RILL_DECL std::string callback::trace() const
{
    return self_ ? trace_of(core_, static_cast<const ready_node*>(this)) : std::string();
}

RILL_DECL void callback::note_trace()
{
    if (core_->debug) [[unlikely]]
        core_->debug->created(static_cast<ready_node*>(this));
}

RILL_DECL void callback::on_act(ready_node& n, act what)
{
    auto& self = static_cast<callback&>(n);
    if (what == act::run)
        self.run();
    else if (what == act::due)
        self.core_->make_ready(self);
    else if (what == act::drop)
        self.drop();
    else if (what == act::describe)
        *describing = "the callback registered" + at(self.where_);
}

RILL_DECL void callback::run()
{
    const auto keep = std::move(self_);
    const variables_of scope(context_);
    const std::string trace = trace_of(core_, static_cast<ready_node*>(this));
    forget_trace(core_, static_cast<ready_node*>(this));
    try {
        if (!failure_) // what it waited for is gone without having ended
            call();
    } catch (const fatal_error&) {
        drop_callable();
        throw;
    } catch (...) {
        core_->report(
            {"exception in a callback", std::current_exception(), {}, {}, text_of(where_), {}, trace
            }
        );
    }
    drop_callable();
}

RILL_DECL void callback::drop() noexcept
{
    const auto keep = std::move(self_);
    forget_trace(core_, static_cast<ready_node*>(this));
    core_->disarm(*this);
    hook<in_line>::unlink();
    drop_callable();
}

RILL_DECL bool callback_claim::cancel() noexcept
{
    if (state() == free && claim(cancelled))
        drop_callable();
    return state() == cancelled;
}

RILL_DECL bool callback_claim::claim(char by) noexcept
{
    char unclaimed = free;
    return state_.compare_exchange_strong(unclaimed, by, std::memory_order_acq_rel);
}

} // namespace rill::RILL_FORM::detail
