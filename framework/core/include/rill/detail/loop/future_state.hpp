// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/intrusive_list.hpp>
#include <rill/detail/loop/completion_state.hpp>
#include <rill/detail/loop/task_registry.hpp>
#include <rill/detail/watch/watched_loops.hpp>

#include <exception>
#include <source_location>
#include <string>
#include <utility>

namespace rill::RILL_FORM::detail {

/// The state of a future.
class future_state : public completion_state, public hook<in_futures> {
public:
    explicit future_state(loop_core& core, std::source_location place);

    std::string description() const override { return "a future"; }

    /// See primitive::note_use.
    void note_use() const noexcept
    {
        if (watched_loops::any()) [[unlikely]]
            tell_of_use();
    }

    const std::source_location& created() const noexcept { return created_; }

    bool request_cancel(cancel_reason_ptr why = {}) override;

    using completion_state::finish;

    /// The loop dies, with it ended or not; handles are left.
    void abandon() noexcept;

protected:
    ~future_state() override;

private:
    void tell_of_use() const noexcept;

    std::source_location created_;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/future_state.ipp>
#endif
