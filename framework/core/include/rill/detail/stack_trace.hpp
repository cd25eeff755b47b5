// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/describe.hpp>
#include <rill/detail/symbols.hpp>

#include <execinfo.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace rill::detail {

/// The calls that a thread is in, taken cheaply and put in words later.
class stack_trace {
public:
    /// Of the caller. Safe in a signal handler, after a first call outside of one.
    void take() noexcept
    {
        const int n = ::backtrace(calls_.data(), static_cast<int>(calls_.size()));
        size_ = n > 0 ? static_cast<std::size_t>(n) : 0;
    }

    static stack_trace here() noexcept
    {
        stack_trace trace;
        trace.take();
        return trace;
    }

    bool empty() const noexcept { return size_ == 0; }

    /// One line for each call, the innermost first, at most `lines`. Calls inside of Rill, Asio and
    /// the standard library are left out.
    std::string text(std::size_t lines = 8) const
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

private:
    static bool is_machinery(std::string_view name)
    {
        if (is_of_library(name))
            return true;
        for (const std::string_view prefix :
             {"___interceptor", "__libc_start", "_start", "backtrace", "__restore_rt"})
            if (name.starts_with(prefix))
                return true;
        return name.starts_with("lib") && name.find(".so") != std::string_view::npos;
    }

    std::array<void*, 48> calls_{};
    std::size_t size_ = 0;
};

} // namespace rill::detail
