// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cancel_reason.hpp>
#include <rill/detail/form.hpp>
#include <rill/error.hpp>

#include <exception>
#include <optional>
#include <utility>
#include <variant>

namespace rill::RILL_FORM {

/// How a coroutine ended: a value or an exception. Mirrors an item of
/// gather(return_exceptions=True).
///
/// T need not be default-constructible, nor copyable.
template <class T>
class outcome {
    using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

public:
    outcome() = default; ///< Empty: nothing has ended yet.

    template <class... Args>
    void set_value(Args&&... args)
    {
        value_.emplace(std::forward<Args>(args)...);
    }

    void set_exception(std::exception_ptr error) noexcept { error_ = std::move(error); }

    bool has_value() const noexcept { return value_.has_value(); }

    /// Null where there is a value.
    const std::exception_ptr& exception() const noexcept { return error_; }

    /// Whether it ended by a cancellation that somebody asked for: with a cancelled_error.
    bool cancelled() const noexcept { return detail::is_cancelled_error(error_); }

    /// The value; throws the exception unchanged where there is one.
    decltype(auto) get() const&
    {
        check();
        if constexpr (!std::is_void_v<T>)
            return static_cast<const stored&>(*value_);
    }

    decltype(auto) get() &&
    {
        check();
        if constexpr (!std::is_void_v<T>)
            return static_cast<stored&&>(*value_);
    }

private:
    void check() const
    {
        if (error_)
            std::rethrow_exception(error_);
        if (!value_)
            throw invalid_state("rill::outcome: the result is not set yet");
    }

    std::optional<stored> value_;
    std::exception_ptr error_;
};

} // namespace rill::RILL_FORM
