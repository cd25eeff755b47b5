// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace rill::RILL_FORM::detail {

/// The calls that a thread is in, taken cheaply and put in words later.
class stack_trace {
public:
    /// Of the caller. Safe in a signal handler, after a first call outside of one.
    void take() noexcept;

    static stack_trace here() noexcept
    {
        stack_trace trace;
        trace.take();
        return trace;
    }

    bool empty() const noexcept { return size_ == 0; }

    /// One line for each call, the innermost first, at most `lines`. Calls inside of Rill, Asio and
    /// the standard library are left out.
    std::string text(std::size_t lines = 8) const;

private:
    static bool is_machinery(std::string_view name);

    std::array<void*, 48> calls_{};
    std::size_t size_ = 0;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/stack_trace.ipp>
#endif
