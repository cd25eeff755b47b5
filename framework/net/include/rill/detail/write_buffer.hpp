// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/buffer_pool.hpp>
#include <rill/detail/form.hpp>

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

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
/// its memory back at once, and an empty buffer holds none.
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
            if (!first_ || last_->room == 0)
                add(piece::in(pool_->take()));
            const std::size_t n = last_->append(data);
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
        add(new piece(std::move(data)));
    }

    gathered_buffers gather() const noexcept
    {
        gathered_buffers all;
        for (const piece* p = first_; p && !all.full(); p = p->next)
            all.add(p->begin, p->size);
        return all;
    }

    void consume(std::size_t n) noexcept
    {
        size_ -= n;
        while (n > 0) {
            const std::size_t part = std::min(n, first_->size);
            first_->begin += part;
            first_->size -= part;
            n -= part;
            if (first_->size == 0)
                drop_first();
        }
    }

    void clear() noexcept
    {
        while (first_)
            drop_first();
        size_ = 0;
    }

private:
    static constexpr std::size_t worth_moving = 4 * 1024; // far above what a string keeps in itself

    /// A string, or a block of the pool's, at whose beginning it lies itself.
    struct piece {
        explicit piece(std::string&& moved) noexcept
            : text(std::move(moved))
            , begin(text.data())
            , size(text.size())
        {}

        explicit piece(memory_block&& at) noexcept
            : block(std::move(at))
            , begin(block.data() + sizeof(piece))
            , room(block.size() - sizeof(piece))
        {}

        static piece* in(memory_block block) noexcept
        {
            char* const at = block.data();
            return ::new (static_cast<void*>(at)) piece(std::move(block));
        }

        std::size_t append(std::string_view data) noexcept
        {
            const std::size_t n = std::min(data.size(), room);
            std::memcpy(block.data() + (block.size() - room), data.data(), n);
            size += n;
            room -= n;
            return n;
        }

        piece* next = nullptr;
        std::string text;
        memory_block block; // none: it is the text
        const char* begin;
        std::size_t size = 0;
        std::size_t room = 0; // behind them, up to the end of the block
    };

    void add(piece* last) noexcept
    {
        (first_ ? last_->next : first_) = last;
        last_ = last;
    }

    void drop_first() noexcept
    {
        piece* const old = std::exchange(first_, first_->next);
        if (!old->block) {
            delete old;
            return;
        }
        memory_block block = std::move(old->block);
        old->~piece();
        pool_->give_back(std::move(block));
    }

    buffer_pool_ptr pool_;
    piece* first_ = nullptr;
    piece* last_ = nullptr; // valid unless there is none
    std::size_t size_ = 0;
};

} // namespace rill::RILL_FORM::net_detail
