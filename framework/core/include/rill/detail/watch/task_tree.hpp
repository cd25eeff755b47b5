// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace rill::RILL_FORM {

struct task_info;

namespace detail {

/// Writes tasks below their creators. Chains may be long: it keeps a stack of its own.
class tree_writer {
public:
    explicit tree_writer(const std::vector<task_info>& tasks);

    std::string text() const;

private:
    struct entry {
        std::size_t task;
        std::string indent;
        bool last;
    };

    static constexpr std::size_t deepest_indent = 200; // of bytes: a chain is no triangle of blanks

    static void
    push(const std::vector<std::size_t>& tasks, std::string indent, std::vector<entry>& to);

    void write(const entry& e, std::string& out) const;

    const std::vector<task_info>& tasks_;
    std::unordered_map<std::uint64_t, std::size_t> by_id_;
    std::vector<std::vector<std::size_t>> children_;
    std::vector<std::size_t> roots_;
};

} // namespace detail
} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/task_tree.ipp>
#endif
