// SPDX-License-Identifier: BSL-1.0
#include "deadlines.hpp"

#include <rill/extend.hpp>

namespace rill::http::detail {

bool deadlines::too_slow(std::uint64_t bytes) const noexcept
{
    const auto elapsed = clock_.now() - since_;
    if (elapsed <= extend::saturated(limits_.body_rate_grace))
        return false;
    const auto seconds = std::chrono::duration<double>(elapsed).count();
    return static_cast<double>(bytes) < static_cast<double>(limits_.body_rate) * seconds;
}

} // namespace rill::http::detail
