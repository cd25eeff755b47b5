// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/context.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL const context_values::value* context_values::find(std::uint64_t variable) const noexcept
{
    for (const auto& entry : entries_)
        if (entry.first == variable)
            return &entry.second;
    return nullptr;
}

RILL_DECL boost::intrusive_ptr<context_values>
context_values::with(std::uint64_t variable, value v) const
{
    boost::intrusive_ptr<context_values> copy(new context_values);
    for (const auto& entry : entries_)
        if (entry.first != variable)
            copy->entries_.push_back(entry);
    if (v)
        copy->entries_.emplace_back(variable, std::move(v));
    return copy;
}

RILL_DECL context_ptr copy_of(const context_ptr& other)
{
    if (!other || !other->values)
        return nullptr;
    context_ptr copy(new context_box);
    copy->values = other->values;
    return copy;
}

} // namespace rill::RILL_FORM::detail
