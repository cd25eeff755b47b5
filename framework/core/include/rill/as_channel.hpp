// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/channel.hpp>
#include <rill/detail/form.hpp>
#include <rill/generator.hpp>
#include <rill/task_group.hpp>

#include <boost/asio/this_coro.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM {

/// Runs a generator in a task of its own, while `body` receives its values from a channel, and gives
/// what `body` gives. Mirrors trio.as_safe_channel.
///
///     co_await rill::as_channel(lines(file), [](rill::receiver<std::string>& rx) -> awaitable<void> {
///         while (auto line = co_await rx.receive()) use(*line);
///     }, 16);
///
/// With a capacity, in items, the generator runs ahead by so many; with 0 it waits for each value to
/// be taken. Timeouts and the like inside it never mix with those of the consumer. When `body` ends,
/// the generator is cancelled where it is, and closed, before this returns; values that are left are
/// dropped. Its error cancels `body` and is thrown as a task group does.
/// Cancellation: of both.
template <std::movable T, class F>
    requires std::invocable<F&, receiver<T>&>
std::invoke_result_t<F&, receiver<T>&>
as_channel(generator<T> values, F body, std::size_t capacity = 0);

// Implementation

namespace detail {

/// Ends quietly once nobody receives any more. Where the generator fails, `out` stays open: whoever
/// receives is to learn of the failure, and not that it was the end.
template <class T>
awaitable<void> send_all(generator<T> values, sender<T>& out)
{
    const auto send = [&](T value) -> awaitable<void> { co_await out.send(std::move(value)); };
    try {
        co_await for_each(std::move(values), send);
    } catch (const system_error& e) {
        if (e.code() != asio::error::broken_pipe || out.has_receivers())
            throw;
    }
    out.close();
}

} // namespace detail

template <std::movable T, class F>
    requires std::invocable<F&, receiver<T>&>
std::invoke_result_t<F&, receiver<T>&> as_channel(generator<T> values, F body, std::size_t capacity)
{
    using result = awaited_t<std::invoke_result_t<F&, receiver<T>&>>;
    channel<T> between(co_await asio::this_coro::executor, capacity);
    const auto consume = [&](task_group& group) -> awaitable<result> {
        group.create_task(detail::send_all(std::move(values), between.sender));
        if constexpr (std::is_void_v<result>) {
            co_await body(between.receiver);
            group.cancel();
        } else {
            result r = co_await body(between.receiver);
            group.cancel();
            co_return r;
        }
    };
    co_return co_await with_task_group(consume);
}

} // namespace rill::RILL_FORM
