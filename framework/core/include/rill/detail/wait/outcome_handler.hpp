// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/outcome.hpp>

#include <boost/asio/async_result.hpp>

#include <concepts>
#include <exception>
#include <type_traits>
#include <utility>

namespace boost::asio {

template <typename Executor>
class basic_yield_context;

} // namespace boost::asio

namespace rill::RILL_FORM::detail {

template <class T>
struct outcome_signature {
    static_assert(
        std::default_initializable<T>,
        "a handler gets T{} beside an exception: await it instead, or give an optional"
    );

    using type = void(std::exception_ptr, T);
};

template <>
struct outcome_signature<void> {
    using type = void(std::exception_ptr);
};

template <class Token>
inline constexpr bool is_yield_context = false;

template <class Executor>
inline constexpr bool is_yield_context<asio::basic_yield_context<Executor>> = true;

/// Begins an operation whose handler is called with an outcome, by call_with().
///
/// A stackful coroutine gets it in one piece: with an exception_ptr apart, Boost 1.83 throws the
/// exception that there is none, and crashes (chriskohlhoff/asio issue 1336).
template <class T, class Token, class Initiation, class... Args>
auto initiate_for_outcome(Initiation initiation, Token&& token, Args&&... args)
{
    if constexpr (is_yield_context<std::decay_t<Token>>) {
        outcome<T> result = asio::async_initiate<Token, void(outcome<T>)>(
            std::move(initiation), token, std::forward<Args>(args)...
        );
        return std::move(result).get();
    } else {
        return asio::async_initiate<Token, typename outcome_signature<T>::type>(
            std::move(initiation), token, std::forward<Args>(args)...
        );
    }
}

/// So that one thread at a time has it.
template <class T>
std::exception_ptr take_exception(outcome<T>& result) noexcept
{
    std::exception_ptr error = result.exception();
    result.set_exception(nullptr);
    return error;
}

template <class Handler>
void call_with(outcome<void> result, Handler handler)
{
    if constexpr (std::invocable<Handler, std::exception_ptr>)
        std::move(handler)(take_exception(result));
    else
        std::move(handler)(std::move(result));
}

template <class T, class Handler>
void call_with(outcome<T> result, Handler handler)
{
    if constexpr (!std::invocable<Handler, std::exception_ptr, T>)
        std::move(handler)(std::move(result));
    else if (result.exception())
        std::move(handler)(take_exception(result), T{});
    else
        std::move(handler)(std::exception_ptr(), std::move(result).get());
}

} // namespace rill::RILL_FORM::detail
