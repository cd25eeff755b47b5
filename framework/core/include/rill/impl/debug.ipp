// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/debug.hpp>

#include <cstdlib>

namespace rill::RILL_FORM {

RILL_DECL duration debug_options::slow_step_in_environment()
{
    const char* const text = std::getenv("RILL_DEBUG_SLOW_STEP_MS");
    const long ms = text ? std::strtol(text, nullptr, 10) : 0;
    return std::chrono::milliseconds(ms > 0 ? ms : 100);
}

} // namespace rill::RILL_FORM
