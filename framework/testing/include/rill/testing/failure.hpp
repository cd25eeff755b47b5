// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <stdexcept>
#include <string>

namespace rill::RILL_FORM::testing {

/// What the test kit found wrong: a hang, something left behind, an invariant that does not hold.
class failure : public std::logic_error {
public:
    explicit failure(const std::string& what)
        : logic_error("rill::testing: " + what)
    {}
};

} // namespace rill::RILL_FORM::testing
