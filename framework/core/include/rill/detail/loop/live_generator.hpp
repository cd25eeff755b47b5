// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/intrusive_list.hpp>
#include <rill/detail/loop/task_registry.hpp>

namespace rill::RILL_FORM::detail {

/// A generator that has begun and not ended, as the loop's shutdown sees it.
class live_generator : public hook<in_generators> {
public:
    /// Ends its body; see generator::close.
    virtual awaitable<void> close() = 0;

    /// The loop is gone.
    virtual void lose_loop() noexcept = 0;

protected:
    ~live_generator() = default;
};

} // namespace rill::RILL_FORM::detail
