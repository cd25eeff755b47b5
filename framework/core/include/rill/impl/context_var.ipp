// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/context_var.hpp>

#include <atomic>

namespace rill::RILL_FORM::detail {

RILL_DECL std::uint64_t next_variable() noexcept
{
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
}

RILL_DECL void assign(context_box& box, std::uint64_t variable, context_values::value v)
{
    const context_values none;
    box.values = (box.values ? *box.values : none).with(variable, std::move(v));
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL context copy_context()
{
    detail::context_ptr copy = detail::copy_of(detail::current_context());
    return copy ? context(std::move(copy)) : context();
}

} // namespace rill::RILL_FORM
