// SPDX-License-Identifier: BSL-1.0
#include "channel.hpp"

#include "stream_end.hpp"

#include <algorithm>
#include <utility>

namespace rill::RILL_FORM::testing::simulation {

std::size_t channel::write(std::span<const asio::const_buffer> data)
{
    const std::size_t n = std::min(room(), asio::buffer_size(data));
    if (n == 0)
        return 0;
    bytes_.append(data, n);
    submitted(n);
    return n;
}

void channel::finish()
{
    if (!std::exchange(finished_, true))
        submitted(0);
}

std::size_t channel::read(std::span<const asio::mutable_buffer> room)
{
    const std::size_t n = bytes_.take(room, arrived_);
    arrived_ -= n;
    if (n > 0)
        consumed(n);
    return n;
}

void channel::arrive(std::size_t n)
{
    arrived_ += n;
    if (reader_)
        reader_->look_for_bytes();
}

void channel::arrive_end()
{
    end_arrived_ = true;
    if (reader_)
        reader_->look_for_bytes();
}

} // namespace rill::RILL_FORM::testing::simulation
