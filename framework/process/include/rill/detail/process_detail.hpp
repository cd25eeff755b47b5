// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/extend.hpp>

// The inside of processes.
namespace rill::process_detail {

using namespace extend;

}
