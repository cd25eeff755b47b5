// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/error.hpp>

namespace test {

/// Whether a task has failed because what it waited for is gone: it was aborted, and nobody had
/// told it to stop.
template <class Task>
bool was_aborted(const Task& task)
{
    return !task.cancelled() && rill::is_cancellation(task.exception());
}

} // namespace test
