// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/cleanup.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/asio_coroutine.hpp>
#include <rill/detail/loop/live_generator.hpp>
#include <rill/detail/loop/loop_core.hpp>

#include <boost/asio/async_result.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

namespace detail {

class generator_frame;
template <class T>
class generator_promise;

} // namespace detail

/// Thrown by co_yield in a generator that is being closed, so that its frames are left. It is no
/// std::exception, and a body that catches it gets it again at its next co_yield. Mirrors
/// GeneratorExit.
struct generator_exit {};

/// A coroutine that gives values one after another, with waits in between: it may co_yield and
/// co_await. Mirrors asynchronous generators.
///
///     rill::generator<int> ticks(rill::duration d) {
///         for (int i = 0;; ++i) { co_await rill::sleep(d); co_yield i; }
///     }
///     while (auto i = co_await g.next()) use(*i);
///
/// The body runs as part of whoever awaits next(): in its task, with its context variables, and it
/// is cancelled with it. An error of the body leaves next(), and the generator has ended then.
///
/// A generator that is destroyed where it yielded runs its destructors, as locals do; one whose
/// cleanup must wait is closed with `co_await g.close()`, or used through with(). A loop's shutdown
/// closes those that are left. Scopes (timeouts, groups, shields) cannot be held across a co_yield,
/// for they belong to a call: wrap the waits inside, or the loop that consumes.
template <std::movable T>
class [[nodiscard]] generator {
public:
    using value_type = T;
    using promise_type = detail::generator_promise<T>;

    generator() noexcept = default; ///< Has ended.

    generator(generator&& other) noexcept
        : promise_(std::exchange(other.promise_, nullptr))
    {}

    generator& operator=(generator other) noexcept
    {
        std::swap(promise_, other.promise_);
        return *this;
    }

    /// On another thread than the loop's, the frames are destroyed on the loop's.
    ~generator();

    /// The next value; empty once the body has ended. Mirrors anext().
    ///
    /// invalid_state if another next() is under way. Cancellation: comes at the wait that the body
    /// is in; unless the body catches it, the generator ends.
    awaitable<std::optional<T>> next();

    /// Ends the body at its co_yield, by generator_exit, and waits until its frames are left. Does
    /// nothing if it has ended or never began. Mirrors aclose().
    awaitable<void> close();

    /// Whether the body has ended.
    bool finished() const noexcept;

private:
    friend promise_type;

    explicit generator(promise_type& promise) noexcept
        : promise_(&promise)
    {}

    promise_type* promise_ = nullptr;
};

/// Calls `f` with each value; an f that gives an awaitable is awaited. The generator is closed on
/// every way out. Mirrors `async for`.
template <std::movable T, std::invocable<T> F>
awaitable<void> for_each(generator<T> values, F f);

/// All values. Mirrors `[x async for x in values]`.
template <std::movable T>
awaitable<std::vector<T>> collect(generator<T> values);

/// Those for which `keep(value)` holds. Mirrors `[x async for x in values if keep(x)]`.
template <std::movable T, std::predicate<const T&> Predicate>
awaitable<std::vector<T>> collect(generator<T> values, Predicate keep);

/// Gives those for which `keep(value)` holds, as they come.
template <std::movable T, std::predicate<const T&> Predicate>
generator<T> filter(generator<T> values, Predicate keep);

/// Gives `f(value)` for each.
template <std::movable T, std::invocable<T> F>
generator<std::invoke_result_t<F&, T>> transform(generator<T> values, F f);

/// The first `n`, then it ends; no further value is asked for.
template <std::movable T>
generator<T> take(generator<T> values, std::size_t n);

} // namespace rill::RILL_FORM

#include <rill/impl/generator.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/generator.ipp>
#endif
