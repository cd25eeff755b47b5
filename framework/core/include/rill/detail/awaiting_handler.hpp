// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/awaitable.hpp>

#include <concepts>
#include <cstddef>
#include <utility>

namespace rill::detail {

// All that Rill knows of Asio's internals stands in this file. Seen in Boost 1.83 and 1.88.

/// Whether H is the handler of a coroutine that awaits an operation object directly. The object is
/// then a temporary of the waiting coroutine: it lives until the handler has run, and may hold it.
/// Where H is not recognised, the handler is stored in allocated memory: slower, never wrong.
template <class H>
inline constexpr bool is_awaiting_handler = false;

template <class... Ts>
inline constexpr bool is_awaiting_handler<asio::detail::awaitable_async_op_handler<Ts...>> = true;

/// Room for such a handler: the coroutine's stack and where its result is to go.
inline constexpr std::size_t awaiting_handler_size = 2 * sizeof(void*);

/// Something that keeps its outcome, so that many may await it: a task. Asio awaits operations
/// that are temporaries and whose results can be default-constructed; neither is so here.
///
/// `awaiter` is made from the object in the waiting coroutine's frame, and has ready(),
/// start(handler) and get().
template <class T>
concept awaited_object = requires { typename T::awaiter; };

} // namespace rill::detail

namespace boost::asio::detail {

template <rill::detail::awaited_object Object, class Executor>
class awaitable_async_op<void(), Object, Executor> {
    using handler_type = awaitable_async_op_handler<void(), Executor>;

public:
    template <class O>
    awaitable_async_op(O&& object, awaitable_frame_base<Executor>* frame)
        : awaiter_(std::forward<O>(object))
        , frame_(frame)
    {
    }

    bool await_ready() const noexcept
    {
        return awaiter_.ready();
    }

    void await_suspend(coroutine_handle<void>)
    {
        frame_->after_suspend(
            [](void* self) {
                auto& op = *static_cast<awaitable_async_op*>(self);
                op.awaiter_.start(handler_type(op.frame_->detach_thread(), op.no_result_));
            },
            this
        );
    }

    decltype(auto) await_resume()
    {
        return awaiter_.get();
    }

private:
    typename Object::awaiter awaiter_;
    awaitable_frame_base<Executor>* frame_;
    typename handler_type::result_type no_result_{};
};

} // namespace boost::asio::detail
