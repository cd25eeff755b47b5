// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/intrusive_list.hpp>
#include <rill/detail/loop/ready_node.hpp>
#include <rill/random.hpp>

#include <cstddef>

namespace rill::RILL_FORM::detail {

/// What a loop is to run, in the order of its coming.
class ready_queue {
public:
    bool empty() const noexcept { return nodes_.empty(); }

    std::size_t size() const noexcept { return nodes_.size(); }

    void push(ready_node& node) noexcept { nodes_.push_back(node); }

    /// Takes out what is to run next; null where nothing is ready.
    ready_node* take() noexcept { return shuffle_ ? take_any() : nodes_.pop_front(); }

    ready_node* take_first() noexcept { return nodes_.pop_front(); }

    /// `source` decides the order from now on, for tests; null: that of coming, again.
    void shuffle(random_source* source) noexcept { shuffle_ = source; }

private:
    ready_node* take_any() noexcept;

    intrusive_list<ready_node, in_loop> nodes_;
    random_source* shuffle_ = nullptr;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/ready_queue.ipp>
#endif
