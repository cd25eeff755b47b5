// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/extend.hpp>
#include <rill/extend_tasks.hpp>
#include <rill/extend_watch.hpp>

// The inside of the test kit: what a loop of its own does, and a network in memory.
namespace rill::RILL_FORM::testing::simulation {

using namespace extend;

}
