// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/error.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rill::RILL_FORM::testing {

namespace simulation {

class name_table;

}

/// What the names of a simulated network stand for, from now on: what a loop has looked up before it
/// keeps for its time, see resolver_options. Copies are the same one.
///
///     net.names().set("api.example.com", {"fd00::2", "server"}).latency(50ms);
///
/// A host has its name without that, for its IPv4 address.
class names {
public:
    /// Each is an address, or a host for its IPv4 address; they are given in this order. None: there
    /// is no such name. Names are in lower case.
    names& set(const std::string& name, const std::vector<std::string>& addresses);

    /// Looking it up fails.
    names& fail(const std::string& name, error_code why);

    /// What a look-up takes; default 0. `forever`: nobody answers.
    names& latency(duration d);

    /// How long an answer holds, if it says so itself: see name_answer.
    names& keep(duration d);

    /// Those that came here: what a loop has kept is not asked for.
    std::size_t look_ups() const noexcept;

private:
    friend class network;

    explicit names(std::shared_ptr<simulation::name_table> table) noexcept
        : table_(std::move(table))
    {}

    std::shared_ptr<simulation::name_table> table_;
};

} // namespace rill::RILL_FORM::testing
