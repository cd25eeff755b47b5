// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "json_object.hpp"

#include <rill/introspect.hpp>

#include <string>

namespace rill::app::detail {

/// What the admin socket says of a loop and of a task; see rill-top's README for the members.
json_object to_json(const std::string& loop, const loop_statistics& s, duration uptime);
json_object to_json(const std::string& loop, const task_info& t);

} // namespace rill::app::detail
