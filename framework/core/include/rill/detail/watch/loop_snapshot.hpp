// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/watch/loop_observer.hpp>

namespace rill::RILL_FORM {

struct loop_statistics;
struct loop_snapshot;

namespace detail {

loop_statistics statistics_of(loop_core& core);

loop_snapshot snapshot_of(loop_core& core);

/// Goes through the tasks in the order of their creation, and knows where it is when they end.
class task_walk final : public loop_observer {
public:
    explicit task_walk(loop_core& core)
        : core_(core)
    {
        core_.monitor.add(*this);
    }

    ~task_walk() { core_.monitor.remove(*this); }

    task_walk(const task_walk&) = delete;
    task_walk& operator=(const task_walk&) = delete;

    /// Null behind the last one.
    task_state* next() noexcept;

    void on(loop_event event, task_state* task) noexcept override;

private:
    loop_core& core_;
    task_state* last_ = nullptr; // it has not ended; null: before the first
};

} // namespace detail
} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/loop_snapshot.ipp>
#endif
