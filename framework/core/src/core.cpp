// SPDX-License-Identifier: BSL-1.0
#include <rill/src.hpp>
