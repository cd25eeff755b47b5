// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/byte_buffer.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace rill::RILL_FORM::net_detail {

void byte_buffer::make_room(std::size_t room, memory from)
{
    const std::size_t needed = size() + room;
    if (!block_ && from == memory::pooled && needed <= buffer_pool::block_size) {
        block_ = pool_->take();
    } else if (needed <= block_.size()) {
        std::memmove(block_.data(), block_.data() + begin_, size());
        end_ -= begin_;
        begin_ = 0;
    } else if (from == memory::pooled && needed <= buffer_pool::block_size) {
        move_to(pool_->take());
    } else {
        move_to(memory_block(std::max(needed, 2 * block_.size())));
    }
}

void byte_buffer::shrink() noexcept
{
    try {
        move_to(memory_block(size()));
    } catch (const std::bad_alloc&) { // then it keeps what it has
    }
}

void byte_buffer::move_to(memory_block to) noexcept
{
    const std::size_t n = size();
    if (n > 0)
        std::memcpy(to.data(), block_.data() + begin_, n);
    pool_->give_back(std::exchange(block_, std::move(to)));
    begin_ = 0;
    end_ = n;
}

} // namespace rill::RILL_FORM::net_detail
