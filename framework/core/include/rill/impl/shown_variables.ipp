// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/shown_variables.hpp>

#include <algorithm>
#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL void shown_variables::add(entry e)
{
    const std::lock_guard lock(mutex());
    entries().push_back(std::move(e));
}

RILL_DECL void shown_variables::remove(std::uint64_t variable)
{
    const std::lock_guard lock(mutex());
    std::erase_if(entries(), [=](const entry& e) { return e.variable == variable; });
}

RILL_DECL std::vector<shown_variables::entry> shown_variables::all()
{
    const std::lock_guard lock(mutex());
    return entries();
}

RILL_DECL std::mutex& shown_variables::mutex()
{
    static auto* const m = new std::mutex;
    return *m;
}

RILL_DECL std::vector<shown_variables::entry>& shown_variables::entries()
{
    static auto* const all = new std::vector<entry>;
    return *all;
}

} // namespace rill::RILL_FORM::detail
