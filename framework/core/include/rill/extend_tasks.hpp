// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cleanup.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/run_as_task.hpp>
#include <rill/detail/wait/deadline_scope.hpp>
#include <rill/task.hpp>

// The part of extend.hpp for helpers that run a body, as timeout does, or a handler as a task.
namespace rill::RILL_FORM::extend {

using detail::body_result_t;
using detail::call_stored;
using detail::data_of;
using detail::run_as_task;
using detail::settle;
using detail::task_access;

} // namespace rill::RILL_FORM::extend
