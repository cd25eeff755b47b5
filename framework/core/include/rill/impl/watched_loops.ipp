// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/debug_watch.hpp>
#include <rill/detail/watch/watched_loops.hpp>

#include <algorithm>

namespace rill::RILL_FORM::detail {

RILL_DECL watched_loops::entry::entry(const loop_core& core, debug_watch& watch)
    : core_(&core)
    , watch_(&watch)
{
    watched_loops& loops = instance();
    const std::lock_guard lock(loops.mutex_);
    loops.all_.push_back(this);
    ++count_;
}

RILL_DECL watched_loops::entry::~entry()
{
    watched_loops& loops = instance();
    const std::lock_guard lock(loops.mutex_);
    loops.all_.erase(std::find(loops.all_.begin(), loops.all_.end(), this));
    --count_;
}

RILL_DECL void watched_loops::note_use(const loop_core* core, const std::string& what)
{
    const std::lock_guard lock(mutex_);
    const auto is_its = [core](const entry* e) { return e->core_ == core; };
    const auto found = std::find_if(all_.begin(), all_.end(), is_its);
    if (found != all_.end())
        (*found)->watch_->used(what);
}

} // namespace rill::RILL_FORM::detail
