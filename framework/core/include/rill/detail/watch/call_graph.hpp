// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/watch/task_reader.hpp>

#include <string>
#include <unordered_set>
#include <vector>

namespace rill::RILL_FORM {

struct call_graph;

namespace detail {

/// Builds call graphs. Each task is in one only once with its awaiters: they may share some.
class graph_builder {
public:
    explicit graph_builder(loop_core& core)
        : reader_(core)
    {}

    call_graph graph_of(task_state& task);

private:
    static constexpr std::size_t deepest = 1000; // tasks; the graph is built by recursion

    task_reader reader_;
    std::vector<task_state*> path_;
    std::unordered_set<const task_state*> seen_;
};

void write_graph(const call_graph& graph, std::string indent, std::string& out);

} // namespace detail
} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/call_graph.ipp>
#endif
