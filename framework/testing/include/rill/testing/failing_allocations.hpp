// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
// To be included by exactly one source file of a test program: it defines the program's operator
// new and operator delete, all forms of them, and aligned_alloc, where Asio gets the memory of
// coroutines, with the free() that belongs to it. Not together with a sanitizer, which has its own.
// Needs glibc.

#include <rill/error.hpp>
#include <rill/exception_group.hpp>
#include <rill/testing/failure.hpp>

#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <utility>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#error "rill/testing/failing_allocations.hpp: a sanitizer has allocation functions of its own"
#endif

namespace rill::RILL_FORM {

namespace testing::simulation {

/// What a thread has allocated, and what is to fail.
struct allocation_record {
    std::uint64_t tried = 0;
    std::uint64_t allocated = 0;
    std::uint64_t freed = 0;
    std::uint64_t until_failure = 0; // the last one of these fails; 0: none
    bool failed = false;
    stack_trace where; // that failed
};

inline constinit thread_local allocation_record allocations{};

} // namespace testing::simulation

namespace testing {

/// Blocks of memory that this thread has allocated, and given back, since it began.
struct allocation_counts {
    std::uint64_t allocated = 0;
    std::uint64_t freed = 0;

    /// Blocks that are in use; negative if others' were given back.
    std::int64_t live() const noexcept { return static_cast<std::int64_t>(allocated - freed); }

    static allocation_counts now() noexcept
    {
        const auto& all = simulation::allocations;
        return {all.allocated, all.freed};
    }
};

/// While it lives, the n-th allocation of this thread from there on throws std::bad_alloc, or gives
/// a null pointer where the nothrow form was called. One at a time for each thread.
class failing_allocations {
public:
    /// Counted from 1.
    explicit failing_allocations(std::uint64_t n) noexcept;
    ~failing_allocations();

    failing_allocations(const failing_allocations&) = delete;
    failing_allocations& operator=(const failing_allocations&) = delete;

    /// Whether that allocation has come.
    bool happened() const noexcept;

    /// The calls that it was made from, a line each; empty if it has not come.
    std::string where() const;

    /// Allocations since, the one that failed included.
    std::uint64_t count() const noexcept;

private:
    std::uint64_t tried_before_;
};

/// Calls `body()`, and again with its 1st, 2nd, 3rd ... allocation failing, until it makes no more.
/// Gives how many those were.
///
/// The body may answer with std::bad_alloc, alone or in an exception_group, or do without. Throws
/// failure for anything else: another exception, also one that says that something hangs or was
/// left behind, and memory that is not given back. The first call is not counted, nor held to that:
/// what is made once in a program it makes then. The body runs on this thread; what it keeps counts
/// as lost.
template <class Body>
std::uint64_t at_every_allocation(Body body);

} // namespace testing

// Implementation

namespace testing::simulation {

/// Whether the present one is to fail.
inline bool allocation_fails() noexcept
{
    allocation_record& all = allocations;
    ++all.tried;
    if (all.until_failure == 0 || --all.until_failure > 0)
        return false;
    all.failed = true;
    all.where.take();
    return true;
}

inline void* counted(void* block) noexcept
{
    if (block)
        ++allocations.allocated;
    return block;
}

/// Null if there is no memory.
inline void* allocate(std::size_t size) noexcept
{
    return allocation_fails() ? nullptr : counted(std::malloc(size > 0 ? size : 1));
}

inline void* allocate(std::size_t size, std::align_val_t alignment) noexcept
{
    void* block = nullptr;
    const auto bytes = static_cast<std::size_t>(alignment);
    const std::size_t least = bytes < sizeof(void*) ? sizeof(void*) : bytes;
    if (!allocation_fails() && ::posix_memalign(&block, least, size) != 0)
        block = nullptr;
    return counted(block);
}

inline void* or_throw(void* block)
{
    if (!block)
        throw std::bad_alloc();
    return block;
}

inline void release(void* block) noexcept
{
    if (block)
        ++allocations.freed;
    std::free(block);
}

/// Behind what aligned_alloc gives stands a mark, by which free() knows that it is to be counted.
class aligned_block {
public:
    static constexpr std::size_t size_of_mark = sizeof(std::uintptr_t);

    explicit aligned_block(void* block) noexcept
        : block_(static_cast<char*>(block))
        , mark_at_(block_ + ::malloc_usable_size(block) - size_of_mark)
    {}

    void mark() const noexcept { write(mark_of_this()); }

    /// Whether it has the mark, which it then has no longer.
    bool unmark() const noexcept
    {
        std::uintptr_t mark = 0;
        std::memcpy(&mark, mark_at_, size_of_mark);
        if (mark != mark_of_this())
            return false;
        write(0);
        return true;
    }

private:
    std::uintptr_t mark_of_this() const noexcept
    {
        return reinterpret_cast<std::uintptr_t>(block_) ^ 0x5ca1ab1eca11ab1e;
    }

    void write(std::uintptr_t mark) const noexcept { std::memcpy(mark_at_, &mark, size_of_mark); }

