// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/buffer_pool.hpp>
#include <rill/detail/form.hpp>

#include <algorithm>
#include <cstring>
#include <new>
#include <span>
#include <string_view>

namespace rill::RILL_FORM::net_detail {

/// Bytes that grow at the end and are consumed at the beginning, in one piece. Its memory is the
/// loop's: an empty one that is parked holds none.
class byte_buffer {
public:
    /// Where memory comes from: a block of the pool's, or one of just the size.
    enum class memory { pooled, exact };

    explicit byte_buffer(buffer_pool& pool) noexcept
        : pool_(&pool)
    {}

    ~byte_buffer() { pool_->give_back(std::move(block_)); }

    byte_buffer(const byte_buffer&) = delete;
    byte_buffer& operator=(const byte_buffer&) = delete;

    char* data() noexcept { return block_.data() + begin_; }

    std::string_view view() const noexcept { return {block_.data() + begin_, size()}; }

    std::size_t size() const noexcept { return end_ - begin_; }

    bool empty() const noexcept { return begin_ == end_; }

    /// Room behind what is held, `at_least` bytes of it. Views are invalid from here on.
    std::span<char> prepare(std::size_t at_least, memory from = memory::pooled)
    {
        if (block_.size() - end_ < at_least)
            make_room(at_least, from);
        return {block_.data() + end_, block_.size() - end_};
    }

    /// The same for somebody who fills it later: until commit() or take_back() it stays where it is.
    std::span<char> lend(std::size_t at_least, memory from)
    {
        const std::span<char> room = prepare(at_least, from);
        lent_ = true;
        return room;
    }

    /// What was lent has not been filled.
    void take_back() noexcept { commit(0); }

    /// The first `n` bytes of that room have been filled.
    void commit(std::size_t n) noexcept
    {
        end_ += n;
        lent_ = false;
        begin_anew_if_empty();
    }

    void append(std::string_view text)
    {
        if (text.empty())
            return;
        std::memcpy(prepare(text.size()).data(), text.data(), text.size());
        commit(text.size());
    }

    void consume(std::size_t n) noexcept
    {
        begin_ += n;
        begin_anew_if_empty();
    }

    /// Drops everything behind the first `n` bytes.
    void truncate(std::size_t n) noexcept { end_ = begin_ + n; }

    void clear() noexcept { consume(size()); }

    /// Before a time of unknown length: holds no more memory than the bytes need, more or less. What
    /// is lent stays.
    void park() noexcept
    {
        if (lent_ || !block_)
            return;
        if (empty())
            pool_->give_back(std::move(block_));
        else if (block_.size() >= buffer_pool::block_size && size() <= block_.size() / 4)
            shrink();
    }

private:
    void begin_anew_if_empty() noexcept
    {
        if (begin_ == end_ && !lent_)
            begin_ = end_ = 0;
    }

    void make_room(std::size_t room, memory from)
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

    void shrink() noexcept
    {
        try {
            move_to(memory_block(size()));
        } catch (const std::bad_alloc&) { // then it keeps what it has
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

    buffer_pool_ptr pool_;
    memory_block block_;
    std::size_t begin_ = 0; // begin_ <= end_ <= block_.size()
    std::size_t end_ = 0;
    bool lent_ = false; // the room behind it
};

} // namespace rill::RILL_FORM::net_detail
