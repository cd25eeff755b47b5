// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/extend_net.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace rill::http::detail {

/// Bytes that grow at the end and are consumed at the beginning, in one piece. Its memory is the
/// loop's: an empty one can be parked, and costs nothing then.
class buffer {
public:
    explicit buffer(extend::buffer_pool& pool) noexcept
        : pool_(&pool)
    {}

    ~buffer() { pool_->give_back(std::move(block_)); }

    buffer(const buffer&) = delete;
    buffer& operator=(const buffer&) = delete;

    std::string_view view() const noexcept { return {block_.data() + begin_, size()}; }
    char* data() noexcept { return block_.data() + begin_; }
    std::size_t size() const noexcept { return end_ - begin_; }
    bool empty() const noexcept { return begin_ == end_; }

    char* free_begin() noexcept { return block_.data() + end_; }
    std::size_t free() const noexcept { return block_.size() - end_; }

    /// Room for `n` more bytes, to be filled and committed. Views are invalid from here on.
    char* prepare(std::size_t n)
    {
        if (free() < n)
            make_room(n);
        return free_begin();
    }

    void commit(std::size_t n) noexcept { end_ += n; }

    void append(std::string_view text)
    {
        if (text.empty())
            return;
        std::memcpy(prepare(text.size()), text.data(), text.size());
        commit(text.size());
    }

    void consume(std::size_t n) noexcept
    {
        begin_ += n;
        if (empty())
            clear();
    }

    /// Drops everything behind the first `n` bytes.
    void truncate(std::size_t n) noexcept { end_ = begin_ + n; }

    void clear() noexcept { begin_ = end_ = 0; }

    /// Gives the memory of an empty buffer back, before a wait of unknown length.
    void park() noexcept
    {
        if (!empty() || !block_)
            return;
        clear();
        pool_->give_back(std::exchange(block_, {}));
    }

private:
    void make_room(std::size_t n)
    {
        const std::size_t held = size();
        if (held + n <= block_.size()) {
            std::memmove(block_.data(), data(), held);
        } else {
            auto grown = held + n <= extend::buffer_pool::block_size
                             ? pool_->take()
                             : extend::memory_block(std::max(held + n, 2 * block_.size()));
            if (held > 0)
                std::memcpy(grown.data(), data(), held);
            pool_->give_back(std::exchange(block_, std::move(grown)));
        }
        begin_ = 0;
        end_ = held;
    }

    extend::buffer_pool_ptr pool_;
    extend::memory_block block_;
    std::size_t begin_ = 0; // begin_ <= end_ <= block_.size()
    std::size_t end_ = 0;
};

} // namespace rill::http::detail