    char* block_;
    char* mark_at_;
};

inline bool is_lack_of_memory(const std::exception_ptr& error)
{
    try {
        std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
        return true;
    } catch (const exception_group& group) {
        return !group.split<std::bad_alloc>().second;
    } catch (...) {
        return false;
    }
}

/// How a call of a body with one failing allocation went.
struct allocation_trial {
    bool failed = false;
    std::uint64_t tried = 0;
    std::int64_t lost = 0;    // blocks that were not given back
    std::exception_ptr error; // that is no lack of memory
    std::string where;        // the allocation failed
};

template <class Body>
allocation_trial try_allocation(Body& body, std::uint64_t n)
{
    allocation_trial trial;
    const std::int64_t before = testing::allocation_counts::now().live();
    stack_trace where;
    {
        const testing::failing_allocations failing(n);
        try {
            body();
        } catch (...) {
            trial.error = std::current_exception();
        }
        trial.failed = failing.happened();
        trial.tried = failing.count();
        where = allocations.where;
    }
    if (trial.error && trial.failed && is_lack_of_memory(trial.error))
        trial.error = nullptr; // it may hold memory itself
    trial.lost = testing::allocation_counts::now().live() - before;
    if (trial.failed)
        trial.where = where.text();
    return trial;
}

inline void check_trial(const allocation_trial& trial, std::uint64_t n)
{
    if (!trial.error && trial.lost == 0)
        return;
    std::string text = "no allocation failed";
    if (trial.failed)
        text = "allocation " + std::to_string(n) + " failed" + trial.where + "\n";
    text += ": ";
    if (!trial.error)
        throw testing::failure(text + std::to_string(trial.lost) + " blocks of memory are lost");
    try {
        std::rethrow_exception(trial.error);
    } catch (...) {
        text += extend::text_of(trial.error);
        std::throw_with_nested(testing::failure(text));
    }
}

} // namespace testing::simulation

namespace testing {

inline failing_allocations::failing_allocations(std::uint64_t n) noexcept
{
    auto& all = simulation::allocations;
    tried_before_ = all.tried;
    all.until_failure = n;
    all.failed = false;
}

inline failing_allocations::~failing_allocations()
{
    simulation::allocations.until_failure = 0;
}

inline bool failing_allocations::happened() const noexcept
{
    return simulation::allocations.failed;
}

inline std::string failing_allocations::where() const
{
    return happened() ? simulation::allocations.where.text() : std::string();
}

inline std::uint64_t failing_allocations::count() const noexcept
{
    return simulation::allocations.tried - tried_before_;
}

template <class Body>
std::uint64_t at_every_allocation(Body body)
{
    body();
    for (std::uint64_t n = 1;; ++n) {
        const auto trial = simulation::try_allocation(body, n);
        simulation::check_trial(trial, n);
        if (!trial.failed)
            return trial.tried;
    }
}

} // namespace testing

} // namespace rill::RILL_FORM

// What the program calls. Not inline, as the standard wants it, so they are defined once.

void* operator new(std::size_t size)
{
    return rill::testing::simulation::or_throw(rill::testing::simulation::allocate(size));
}

void* operator new[](std::size_t size)
{
    return rill::testing::simulation::or_throw(rill::testing::simulation::allocate(size));
}

void* operator new(std::size_t size, std::align_val_t alignment)
{
    return rill::testing::simulation::or_throw(rill::testing::simulation::allocate(size, alignment)
    );
}

void* operator new[](std::size_t size, std::align_val_t alignment)
{
    return rill::testing::simulation::or_throw(rill::testing::simulation::allocate(size, alignment)
    );
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept
{
    return rill::testing::simulation::allocate(size);
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept
{
    return rill::testing::simulation::allocate(size);
}

void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept
{
    return rill::testing::simulation::allocate(size, alignment);
}

void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept
{
    return rill::testing::simulation::allocate(size, alignment);
}

void operator delete(void* block) noexcept
{
    rill::testing::simulation::release(block);
}

void operator delete(void* block, std::size_t) noexcept
{
    rill::testing::simulation::release(block);
}

void operator delete(void* block, std::align_val_t) noexcept
{
    rill::testing::simulation::release(block);
}

void operator delete(void* block, std::size_t, std::align_val_t) noexcept
{
    rill::testing::simulation::release(block);
}

void operator delete(void* block, const std::nothrow_t&) noexcept
{
    rill::testing::simulation::release(block);
}

void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept
{
    rill::testing::simulation::release(block);
}

void operator delete[](void* block) noexcept
{
    rill::testing::simulation::release(block);
}

void operator delete[](void* block, std::size_t) noexcept
{
    rill::testing::simulation::release(block);
}

void operator delete[](void* block, std::align_val_t) noexcept
{
    rill::testing::simulation::release(block);
}

void operator delete[](void* block, std::size_t, std::align_val_t) noexcept
{
    rill::testing::simulation::release(block);
}

void operator delete[](void* block, const std::nothrow_t&) noexcept
{
    rill::testing::simulation::release(block);
}

void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept
{
    rill::testing::simulation::release(block);
}

extern "C" {

void __libc_free(void* block);

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept
{
    using namespace rill::testing::simulation;
    void* const block =
        allocate(size + aligned_block::size_of_mark, static_cast<std::align_val_t>(alignment));
    if (block)
        aligned_block(block).mark();
    return block;
}

void free(void* block) noexcept
{
    using namespace rill::testing::simulation;
    if (block && aligned_block(block).unmark())
        ++allocations.freed;
    __libc_free(block);
}
}
