// SPDX-License-Identifier: BSL-1.0
#include "wire_state.hpp"

#include "stream_end.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace rill::RILL_FORM::testing::simulation {

namespace {

constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

} // namespace

std::size_t wire_state::room()
{
    if (!reader_)
        return 0;
    if (capacity_ > 0)
        return capacity_ - std::min(capacity_, bytes_.size());
    const bool asked_for = reading_ || reader_->reads_wait();
    return asked_for && bytes_.size() == 0 ? all : 0;
}

/// In lock-step a write that waits happens now, and the reader finds its bytes.
void wire_state::before_read()
{
    if (capacity_ > 0 || !writer_ || reading_)
        return;
    reading_ = true;
    writer_->look_for_room();
    reading_ = false;
}

void wire_state::submitted(std::size_t n)
{
    if (n > 0 && on_write)
        on_write();
    if (!held_)
        deliver(all);
    if (finished_ && on_close)
        std::exchange(on_close, nullptr)();
}

void wire_state::consumed(std::size_t)
{
    if (writer_)
        writer_->look_for_room();
}

void wire_state::deliver(std::size_t at_most)
{
    if (const std::size_t n = std::min(at_most, not_arrived()))
        arrive(n);
    if (finished_ && !end_arrived_ && not_arrived() == 0)
        arrive_end();
}

std::size_t wire_state::pump(std::size_t at_most)
{
    const std::size_t n = std::min(at_most, not_arrived());
    deliver(n);
    return n;
}

void wire_state::release()
{
    held_ = false;
    deliver(all);
}

void wire_state::reset()
{
    bytes_.drop_back(not_arrived());
    if (reader_)
        reader_->fail(asio::error::connection_reset);
    if (on_close)
        std::exchange(on_close, nullptr)();
}

void wire_state::lose_reader()
{
    reader_ = nullptr;
    if (writer_)
        writer_->lose_reader();
}

} // namespace rill::RILL_FORM::testing::simulation
