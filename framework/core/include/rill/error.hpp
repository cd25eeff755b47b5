// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel_error.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <stdexcept>
#include <string>

namespace rill {

namespace asio = boost::asio;

using boost::system::error_code;
using boost::system::system_error;

/// What callers compare an error_code with: `if (ec == rill::condition::cancelled)`.
enum class condition {
    cancelled = 1, // the waiter was asked to stop; Asio reports it under more than one code
    timed_out = 2, // a deadline passed
};

} // namespace rill

template <>
struct boost::system::is_error_condition_enum<rill::condition> : std::true_type {};

namespace rill {

const boost::system::error_category& condition_category() noexcept;
boost::system::error_condition make_error_condition(condition c) noexcept;

/// A timed-out scope was left. Mirrors TimeoutError.
///
/// It exists outside the scope only: the body sees a cancellation. Its code is timed_out.
class timeout_error : public system_error {
public:
    explicit timeout_error(const std::string& what)
        : system_error(asio::error::make_error_code(asio::error::timed_out), what)
    {}
};

/// An operation that the object's present state does not allow. Mirrors InvalidStateError.
class invalid_state : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// Whether `error` is a cancellation, whatever code reports it.
bool is_cancellation(const std::exception_ptr& error) noexcept;

// Implementation

namespace detail {

class condition_category_t final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "rill"; }

    std::string message(int value) const override
    {
        return value == static_cast<int>(condition::cancelled) ? "cancelled" : "timed out";
    }

    using error_category::equivalent;

    bool equivalent(const error_code& ec, int value) const noexcept override
    {
        if (value == static_cast<int>(condition::timed_out))
            return ec == asio::error::timed_out;
        return ec == asio::error::operation_aborted ||
               ec == asio::experimental::error::channel_cancelled;
    }
};

inline error_code aborted() noexcept
{
    return asio::error::operation_aborted;
}

inline std::exception_ptr cancelled_error()
{
    return std::make_exception_ptr(system_error(aborted()));
}

} // namespace detail

inline const boost::system::error_category& condition_category() noexcept
{
    static const detail::condition_category_t category;
    return category;
}

inline boost::system::error_condition make_error_condition(condition c) noexcept
{
    return {static_cast<int>(c), condition_category()};
}

inline bool is_cancellation(const std::exception_ptr& error) noexcept
{
    if (!error)
        return false;
    try {
        std::rethrow_exception(error);
    } catch (const system_error& e) {
        return e.code() == condition::cancelled;
    } catch (...) {
        return false;
    }
}

} // namespace rill
