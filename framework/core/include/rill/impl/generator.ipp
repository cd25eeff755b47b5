// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/error.hpp>
#include <rill/generator.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL generator_frame::step_mark::step_mark(generator_frame& frame)
    : frame_(frame)
{
    if (frame_.running_)
        throw invalid_state("rill::generator: another next() is under way");
    frame_.enrol();
    frame_.running_ = true;
}

RILL_DECL generator_frame::step_mark::~step_mark()
{
    frame_.running_ = false;
    frame_.leave(); // where the body has ended, or its wait was destroyed
    if (frame_.dropped_)
        frame_.destroy();
}

RILL_DECL awaitable<void> generator_frame::close()
{
    if (finished_)
        co_return;
    if (!std::exchange(begun_, true)) {
        finished_ = true; // it never began: its arguments go with the frame
        co_return;
    }
    const step_mark mark(*this);
    closing_ = true;
    const generator_step step = mark.step();
    try {
        co_await step;
    } catch (const generator_exit&) {
    }
}

RILL_DECL void generator_frame::drop() noexcept
{
    if (core_ && !core_->on_home_thread())
        core_->mail().post(owner(this));
    else if (running_)
        dropped_ = true;
    else
        destroy();
}

RILL_DECL void generator_frame::enrol()
{
    begun_ = true;
    if (core_ || !current.loop)
        return;
    core_ = current.loop;
    core_->registry.generators.push_back(*this);
}

} // namespace rill::RILL_FORM::detail
