// SPDX-License-Identifier: BSL-1.0
#include "stream_end.hpp"
#include "wire_state.hpp"

#include <rill/detail/simulation.hpp>
#include <rill/testing/stream_pair.hpp>

#include <boost/asio/local/stream_protocol.hpp>

#include <utility>

namespace rill::RILL_FORM::testing {

wire::wire(std::shared_ptr<simulation::wire_state> state) noexcept
    : state_(std::move(state))
{}

void wire::hold() noexcept
{
    state_->hold();
}

void wire::release()
{
    state_->release();
}

std::size_t wire::pump(std::size_t at_most)
{
    return state_->pump(at_most);
}

std::size_t wire::held_bytes() const noexcept
{
    return state_->held_bytes();
}

void wire::on_write(std::function<void()> f)
{
    state_->on_write = std::move(f);
}

void wire::on_close(std::function<void()> f)
{
    state_->on_close = std::move(f);
}

struct pair_maker {
    struct both {
        explicit both(std::size_t capacity)
            : forth(capacity)
            , back(capacity)
        {}

        simulation::wire_state forth;
        simulation::wire_state back;
    };

    static connected_streams make(extend::loop_core& core, const pair_options& options)
    {
        const auto wires = std::make_shared<both>(options.wire_capacity);
        auto first = std::make_unique<simulation::stream_end>(core);
        auto second = std::make_unique<simulation::stream_end>(core);
        wires->forth.connect(first.get(), second.get());
        wires->back.connect(second.get(), first.get());
        const asio::local::stream_protocol::endpoint nameless;
        first->establish(wires->back, wires->forth, wires, nameless, nameless);
        second->establish(wires->forth, wires->back, wires, nameless, nameless);
        return {
            stream(stream_socket(std::move(first)), options),
            stream(stream_socket(std::move(second)), options),
            wire(std::shared_ptr<simulation::wire_state>(wires, &wires->forth)),
            wire(std::shared_ptr<simulation::wire_state>(wires, &wires->back))
        };
    }
};

connected_streams stream_pair(const asio::any_io_executor& ex, const pair_options& options)
{
    return pair_maker::make(extend::loop_core::of(ex), options);
}

connected_streams stream_pair(const pair_options& options)
{
    return pair_maker::make(extend::loop_core::running(), options);
}

} // namespace rill::RILL_FORM::testing
