// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/net_detail.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <utility>

namespace rill::RILL_FORM::net_detail {

/// The handler of an operation on a stream: keeps its `Owner`, tells it by `Landed` when the
/// operation is over, in a step of the loop, and can be called back by a signal of the owner's.
///
/// It is a plain handler on the stream's own executor. Awaiting Asio's operation itself would take
/// the handler through any_io_executor and a cancellation slot each time.
template <class Owner, auto Landed>
class flight {
public:
    using cancellation_slot_type = asio::cancellation_slot;

    flight(Owner& owner, asio::cancellation_signal& call_back) noexcept
        : owner_(&owner)
        , slot_(call_back.slot())
    {}

    /// One that is never called back.
    explicit flight(Owner& owner) noexcept
        : owner_(&owner)
    {}

    flight(flight&&) noexcept = default;

    ~flight()
    {
        if constexpr (requires { owner_->never_landed(); })
            if (owner_)
                owner_->never_landed();
    }

    asio::cancellation_slot get_cancellation_slot() const noexcept { return slot_; }

    template <class... Results>
    void operator()(Results... results)
    {
        const auto owner = std::move(owner_); // it may be the last reference
        const auto land = [&] { ((*owner).*Landed)(results...); };
        if (loop_core* const core = owner->core())
            core->run_step(nullptr, land);
        else
            land();
    }

protected:
    Owner& owner() const noexcept { return *owner_; }

    /// In the step that runs.
    template <class... Results>
    void land_now(Results... results)
    {
        const auto owner = std::move(owner_);
        ((*owner).*Landed)(results...);
    }

private:
    boost::intrusive_ptr<Owner> owner_;
    asio::cancellation_slot slot_;
};

} // namespace rill::RILL_FORM::net_detail
