// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <cstddef>
#include <new>

namespace rill::RILL_FORM::detail {

/// Memory for a handler that Asio has one of at a time, so that posting it never asks for any.
class handler_memory {
public:
    handler_memory() = default;
    handler_memory(const handler_memory&) = delete;
    handler_memory& operator=(const handler_memory&) = delete;

    /// For asio::bind_allocator.
    template <class T>
    class allocator {
    public:
        using value_type = T;

        explicit allocator(handler_memory& memory) noexcept
            : memory_(&memory)
        {}

        template <class Other>
        allocator(const allocator<Other>& other) noexcept
            : memory_(other.memory_)
        {}

        T* allocate(std::size_t n) { return static_cast<T*>(memory_->take(n * sizeof(T))); }

        void deallocate(T* at, std::size_t) noexcept { memory_->give_back(at); }

        friend bool operator==(const allocator&, const allocator&) = default;

    private:
        template <class>
        friend class allocator;

        handler_memory* memory_;
    };

private:
    void* take(std::size_t size)
    {
        if (size > sizeof room_ || taken_)
            return ::operator new(size);
        taken_ = true;
        return room_;
    }

    void give_back(void* at) noexcept
    {
        if (at == room_)
            taken_ = false;
        else
            ::operator delete(at);
    }

    alignas(std::max_align_t) std::byte room_[96];
    bool taken_ = false;
};

} // namespace rill::RILL_FORM::detail
