// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <source_location>
#include <string>
#include <string_view>

namespace rill::RILL_FORM {

struct task_info;

namespace detail {

/// Names and control characters come from anywhere: nothing of them reaches a terminal or a log.
std::string printable(std::string_view text);

/// "waiting 1.2s for an item of queue 'jobs' at orders.cpp:33, 300ms left".
std::string state_of(const task_info& t);

std::string line_of(const task_info& t);

std::string frame_of(const std::source_location& place);

} // namespace detail
} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/task_text.ipp>
#endif
