// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/buffer_pool.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/detail/read_place.hpp>

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstddef>

namespace rill::RILL_FORM::net_detail {

/// A read from a stream that wants its room when it begins, and holds it while it waits: little at
/// first, since that may be long, and more where it was filled.
class early_read {
public:
    /// Calls begin(buffer), which begins a read. False: it has yet to land.
    template <class Begin>
    bool run(read_place& place, Begin begin)
    {
        using enum read_place::memory;
        place.nothing_came(); // what is held may lie in more than it needs
        const std::span<char> room = place.space(next_, next_ > small ? pooled : exact);
        offered_ = room.size();
        begin(asio::mutable_buffer(room.data(), room.size()));
        return false;
    }

    static bool is_tried() noexcept { return false; }

    void landed(error_code&, std::size_t n) noexcept
    {
        if (n == offered_)
            next_ = std::min(2 * next_, buffer_pool::block_size);
    }

    void give_up() noexcept {}

private:
    static constexpr std::size_t small = 32 * 1024; // up to here, memory is of the size needed

    std::size_t next_ = 4 * 1024;
    std::size_t offered_ = 0;
};

} // namespace rill::RILL_FORM::net_detail
