// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/deadline.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <source_location>
#include <string>
#include <tuple>

namespace rill::RILL_FORM {

namespace detail {
class sleep_waiter;
using sleep_operation = wait_operation<void(error_code), sleep_waiter>;
} // namespace detail

/// Waits until `d` has passed on the loop's clock, never less. Mirrors asyncio.sleep.
///
/// Zero or less is a yield. Equal deadlines end in the order in which they were set.
/// Cancellation: total; the timer is gone at once.
detail::sleep_operation
sleep(duration d, std::source_location where = std::source_location::current());

/// Gives `result` afterwards, as asyncio's sleep does.
template <class T>
awaitable<T> sleep(duration d, T result);

/// Waits until `t`; a time that has passed is a yield. Cancellation: total.
detail::sleep_operation
sleep_until(time_point t, std::source_location where = std::source_location::current());

} // namespace rill::RILL_FORM

#include <rill/impl/sleep.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/sleep.ipp>
#endif
