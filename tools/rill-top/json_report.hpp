// SPDX-License-Identifier: BSL-1.0
//
// What --json prints: one document in ASCII, so that nothing in it can reach a terminal as more
// than a character. Bytes of a service that are no UTF-8 become U+FFFD.
#pragma once

#include "snapshot.hpp"
#include "table.hpp"

#include <string>
#include <vector>

namespace top {

/// {"info":…,"deadlocks":[{"loop":…,"tasks":[ids]}],"tasks":[…],"left_out":0}, in order of loop
/// and id; a task has the keys of the protocol.
std::string tasks_json(const snapshot& of);

/// The same in the order of the tree, with the loops. Each task has its "depth": nested objects
/// would be as deep as the longest chain.
std::string tree_json(const snapshot& of);

/// {"info":…,"loops":[…]}
std::string loops_json(const snapshot& of);

/// {"services":[{"pid":…,"socket":…,"info":…}]}, with "error" in place of "info" where a service
/// has not answered.
std::string services_json(const std::vector<found_service>& services);

} // namespace top
