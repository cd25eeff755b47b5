// SPDX-License-Identifier: BSL-1.0
#pragma once

// All bodies of core that are no templates, for one source file of a program that is built with
// RILL_SEPARATE_COMPILATION and does not link rill::core_compiled. As boost/asio/impl/src.hpp,
// which may stand in the same file.

#ifndef RILL_SEPARATE_COMPILATION
#error "rill/src.hpp is for programs that define RILL_SEPARATE_COMPILATION everywhere"
#endif

// The frames of coroutines hold lambdas, which g++ finds suspicious in a file that is included.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

#include <rill/impl/barrier.ipp>
#include <rill/impl/call_graph.ipp>
#include <rill/impl/cancel_delivery.ipp>
#include <rill/impl/cancel_reason.ipp>
#include <rill/impl/cancel_scope.ipp>
#include <rill/impl/cleanup.ipp>
#include <rill/impl/completion_state.ipp>
#include <rill/impl/concurrent_queue.ipp>
#include <rill/impl/condition_variable.ipp>
#include <rill/impl/context.ipp>
#include <rill/impl/context_user.ipp>
#include <rill/impl/context_var.ipp>
#include <rill/impl/cycle_finder.ipp>
#include <rill/impl/deadline_scope.ipp>
#include <rill/impl/deadlines.ipp>
#include <rill/impl/debug.ipp>
#include <rill/impl/debug_mode.ipp>
#include <rill/impl/describe.ipp>
#include <rill/impl/end_watch.ipp>
#include <rill/impl/error.ipp>
#include <rill/impl/event.ipp>
#include <rill/impl/exception_context.ipp>
#include <rill/impl/exception_group.ipp>
#include <rill/impl/future_state.ipp>
#include <rill/impl/gather.ipp>
#include <rill/impl/generator.ipp>
#include <rill/impl/handle.ipp>
#include <rill/impl/instrument.ipp>
#include <rill/impl/interrupt.ipp>
#include <rill/impl/interval.ipp>
#include <rill/impl/latch.ipp>
#include <rill/impl/loop.ipp>
#include <rill/impl/loop_core.ipp>
#include <rill/impl/loop_meter.ipp>
#include <rill/impl/loop_monitor.ipp>
#include <rill/impl/loop_snapshot.ipp>
#include <rill/impl/loop_thread.ipp>
#include <rill/impl/mailbox.ipp>
#include <rill/impl/mutex.ipp>
#include <rill/impl/noted_places.ipp>
#include <rill/impl/open_mark.ipp>
#include <rill/impl/operation.ipp>
#include <rill/impl/outcome_handle.ipp>
#include <rill/impl/owned_mutex.ipp>
#include <rill/impl/primitive.ipp>
#include <rill/impl/random.ipp>
#include <rill/impl/rate_limiter.ipp>
#include <rill/impl/ready_queue.ipp>
#include <rill/impl/recycled_memory.ipp>
#include <rill/impl/referent.ipp>
#include <rill/impl/remote_operation.ipp>
#include <rill/impl/retry.ipp>
#include <rill/impl/runner.ipp>
#include <rill/impl/select.ipp>
#include <rill/impl/semaphore.ipp>
#include <rill/impl/shared_mutex.ipp>
#include <rill/impl/shield.ipp>
#include <rill/impl/shown_variables.ipp>
#include <rill/impl/signals.ipp>
#include <rill/impl/sleep.ipp>
#include <rill/impl/sole_copy.ipp>
#include <rill/impl/stack_sampler.ipp>
#include <rill/impl/stack_trace.ipp>
#include <rill/impl/symbols.ipp>
#include <rill/impl/task.ipp>
#include <rill/impl/task_executor.ipp>
#include <rill/impl/task_frame.ipp>
#include <rill/impl/task_group.ipp>
#include <rill/impl/task_reader.ipp>
#include <rill/impl/task_state.ipp>
#include <rill/impl/task_text.ipp>
#include <rill/impl/task_tree.ipp>
#include <rill/impl/thread_pool.ipp>
#include <rill/impl/thread_position.ipp>
#include <rill/impl/thread_text.ipp>
#include <rill/impl/timeout.ipp>
#include <rill/impl/timer_queue.ipp>
#include <rill/impl/to_thread.ipp>
#include <rill/impl/wait.ipp>
#include <rill/impl/watchdog.ipp>
#include <rill/impl/watched_loops.ipp>
#include <rill/impl/whereabouts.ipp>
