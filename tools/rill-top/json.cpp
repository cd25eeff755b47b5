// SPDX-License-Identifier: BSL-1.0

// Boost.JSON, compiled once for this program.
#include <boost/json/src.hpp>
