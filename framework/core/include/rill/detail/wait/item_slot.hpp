// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <optional>

namespace rill::RILL_FORM::detail {

/// Where a wait gets its item. Only waits that have not begun are moved, so there is none to move.
template <class T>
class item_slot : public std::optional<T> {
public:
    using std::optional<T>::operator=;

    item_slot() = default;

    item_slot(item_slot&&) noexcept {}
};

} // namespace rill::RILL_FORM::detail
