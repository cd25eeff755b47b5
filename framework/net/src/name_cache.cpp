// SPDX-License-Identifier: BSL-1.0
#include "name_cache.hpp"

#include <utility>

namespace rill::RILL_FORM::net_detail {

name_cache::name_cache(std::size_t most) noexcept
    : most_(most)
{}

const name_cache::entry* name_cache::find(std::string_view name, time_point now)
{
    const auto at = places_.find(name);
    if (at == places_.end())
        return nullptr;
    if (now < at->second->until)
        return &at->second->what;
    forget(name);
    return nullptr;
}

void name_cache::put(std::string name, entry what, time_point until)
{
    forget(name);
    if (most_ == 0)
        return;
    if (kept_.size() >= most_)
        forget(kept_.front().name);
    const auto at = kept_.insert(kept_.end(), {std::move(name), std::move(what), until});
    places_.emplace(at->name, at);
}

void name_cache::forget(std::string_view name)
{
    const auto at = places_.find(name);
    if (at == places_.end())
        return;
    const auto place = at->second;
    places_.erase(at); // first: its key is in there
    kept_.erase(place);
}

} // namespace rill::RILL_FORM::net_detail
