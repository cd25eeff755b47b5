// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/describe.hpp>
#include <rill/detail/watch/stack_trace.hpp>
#include <rill/detail/watch/symbols.hpp>

#include <execinfo.h>

namespace rill::RILL_FORM::detail {

RILL_DECL void stack_trace::take() noexcept
{
    const int n = ::backtrace(calls_.data(), static_cast<int>(calls_.size()));
    size_ = n > 0 ? static_cast<std::size_t>(n) : 0;
}

RILL_DECL std::string stack_trace::text(std::size_t lines) const
{
    std::string out;
    for (std::size_t i = 0; i < size_ && lines > 0; ++i) {
        const std::string name = symbols::of_program().name_of(calls_[i]);
        if (is_machinery(name))
            continue;
        out += "\n    in " + name;
        --lines;
    }
    return out;
}

RILL_DECL bool stack_trace::is_machinery(std::string_view name)
{
    if (is_of_library(name))
        return true;
    for (const std::string_view prefix :
         {"___interceptor", "__libc_start", "_start", "backtrace", "__restore_rt"})
        if (name.starts_with(prefix))
            return true;
    return name.starts_with("lib") && name.find(".so") != std::string_view::npos;
}

} // namespace rill::RILL_FORM::detail
