// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

#include <string>

// What code that knows neither tasks nor loops asks of where it is: a line of the log does. Apart,
// so that such code sees declarations only where core is compiled.
namespace rill::RILL_FORM::detail {

/// Empty outside of tasks.
std::string current_task_name();

/// By the clock of the loop that this thread runs, if it runs one; within a turn, when that began.
time_point current_time() noexcept;

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/whereabouts.ipp>
#endif
