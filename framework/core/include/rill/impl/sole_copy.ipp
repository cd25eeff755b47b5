// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/sole_copy.hpp>

#include <stdexcept>

namespace rill::RILL_FORM::detail {

RILL_DECL void sole_copy::require(asio::execution_context& context)
{
    if (asio::use_service<sole_copy>(context).variables_ != &nobody_watches)
        throw std::logic_error(
            "rill: two parts of the program have each a copy of Rill's variables, and use one "
            "io_context; the dynamic linker has to bring them together: link the libraries with "
            "the program, or load them with RTLD_GLOBAL and let the program export its symbols"
        );
}

} // namespace rill::RILL_FORM::detail
