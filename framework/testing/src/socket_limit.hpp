// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace rill::RILL_FORM::testing::simulation {

/// How many sockets a host may have open, and how many it has.
class socket_limit {
public:
    std::size_t most = SIZE_MAX;

    /// A place for one, until the last copy of it has gone. Null if all are taken.
    std::shared_ptr<void> take()
    {
        if (*open_ >= most)
            return nullptr;
        ++*open_;
        return {open_.get(), [open = open_](void*) { --*open; }};
    }

private:
    std::shared_ptr<std::size_t> open_ =
        std::make_shared<std::size_t>(0); // sockets may outlive this
};

} // namespace rill::RILL_FORM::testing::simulation
