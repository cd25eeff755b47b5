// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/wait/primitive.hpp>

#include <utility>

namespace rill::RILL_FORM::detail {

RILL_DECL void primitive::set_name(std::string name)
{
    name_ = std::make_unique<std::string>(std::move(name));
}

RILL_DECL void primitive::tell_of_use(std::string_view kind) const noexcept
{
    try {
        watched_loops::instance().note_use(core_, called(kind));
    } catch (...) { // no memory: it goes unnoticed
    }
}

RILL_DECL std::string primitive::called(std::string_view kind) const
{
    if (!name_)
        return std::string(kind);
    return std::string(kind.substr(kind.find(' ') + 1)) + " '" + *name_ + "'";
}

} // namespace rill::RILL_FORM::detail
