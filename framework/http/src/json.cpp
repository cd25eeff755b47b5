// SPDX-License-Identifier: BSL-1.0

// Boost.JSON, compiled once for this layer and the services above it.
#include <boost/json/src.hpp>
