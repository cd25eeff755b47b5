// SPDX-License-Identifier: BSL-1.0
//
// What is said of tasks and loops, in tree, table and live screen alike. All text is printable.
#pragma once

#include "relations.hpp"

#include <string>

namespace top {

/// Its name, or "task 7" if it has none.
std::string name_of(const task_info& task);

/// "waiting", and so on. A task that waits although it is being cancelled is "cancelling".
std::string state_of(const task_info& task);

/// "an item of queue 'jobs' at orders.cpp:33", or as much of it as is known.
std::string wait_of(const task_info& task);

/// "300 ms left", "1.2 s overdue"; empty: no deadline.
std::string deadline_of(const task_info& task);

/// "mutex 'cache', a permit of 'slots'"; empty: nothing.
std::string held_by(const task_info& task);

/// "main, session-3": those who await it; one that is not in the snapshot by its id.
std::string awaiters_of(const snapshot& of, const relations& related, const task_info& task);

/// "waiting 1.2 s for an item of queue 'jobs' at orders.cpp:33, 300 ms left, holds mutex 'cache'"
std::string story_of(const task_info& task, bool deadlocked);

/// "orders::take at orders.cpp:33"
std::string frame_text(const stack_frame& frame);

/// "worker-0 (12 tasks, 3 ready, lag p99 0.2 ms)"; `of` is where `loop` belongs to.
std::string loop_text(const snapshot& of, const relations::loop_entry& loop);

/// "no answer for 1.5 s, running task 'session-3'"
std::string silence_of(const loop_info& loop);

/// "deadlock: a -> b -> a". Of a long cycle only the beginning is named.
std::string deadlock_text(const snapshot& of, const std::vector<position>& cycle);

/// "hello (pid 123), rill 0.1.0, debug, up 2 h 3 min"
std::string service_text(const service_info& info);

/// "300 tasks more are not shown"; empty: there are none.
std::string left_out_text(const snapshot& of);

} // namespace top
