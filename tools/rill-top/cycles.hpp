// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace top {

/// A directed graph, given node after node.
class graph {
public:
    /// An edge from the node that is being given, which is number size(). Its target may be given
    /// later.
    void add_edge(std::uint32_t to) { targets_.push_back(to); }

    void end_node() { ends_.push_back(targets_.size()); }

    std::size_t size() const noexcept { return ends_.size(); }

    std::span<const std::uint32_t> edges_of(std::uint32_t node) const
    {
        const std::size_t begin = node == 0 ? 0 : ends_[node - 1];
        return std::span(targets_).subspan(begin, ends_[node] - begin);
    }

private:
    std::vector<std::uint32_t> targets_;
    std::vector<std::size_t> ends_; // in targets_, for each node
};

struct found_cycles {
    std::vector<std::vector<std::uint32_t>> cycles; // each node has an edge to the next
    std::vector<bool> in_cycle;                     // for each node
};

/// Finds the nodes from which one comes back to where one was, and names cycles, shortest ones,
/// until each of these nodes is in one, or there are `most`. A cycle begins with its lowest node
/// that had not been named. Needs no stack: chains may be of any length.
found_cycles find_cycles(const graph& g, std::size_t most);

} // namespace top
