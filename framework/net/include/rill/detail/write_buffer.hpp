// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/buffer_pool.hpp>
#include <rill/detail/form.hpp>

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rill::RILL_FORM::net_detail {

/// The front of what waits to be written, as one buffer sequence.
class gathered_buffers {
public:
    using value_type = asio::const_buffer;
    using const_iterator = const asio::const_buffer*;

    static constexpr std::size_t most = 16;

    gathered_buffers() noexcept {}

    void add(const char* data, std::size_t size) noexcept
    {
        std::construct_at(&buffers_[count_++], data, size);
    }

    bool full() const noexcept { return count_ == most; }

    const_iterator begin() const noexcept { return buffers_; }

    const_iterator end() const noexcept { return buffers_ + count_; }

private:
    union {
        asio::const_buffer buffers_[most]; // nearly always one, so the others cost nothing
    };
    std::size_t count_ = 0;
};

/// Bytes that wait to be written: small pieces are copied into one block, large strings are moved
/// in. What has been given to gather() stays where it is until it is consumed; a piece that is gives
/// its memory back at once, and an empty buffer holds next to none.
class write_buffer {
public:
    explicit write_buffer(buffer_pool& pool) noexcept
        : pool_(&pool)
    {}

    ~write_buffer() { clear(); }

    write_buffer(const write_buffer&) = delete;
    write_buffer& operator=(const write_buffer&) = delete;

    std::size_t size() const noexcept { return size_; }

    bool empty() const noexcept { return size_ == 0; }

    void append(std::string_view data)
    {
        while (!data.empty()) {
            if (size_ == 0 || pieces_.back().room() == 0)
                pieces_.emplace_back(pool_->take());
            const std::size_t n = pieces_.back().append(data);
            size_ += n;
            data.remove_prefix(n);
        }
    }

    void append(std::string&& data)
    {
        if (data.size() < worth_moving) {
            append(std::string_view(data));
            return;
        }
        size_ += data.size();
        pieces_.emplace_back(std::move(data));
    }

    gathered_buffers gather() const
    {
        gathered_buffers all;
        for (std::size_t i = first_; i < pieces_.size() && !all.full(); ++i)
            all.add(pieces_[i].data(), pieces_[i].size());
        return all;
    }

    void consume(std::size_t n) noexcept
    {
        size_ -= n;
        while (n > 0) {
            piece& front = pieces_[first_];
            const std::size_t part = std::min(n, front.size());
            front.consume(part);
            n -= part;
            if (front.size() == 0)
                drop_front();
        }
    }

    void clear() noexcept
    {
        while (!pieces_.empty())
            drop_front();
        size_ = 0;
    }

private:
    static constexpr std::size_t worth_moving = 4 * 1024; // far above what a string keeps in itself
    static constexpr std::size_t many = 32;

    /// Either a block of the pool, which takes more, or a string.
    class piece {
    public:
        explicit piece(memory_block block) noexcept
            : block_(std::move(block))
        {}

        explicit piece(std::string&& text) noexcept
            : text_(std::move(text))
            , end_(text_.size())
        {}

        const char* data() const noexcept
        {
            return (block_ ? block_.data() : text_.data()) + begin_;
        }

        std::size_t size() const noexcept { return end_ - begin_; }

        std::size_t room() const noexcept { return block_ ? block_.size() - end_ : 0; }

        std::size_t append(std::string_view data) noexcept
        {
            const std::size_t n = std::min(data.size(), room());
            std::memcpy(block_.data() + end_, data.data(), n);
            end_ += n;
            return n;
        }

        void consume(std::size_t n) noexcept { begin_ += n; }

        bool is_block() const noexcept { return static_cast<bool>(block_); }

        memory_block take_block() noexcept { return std::move(block_); }

        /// A string that is assigned a shorter one keeps its memory.
        void forget() noexcept { std::string().swap(text_); }

    private:
        memory_block block_;
        std::string text_;
        std::size_t begin_ = 0;
        std::size_t end_ = 0;
    };

    void drop_front() noexcept
    {
        piece& front = pieces_[first_];
        if (front.is_block())
            pool_->give_back(front.take_block());
        else
            front.forget();
        if (++first_ == pieces_.size()) {
            give_up_pieces();
            first_ = 0;
        } else if (first_ == many) {
            pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(many));
            first_ = 0;
        }
    }

    void give_up_pieces() noexcept
    {
        if (pieces_.capacity() > many)
            std::vector<piece>().swap(pieces_);
        else
            pieces_.clear();
    }

    buffer_pool_ptr pool_;
    std::vector<piece> pieces_;
    std::size_t first_ = 0; // of pieces_: those in front of it have been written
    std::size_t size_ = 0;
};

} // namespace rill::RILL_FORM::net_detail
