// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/intrusive_list.hpp>
#include <rill/detail/loop/context_user.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/detail/loop/task_executor.hpp>
#include <rill/detail/loop/task_mark.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/loop/timer_queue.hpp>
#include <rill/detail/wait/deadline.hpp>
#include <rill/detail/wait/wait_operation.hpp>
#include <rill/detail/watch/open_mark.hpp>
#include <rill/sleep.hpp>

// What the layers above core are built with: net, HTTP, the test kit. It is no interface for users,
// and may change with any release. What is not named here is core's own.
namespace rill::RILL_FORM::extend {

// The loop, and what ends with it.
using detail::context_of;
using detail::context_user;
using detail::current;
using detail::loop_core;
using detail::mailbox_ptr;
using detail::open_mark;

// Tasks, and how they end.
using detail::is_fatal;
using detail::running_task;
using detail::task_mark;
using detail::task_state;
using detail::was_asked_for;

// Waits of one's own; operation says what a kind of waiting has to have.
using detail::aborted;
using detail::act;
using detail::operation;
using detail::ready_node;
using detail::request_wait;
using detail::scope;
using detail::wait_line;
using detail::wait_list;
using detail::wait_operation;
using detail::yield_waiter;

// Deadlines.
using detail::deadline_after;
using detail::saturated;
using detail::timer_node;

// Lists of what is in several at once.
using detail::hook;
using detail::in_line;
using detail::intrusive_list;

} // namespace rill::RILL_FORM::extend
