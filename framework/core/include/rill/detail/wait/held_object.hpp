// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/intrusive_list.hpp>
#include <rill/detail/loop/loop_core.hpp>

#include <string>

namespace rill::RILL_FORM::detail {

/// Something that one task at a time holds, a lock: dumps show it with its holder.
class held_object : public hook<in_held_objects> {
public:
    /// Null while it is free, and where its holder is no task.
    virtual const task_state* holder() const noexcept = 0;

    /// "mutex 'cache'".
    virtual std::string title() const = 0;

protected:
    explicit held_object(loop_core& core) noexcept { core.registry.held_objects.push_back(*this); }

    ~held_object() { hook<in_held_objects>::unlink(); }
};

} // namespace rill::RILL_FORM::detail
