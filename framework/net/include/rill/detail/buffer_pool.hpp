// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/net_detail.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace asio = boost::asio;

/// Bytes on the heap, not initialised. Large ones begin with a page: the kernel copies to and from
/// them faster.
class memory_block {
public:
    memory_block() = default;

    explicit memory_block(std::size_t size)
        : data_(static_cast<char*>(::operator new(size, alignment_of(size))))
        , size_(size)
    {}

    memory_block(memory_block&& other) noexcept
        : data_(std::exchange(other.data_, nullptr))
        , size_(std::exchange(other.size_, 0))
    {}

    memory_block& operator=(memory_block other) noexcept
    {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }

    ~memory_block()
    {
        if (data_)
            ::operator delete(data_, size_, alignment_of(size_));
    }

    explicit operator bool() const noexcept { return data_ != nullptr; }

    char* data() const noexcept { return data_; }

    std::size_t size() const noexcept { return size_; }

private:
    static std::align_val_t alignment_of(std::size_t size) noexcept
    {
        constexpr std::size_t page = 4096;
        return std::align_val_t(size >= page ? page : alignof(std::max_align_t));
    }

    char* data_ = nullptr;
    std::size_t size_ = 0;
};

/// Large blocks for the connections of one loop, which take one while bytes pass through and give
/// it back before they wait: an idle connection holds none, and the block that was used last, still
/// in the cache, serves the next one.
///
/// Whoever uses it may outlive the loop, and owns it: from then on it keeps nothing.
class buffer_pool : public boost::intrusive_ref_counter<buffer_pool> {
public:
    static constexpr std::size_t block_size = 128 * 1024; // one read takes a message of 100 KiB

    /// That of the loop behind an executor.
    template <class Executor>
    static buffer_pool& of(const Executor& ex);

    memory_block take()
    {
        return count_ == 0 ? memory_block(block_size) : std::move(blocks_[--count_]);
    }

    /// Blocks of other sizes are freed, and so are those beyond what is worth keeping.
    void give_back(memory_block block) noexcept
    {
        if (block.size() == block_size && count_ < kept_)
            blocks_[count_++] = std::move(block);
    }

    void close() noexcept
    {
        kept_ = 0;
        while (count_ > 0)
            blocks_[--count_] = {};
    }

private:
    static constexpr std::size_t most_kept = 8;

    std::size_t kept_ = most_kept;
    std::size_t count_ = 0;
    std::array<memory_block, most_kept> blocks_;
};

using buffer_pool_ptr = boost::intrusive_ptr<buffer_pool>;

/// The loop's part in it.
class buffer_pool_service final : public asio::execution_context::service {
public:
    RILL_ONE_PER_PROGRAM static inline asio::execution_context::id id;

    explicit buffer_pool_service(asio::execution_context& context)
        : service(context)
        , pool(new buffer_pool)
    {}

    const buffer_pool_ptr pool;

private:
    void shutdown() noexcept override { pool->close(); }
};

template <class Executor>
buffer_pool& buffer_pool::of(const Executor& ex)
{
    return *asio::use_service<buffer_pool_service>(context_of(ex)).pool;
}

} // namespace rill::RILL_FORM::net_detail
