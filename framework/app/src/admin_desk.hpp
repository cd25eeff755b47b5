// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "observed_loop.hpp"

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/stream.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace rill::app::detail {

constexpr std::size_t longest_command = 1024;

/// Answers the commands of rill-top, in JSON lines.
///
/// A client sends a line {"command":"info"}, "loops" or "tasks"; the answer is a line for each thing
/// asked for, and then {"end":{"count":N}}, or a line {"error":"..."}. One connection serves any
/// number of commands, one after another.
class admin_desk {
public:
    explicit admin_desk(std::string program)
        : program_(std::move(program))
    {}

    /// What clients are told of.
    void observe(std::vector<observed_loop> loops) { loops_ = std::move(loops); }

    /// Returns when the client is gone, or has been silent for too long. What ends it early is its
    /// own doing, and no failure of the service.
    awaitable<void> serve(stream client);

private:
    awaitable<void> answer_all(stream& client);
    awaitable<void> answer(const std::string& line, stream_writer& to);
    awaitable<void> write_info(stream_writer& to);
    awaitable<void> write_loops(stream_writer& to);
    awaitable<void> write_tasks(stream_writer& to);

    std::string program_;
    std::vector<observed_loop> loops_; // none before observe()
    time_point began_ = clock::now();
};

} // namespace rill::app::detail
