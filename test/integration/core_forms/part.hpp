// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/queue.hpp>

/// Another source file of the program.
rill::awaitable<int> sum_of(rill::queue<int>& numbers, int count);
