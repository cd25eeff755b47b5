// SPDX-License-Identifier: BSL-1.0
#include "cycles.hpp"

#include <algorithm>

namespace top {

namespace {

using node = std::uint32_t;

constexpr node none = UINT32_MAX;

/// Tarjan's strongly connected components, with a stack of its own. Gives each node the number of
/// its component.
class component_search {
public:
    explicit component_search(const graph& g)
        : graph_(g)
        , order_(g.size(), none)
        , lowest_(g.size(), none)
        , component_(g.size(), none)
    {
        for (node start = 0; start < g.size(); ++start)
            if (order_[start] == none)
                search_from(start);
    }

    std::vector<node> components() && { return std::move(component_); }

private:
    struct visit {
        node at;
        std::size_t next_edge;
    };

    void search_from(node start)
    {
        enter(start);
        while (!path_.empty()) {
            visit& now = path_.back();
            const auto edges = graph_.edges_of(now.at);
            if (now.next_edge == edges.size())
                leave();
            else
                follow(now.at, edges[now.next_edge++]);
        }
    }

    void enter(node n)
    {
        order_[n] = lowest_[n] = entered_++;
        open_.push_back(n);
        path_.push_back({n, 0});
    }

    void follow(node from, node to)
    {
        if (order_[to] == none)
            enter(to);
        else if (component_[to] == none)
            lowest_[from] = std::min(lowest_[from], order_[to]);
    }

    void leave()
    {
        const node n = path_.back().at;
        path_.pop_back();
        if (!path_.empty())
            lowest_[path_.back().at] = std::min(lowest_[path_.back().at], lowest_[n]);
        if (lowest_[n] == order_[n])
            close_component(n);
    }

    void close_component(node root)
    {
        for (node n = none; n != root;) {
            n = open_.back();
            open_.pop_back();
            component_[n] = root;
        }
    }

    const graph& graph_;
    std::vector<node> order_;     // of entering
    std::vector<node> lowest_;    // order of the first node that is open and within reach
    std::vector<node> component_; // once it is closed
    std::vector<node> open_;      // entered, in no component yet
    std::vector<visit> path_;
    node entered_ = 0;
};

/// The shortest way from `start` back to it, within its component. There is one.
std::vector<node> shortest_cycle(const graph& g, const std::vector<node>& component, node start)
{
    std::vector<node> came_from(g.size(), none);
    std::vector<node> reached{start};
    for (std::size_t i = 0; i < reached.size(); ++i) {
        const node from = reached[i];
        for (const node to : g.edges_of(from)) {
            if (to == start) {
                std::vector<node> cycle;
                for (node at = from; at != start; at = came_from[at])
                    cycle.push_back(at);
                cycle.push_back(start);
                std::reverse(cycle.begin(), cycle.end());
                return cycle;
            }
            if (component[to] == component[start] && came_from[to] == none) {
                came_from[to] = from;
                reached.push_back(to);
            }
        }
    }
    return {start};
}

/// Nodes of components with more than one node, and those with an edge to themselves.
std::vector<bool> nodes_in_cycles(const graph& g, const std::vector<node>& component)
{
    std::vector<node> size(g.size(), 0);
    for (const node c : component)
        ++size[c];
    std::vector<bool> in_cycle(g.size(), false);
    for (node n = 0; n < g.size(); ++n) {
        const auto edges = g.edges_of(n);
        in_cycle[n] =
            size[component[n]] > 1 || std::find(edges.begin(), edges.end(), n) != edges.end();
    }
    return in_cycle;
}

} // namespace

found_cycles find_cycles(const graph& g, std::size_t most)
{
    const std::vector<node> component = component_search(g).components();
    found_cycles found;
    found.in_cycle = nodes_in_cycles(g, component);
    std::vector<bool> named(g.size(), false);
    for (node n = 0; n < g.size() && found.cycles.size() < most; ++n) {
        if (!found.in_cycle[n] || named[n])
            continue;
        found.cycles.push_back(shortest_cycle(g, component, n));
        for (const node member : found.cycles.back())
            named[member] = true;
    }
    return found;
}

} // namespace top
