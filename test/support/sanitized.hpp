// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace test {

/// Whether a sanitizer slows this program down, so that a long test does less.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

/// How many random schedules a test tries.
inline constexpr std::uint64_t schedules = sanitized ? 200 : 1000;

} // namespace test
