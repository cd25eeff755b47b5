// SPDX-License-Identifier: BSL-1.0
#include <rill/connect_error.hpp>

#include <utility>

namespace rill {

connect_error::connect_error(
    error_code ec, std::string what, connect_phase phase, std::vector<connect_attempt> attempts
)
    : worded_error(ec, std::move(what))
    , phase_(phase)
    , attempts_(std::make_shared<const std::vector<connect_attempt>>(std::move(attempts)))
{}

connect_phase connect_error::phase() const noexcept
{
    return phase_;
}

const std::vector<connect_attempt>& connect_error::attempts() const noexcept
{
    return *attempts_;
}

} // namespace rill
