// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <cstddef>
#include <vector>

namespace rill::RILL_FORM {

struct task_info;

namespace detail {

/// Looks for circles among tasks. Chains may be long: it keeps a stack of its own.
class cycle_finder {
public:
    explicit cycle_finder(const std::vector<task_info>& tasks);

    /// As places in the vector.
    std::vector<std::vector<std::size_t>> find();

private:
    enum state : char { unseen, on_path, left };

    struct step {
        std::size_t task;
        std::size_t next = 0; // of those that it awaits
    };

    void walk_from(std::size_t first);

    void enter(std::size_t task)
    {
        state_[task] = on_path;
        path_.push_back({task});
    }

    void note_cycle(std::size_t first);

    const std::vector<task_info>& tasks_;
    std::vector<std::vector<std::size_t>> awaited_; // by each, as places
    std::vector<state> state_;
    std::vector<step> path_;
    std::vector<std::vector<std::size_t>> cycles_;
};

} // namespace detail
} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/cycle_finder.ipp>
#endif
