// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/error.hpp>
#include <rill/exception_group.hpp>

#include <string>
#include <type_traits>
#include <utility>

namespace test {

/// How `body` ended, in words: its number, or "done"; "cancelled", "timeout", "group: ..." or what
/// the exception says.
template <class T>
rill::awaitable<std::string> how(rill::awaitable<T> body)
{
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(body);
            co_return "done";
        } else {
            co_return std::to_string(co_await std::move(body));
        }
    } catch (const rill::exception_group& e) {
        co_return std::string("group: ") + e.what();
    } catch (const rill::timeout_error&) {
        co_return "timeout";
    } catch (const rill::system_error& e) {
        co_return e.code() == rill::condition::cancelled ? "cancelled" : e.what();
    } catch (const std::exception& e) {
        co_return e.what();
    }
}

/// The same for what gives an awaitable: an operation, a callable.
template <rill::coroutine_function F>
rill::awaitable<std::string> how(F body)
{
    co_return co_await how<rill::awaited_t<std::invoke_result_t<F>>>(body());
}

} // namespace test
