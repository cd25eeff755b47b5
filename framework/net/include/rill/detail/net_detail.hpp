// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/extend.hpp>

// The inside of streams, servers and look-ups.
namespace rill::RILL_FORM::net_detail {

using namespace extend;

}
