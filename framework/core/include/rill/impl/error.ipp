// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/error.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL std::string condition_category_t::message(int value) const
{
    return value == static_cast<int>(condition::cancelled) ? "cancelled" : "timed out";
}

RILL_DECL bool condition_category_t::equivalent(const error_code& ec, int value) const noexcept
{
    if (value == static_cast<int>(condition::timed_out))
        return ec == asio::error::timed_out;
    return ec == asio::error::operation_aborted ||
           ec == asio::experimental::error::channel_cancelled;
}

RILL_DECL std::string rill_category_t::message(int value) const
{
    switch (static_cast<errc>(value)) {
    case errc::shut_down: return "the queue is shut down";
    case errc::closed: return "it is closed";
    case errc::broken: return "it was broken while others waited for it";
    case errc::lagged: return "the subscriber was too slow, and missed items";
    case errc::loop_ended: return "the loop ended before what was to run on it";
    }
    return "unknown error";
}

RILL_DECL std::string text_of(const std::exception_ptr& error)
{
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

RILL_DECL bool is_fatal(const std::exception_ptr& error) noexcept
{
    try {
        std::rethrow_exception(error);
    } catch (const fatal_error&) {
        return true;
    } catch (...) {
        return false;
    }
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL boost::system::error_condition make_error_condition(condition c) noexcept
{
    return {static_cast<int>(c), condition_category()};
}

RILL_DECL error_code make_error_code(errc e) noexcept
{
    return {static_cast<int>(e), rill_category()};
}

RILL_DECL bool is_cancellation(const std::exception_ptr& error) noexcept
{
    if (!error)
        return false;
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return is_cancellation(e);
    } catch (...) {
        return false;
    }
}

RILL_DECL bool is_cancellation(const std::exception& error) noexcept
{
    const auto* const e = dynamic_cast<const system_error*>(&error);
    return e && e->code() == condition::cancelled;
}

} // namespace rill::RILL_FORM
