// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/select.hpp>

#include <source_location>

namespace rill::RILL_FORM::detail {

RILL_DECL void selection::completed(std::size_t index)
{
    if (decided())
        return;
    winner = index;
    withdraw_(*this);
    complete();
}

} // namespace rill::RILL_FORM::detail
