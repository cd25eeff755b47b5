// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/context_var.hpp>
#include <rill/detail/loop/sole_copy.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/loop/thread_position.hpp>
#include <rill/error.hpp>

#include <cstdint>
#include <stdexcept>

namespace rill::RILL_FORM::detail {

RILL_ONE_PER_PROGRAM std::uint64_t next_variable() noexcept; // context_var.hpp may include this

RILL_DECL void sole_copy::require(asio::execution_context& context)
{
    if (asio::use_service<sole_copy>(context).places_ != here())
        throw std::logic_error(
            "rill: two parts of the program have each a copy of Rill's variables, and use one "
            "io_context; the dynamic linker has to bring them together: link the libraries with "
            "the program, or load them with RTLD_GLOBAL and let the program export its symbols"
        );
}

RILL_DECL sole_copy::places sole_copy::here()
{
    return {
        &nobody_watches,
        &condition_category(),
        &rill_category(),
        reinterpret_cast<const void*>(&next_variable),
        reinterpret_cast<const void*>(&current_context)
    };
}

} // namespace rill::RILL_FORM::detail
