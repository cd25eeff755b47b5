// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/simulation.hpp>
#include <rill/name_source.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rill::RILL_FORM::testing::simulation {

class fabric;

/// What the names of a network stand for.
class name_table final : public name_source {
public:
    /// What is known beside the names of hosts.
    struct entry {
        std::vector<asio::ip::address> addresses;
        error_code error; // why a look-up fails
    };

    explicit name_table(fabric& f)
        : net(&f)
    {}

    fabric* net; // null: the network is gone
    std::map<std::string, entry> known;
    duration latency{};
    std::optional<duration> keep;
    std::size_t look_ups = 0;

    awaitable<name_answer> look_up(std::string name) override;
    awaitable<std::string> name_of(asio::ip::address address) override;

    /// An address, or that of the host of that name.
    asio::ip::address address_from(const std::string& text) const;

private:
    entry find(const std::string& name) const;
};

} // namespace rill::RILL_FORM::testing::simulation
