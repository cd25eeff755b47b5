// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/watch/debug_mode.hpp>
#include <rill/detail/watch/describe.hpp>
#include <rill/detail/watch/loop_snapshot.hpp>
#include <rill/detail/watch/stack_trace.hpp>
#include <rill/detail/watch/task_text.hpp>

// The part of extend.hpp that shows what tasks do, for those layers that do the same.
namespace rill::RILL_FORM::extend {

using detail::at;
using detail::debug_in_environment;
using detail::line_of;
using detail::name_of_function;
using detail::place_in;
using detail::snapshot_of;
using detail::stack_trace;
using detail::text_of;

} // namespace rill::RILL_FORM::extend
