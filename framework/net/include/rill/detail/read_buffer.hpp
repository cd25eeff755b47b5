// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/buffer_pool.hpp>
#include <rill/detail/form.hpp>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

namespace rill::RILL_FORM::net_detail {

/// Bytes that have been received and not yet been consumed, in one piece.
class read_buffer {
public:
    static constexpr std::size_t kept = 16 * 1024; // what one that is parked may hold for nothing

    explicit read_buffer(buffer_pool& pool) noexcept
        : pool_(&pool)
    {}

    ~read_buffer() { pool_->give_back(std::move(block_)); }

    read_buffer(const read_buffer&) = delete;
    read_buffer& operator=(const read_buffer&) = delete;

    std::string_view view() const noexcept { return {block_.data() + begin_, end_ - begin_}; }

    std::size_t size() const noexcept { return end_ - begin_; }

    void consume(std::size_t n) noexcept
    {
        begin_ += n;
        begin_anew_if_empty();
    }

    void clear() noexcept { consume(size()); }

    /// Room behind what is held, `at_least` bytes of it. Views are invalid from here on.
    std::span<char> prepare(std::size_t at_least)
    {
        if (block_.size() - end_ < at_least)
            make_room(at_least);
        return {block_.data() + end_, block_.size() - end_};
    }

    /// The same for somebody who fills it later: until commit() it stays where it is.
    std::span<char> lend(std::size_t at_least)
    {
        const std::span<char> room = prepare(at_least);
        lent_ = true;
        return room;
    }

    /// The first `n` bytes of that room have been filled.
    void commit(std::size_t n) noexcept
    {
        end_ += n;
        lent_ = false;
        begin_anew_if_empty();
    }

    /// Before a time of unknown length: holds no more memory than the bytes need, more or less. What
    /// is lent stays.
    void park()
    {
        if (lent_)
            return;
        if (size() == 0 && block_.size() > kept)
            pool_->give_back(std::move(block_));
        else if (block_.size() >= buffer_pool::block_size && size() <= block_.size() / 4)
            move_to(memory_block(size()));
    }

private:
    void begin_anew_if_empty() noexcept
    {
        if (begin_ == end_ && !lent_)
            begin_ = end_ = 0;
    }

    void make_room(std::size_t room)
    {
        const std::size_t needed = size() + room;
        if (needed <= block_.size()) {
            std::memmove(block_.data(), block_.data() + begin_, size());
            end_ -= begin_;
            begin_ = 0;
        } else if (needed > small && needed <= buffer_pool::block_size) {
            move_to(pool_->take());
        } else {
            move_to(memory_block(std::max(needed, 2 * block_.size())));
        }
    }

    void move_to(memory_block to) noexcept
    {
        const std::size_t n = size();
        if (n > 0)
            std::memcpy(to.data(), block_.data() + begin_, n);
        pool_->give_back(std::exchange(block_, std::move(to)));
        begin_ = 0;
        end_ = n;
    }

    static constexpr std::size_t small = 32 * 1024; // up to here, a block is of the size needed

    buffer_pool_ptr pool_;
    memory_block block_;
    std::size_t begin_ = 0; // of what is held
    std::size_t end_ = 0;
    bool lent_ = false; // the room behind it
};

} // namespace rill::RILL_FORM::net_detail
