// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/process.hpp>

#include <array>
#include <optional>
#include <string>

namespace rill {

struct process::parts {
    boost::intrusive_ptr<process_detail::child> child;
    duration grace;
    std::size_t max_output;

    std::optional<pipe_writer> input;      // empty: no pipe
    std::optional<standard_stream> source; // until it is used: what communicate writes
    std::array<std::optional<pipe_reader>, 2> outputs;
    std::array<std::optional<standard_stream>, 2> sinks; // what communicate does with them
    std::array<std::string, 2> kept;                     // by communicate, until it gives it

    /// As far as it is known.
    completed_process completed() const
    {
        completed_process p;
        p.command = child->name();
        p.returncode = child->returncode().value_or(0);
        p.usage = child->usage();
        return p;
    }

    void close_pipes();
    void let_go() noexcept;
};

namespace process_detail {

/// The way into a process object for the rest of this layer.
struct process_access {
    using parts = process::parts;

    static process make(std::shared_ptr<parts> p) noexcept { return process(std::move(p)); }

    static const std::shared_ptr<parts>& parts_of(const process& p) noexcept { return p.parts_; }
};

/// Starts it now. Throws as create_subprocess_exec.
process spawn(loop_core& core, const command& c);

/// See process::communicate. `p` is kept meanwhile.
awaitable<completed_process> communicate(std::shared_ptr<process_access::parts> p);

} // namespace process_detail
} // namespace rill
