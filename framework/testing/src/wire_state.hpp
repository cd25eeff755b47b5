// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "channel.hpp"

#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>

#include <cstddef>
#include <functional>

namespace rill::RILL_FORM::testing::simulation {

/// One direction of a pair: no time passes, and nothing is lost.
///
/// Without a capacity it is lock-step: a byte is taken only when the other end reads, or waits to.
class wire_state final : public channel {
public:
    explicit wire_state(std::size_t capacity) noexcept
        : capacity_(capacity)
    {}

    std::size_t room() override;
    bool worth_writing() override { return room() > 0; }

    void reset() override;
    void before_read() override;
    void lose_reader() override;

    /// From now on bytes wait for pump().
    void hold() noexcept { held_ = true; }

    /// The opposite; what has waited moves on.
    void release();

    std::size_t pump(std::size_t at_most);

    std::size_t held_bytes() const noexcept { return not_arrived(); }

    std::function<void()> on_write;
    std::function<void()> on_close;

private:
    void submitted(std::size_t n) override;
    void consumed(std::size_t n) override;
    void deliver(std::size_t at_most);

    std::size_t capacity_;
    bool held_ = false;
    bool reading_ = false; // the reader looks whether there is something for it
};

} // namespace rill::RILL_FORM::testing::simulation
