// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/future.hpp>
#include <rill/outcome.hpp>

#include <memory>
#include <utility>

namespace rill::RILL_FORM::detail {

/// Where on a loop a result from another thread arrives. Threads may hold it; only the loop's own
/// looks inside.
template <class Handle>
struct delivery_slot {
    Handle* to = nullptr; // null once nobody waits there
};

template <class Handle>
using delivery_slot_ptr = std::shared_ptr<delivery_slot<Handle>>;

/// Holds a handle on the loop's thread, where the slot finds it as long as this lives.
template <class Handle>
class delivery_target {
public:
    delivery_target(Handle handle, delivery_slot_ptr<Handle> at)
        : handle_(std::move(handle))
        , at_(std::move(at))
    {
        at_->to = &handle_;
    }

    ~delivery_target() { at_->to = nullptr; }

    delivery_target(const delivery_target&) = delete;
    delivery_target& operator=(const delivery_target&) = delete;

private:
    Handle handle_;
    delivery_slot_ptr<Handle> at_;
};

/// Gives an outcome to a future that is still open.
template <class T>
void hand_over(outcome<T>&& from, future<T>& to)
{
    if (to.done())
        return;
    if (from.exception())
        to.set_exception(from.exception());
    else if constexpr (std::is_void_v<T>)
        to.set_result();
    else
        to.set_result(std::move(from).get());
}

} // namespace rill::RILL_FORM::detail
