// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/sanitized.hpp>

#include <malloc.h>

#include <cstddef>

#if defined(__has_include)
#if __has_include(<sanitizer/allocator_interface.h>)
#include <sanitizer/allocator_interface.h>
#define RILL_TEST_COUNTS_SANITIZED 1
#endif
#endif

namespace test {

/// Bytes that this program has allocated and not freed.
inline std::size_t held_bytes()
{
#ifdef RILL_TEST_COUNTS_SANITIZED
    if constexpr (sanitized)
        return __sanitizer_get_current_allocated_bytes();
#endif
    const struct mallinfo2 all = ::mallinfo2();
    return all.uordblks + all.hblkhd;
}

/// How many more there are than when it was made, if it is more.
class growth {
public:
    std::size_t bytes() const
    {
        const std::size_t now = held_bytes();
        return now > before_ ? now - before_ : 0;
    }

private:
    std::size_t before_ = held_bytes();
};

} // namespace test
