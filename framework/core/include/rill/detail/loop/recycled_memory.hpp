// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <cstddef>
#include <new>

namespace rill::RILL_FORM::detail {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool recycles_memory = false;
#elif defined(__has_feature)
inline constexpr bool recycles_memory =
    !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||
      __has_feature(memory_sanitizer));
#else
inline constexpr bool recycles_memory = true;
#endif

/// Memory of coroutines' frames and tasks, which come and go all the time, and often by the
/// thousand: what is given back on a thread serves the next one of its size there.
///
/// A thread keeps at most a mebibyte of it, until it ends. Sanitizers see each piece come and go.
class recycled_memory {
public:
    static constexpr std::size_t most_kept = 1024 * 1024;

    static void* take(std::size_t size);

    /// What take(size) gave, on any thread.
    static void give_back(void* memory, std::size_t size) noexcept;

    /// Bytes that this thread keeps.
    static std::size_t kept() noexcept { return here.kept_; }

private:
    struct piece {
        piece* next;
    };

    class closer;

    static constexpr std::size_t kinds = 64;

    static constexpr std::size_t kind_of(std::size_t size) noexcept { return (size + 7) / 16; }

    /// As large as it can be in the same room: malloc adds eight bytes to a multiple of sixteen.
    static constexpr std::size_t size_of(std::size_t kind) noexcept { return 16 * kind + 8; }

    static void begin_keeping() noexcept;
    void close() noexcept;

    piece* pieces_[kinds]{};
    std::size_t kept_ = 0;
    enum : unsigned char { unused, open, closed } state_ = unused;

    static constinit thread_local recycled_memory here;
};

inline constinit thread_local recycled_memory recycled_memory::here{};

inline void* recycled_memory::take(std::size_t size)
{
    const std::size_t kind = kind_of(size);
    if (!recycles_memory || kind >= kinds)
        return ::operator new(size);
    recycled_memory& mine = here;
    piece* const found = mine.pieces_[kind];
    if (!found)
        return ::operator new(size_of(kind));
    mine.pieces_[kind] = found->next;
    mine.kept_ -= size_of(kind);
    return found;
}

inline void recycled_memory::give_back(void* memory, std::size_t size) noexcept
{
    const std::size_t kind = kind_of(size);
    if (!recycles_memory || kind >= kinds) {
        ::operator delete(memory);
        return;
    }
    recycled_memory& mine = here;
    if (mine.state_ == unused) [[unlikely]]
        begin_keeping();
    if (mine.state_ == closed || mine.kept_ + size_of(kind) > most_kept) [[unlikely]] {
        ::operator delete(memory);
        return;
    }
    mine.pieces_[kind] = ::new (memory) piece{mine.pieces_[kind]};
    mine.kept_ += size_of(kind);
}

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/recycled_memory.ipp>
#endif
