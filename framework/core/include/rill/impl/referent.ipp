// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/referent.hpp>
#include <rill/error.hpp>

#include <string>

namespace rill::RILL_FORM::detail {

RILL_DECL void throw_refers_to_nothing(const char* handle)
{
    throw invalid_state(
        std::string("rill: ") + handle + " refers to nothing, as one does that was moved from"
    );
}

} // namespace rill::RILL_FORM::detail
