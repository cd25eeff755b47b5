// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel_error.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace rill::RILL_FORM {

namespace asio = boost::asio;

using boost::system::error_code;
using boost::system::system_error;

/// What callers compare an error_code with: `if (ec == rill::condition::cancelled)`.
enum class condition {
    cancelled = 1, // the waiter was asked to stop; Asio reports it under more than one code
    timed_out = 2, // a deadline passed
};

/// Errors that only Rill can detect: `if (ec == rill::errc::shut_down)`. All others are Asio's.
enum class errc : std::uint8_t {
    shut_down = 1,  // the queue takes nothing any more, or has nothing left to give
    closed = 2,     // the end, subscription or watcher was closed while the wait lasted, or before
    broken = 3,     // a barrier was reset or aborted; the owner of an owned_mutex ended holding it
    lagged = 4,     // a subscriber was too slow for a broadcast, and items were dropped for it
    loop_ended = 5, // the loop of another thread ended before what was to run there
};

} // namespace rill::RILL_FORM

template <>
struct boost::system::is_error_condition_enum<rill::condition> : std::true_type {};

template <>
struct boost::system::is_error_code_enum<rill::errc> : std::true_type {};

namespace rill::RILL_FORM {

RILL_ONE_PER_PROGRAM const boost::system::error_category& condition_category() noexcept;
boost::system::error_condition make_error_condition(condition c) noexcept;

RILL_ONE_PER_PROGRAM const boost::system::error_category& rill_category() noexcept;
error_code make_error_code(errc e) noexcept;

namespace detail {

/// A system_error whose what() is a sentence of its own, without the code's message behind it.
class worded_error : public system_error {
public:
    worded_error(error_code ec, std::string what)
        : system_error(ec)
        , what_(std::make_shared<const std::string>(std::move(what)))
    {}

    const char* what() const noexcept override { return what_->c_str(); }

private:
    std::shared_ptr<const std::string> what_; // copies of an exception must not throw
};

} // namespace detail

/// A timed-out scope was left. Mirrors TimeoutError.
///
/// It exists outside the scope only: the body sees a cancellation. Its code is timed_out.
class timeout_error : public detail::worded_error {
public:
    explicit timeout_error(std::string what)
        : worded_error(asio::error::make_error_code(asio::error::timed_out), std::move(what))
    {}
};

/// An operation that the object's present state does not allow. Mirrors InvalidStateError.
class invalid_state : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// An error after which the program is not to go on: it leaves the task, and the loop's run as
/// well. Mirrors SystemExit and KeyboardInterrupt.
///
/// It passes every exception handler, and the servers whose handlers throw it; it leaves task groups
/// and with_cleanup bare. The loop stays usable.
class fatal_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Whether `error` is a cancellation, whatever type and code report it: what is asked in a catch
/// clause around a wait, where asyncio's is `except CancelledError`. Rill's waits throw
/// cancelled_error, and Asio's own a plain system_error.
///
/// The abort of an operation whose object was closed or destroyed by somebody else looks the same
/// as Asio's cancellations do: the code does not tell. Whether a task has ended cancelled is
/// decided by whether it had been told to stop.
bool is_cancellation(const std::exception_ptr& error) noexcept;
bool is_cancellation(const std::exception& error) noexcept;

// Implementation

namespace detail {

class condition_category_t final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "rill.condition"; }

    std::string message(int value) const override;

    using error_category::equivalent;

    bool equivalent(const error_code& ec, int value) const noexcept override;
};

class rill_category_t final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "rill"; }

    std::string message(int value) const override;
};

inline error_code aborted() noexcept
{
    return asio::error::operation_aborted;
}

inline std::exception_ptr aborted_error()
{
    return std::make_exception_ptr(system_error(aborted()));
}

/// What an exception says.
std::string text_of(const std::exception_ptr& error);

bool is_fatal(const std::exception_ptr& error) noexcept;

} // namespace detail

inline const boost::system::error_category& condition_category() noexcept
{
    static const detail::condition_category_t category;
    return category;
}

inline const boost::system::error_category& rill_category() noexcept
{
    static const detail::rill_category_t category;
    return category;
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/error.ipp>
#endif
