// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/coroutine_frame.hpp>
#include <rill/detail/loop/thread_position.hpp>

#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM {

namespace asio = boost::asio;

/// What a coroutine returns. Mirrors the coroutine object of asyncio.
///
/// It is Asio's own type: Rill's coroutines and those of existing Asio programs await each other
/// freely. Nothing runs before it is awaited or given to create_task.
template <class T = void>
using awaitable = asio::awaitable<T>;

namespace detail {

template <class T>
inline constexpr bool is_awaitable = false;

template <class T>
inline constexpr bool is_awaitable<awaitable<T>> = true;

template <class T>
struct awaited {};

/// Beside a parameter, the body of something that may not start it after all: nobody is to miss it
/// then. A callable is no coroutine yet.
template <class Body>
class never_missed {
public:
    explicit never_missed(const Body&) noexcept {}
};

template <class T>
class never_missed<awaitable<T>> {
public:
    explicit never_missed(awaitable<T>& body) noexcept
        : body_(body)
    {}

    ~never_missed()
    {
        if (!body_.valid())
            return;
        const unwatched quietly;
        const awaitable<T> dropped = std::move(body_);
    }

    never_missed(const never_missed&) = delete;
    never_missed& operator=(const never_missed&) = delete;

private:
    awaitable<T>& body_;
};

template <class T>
struct awaited<awaitable<T>> {
    using type = T;
};

/// What is awaited as a coroutine is, without being one; see wait_operation.
template <class T>
concept awaited_operation = requires {
    typename T::rill_kind;
    typename T::result_type;
};

template <awaited_operation T>
struct awaited<T> {
    using type = typename T::result_type;
};

} // namespace detail

/// What awaiting `A` gives: T for awaitable<T>.
template <class A>
using awaited_t = typename detail::awaited<std::remove_cvref_t<A>>::type;

/// A callable that, called with Args, gives an awaitable or an operation of Rill's.
template <class F, class... Args>
concept coroutine_function = std::invocable<F, Args...> &&
                             requires { typename awaited_t<std::invoke_result_t<F, Args...>>; };

} // namespace rill::RILL_FORM

#if defined(RILL_COROUTINE_PLACES) && !defined(RILL_SEPARATE_COMPILATION)
#include <rill/detail/loop/asio_coroutine.hpp> // and at its end what a cancelled co_await throws
#endif
