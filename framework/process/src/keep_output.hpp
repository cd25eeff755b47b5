// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/pipe_end.hpp>

#include <cstddef>
#include <string>

namespace rill::process_detail {

/// Appends to `to` what comes from `from`, up to its end. limit_overrun_error if that gets longer than
/// `most`; cancelled or not, what is in neither of the two has not been read.
awaitable<void> keep_output(pipe_reader& from, std::string& to, std::size_t most);

} // namespace rill::process_detail
