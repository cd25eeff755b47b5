// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>

#include <cstddef>
#include <utility>

namespace rill::detail {

// All that Rill knows of Asio's internals stands in this file: how a coroutine's handler is told
// from others, how an object with an outcome is awaited, and how a task's coroutine is started.
// The same from Boost 1.83 to 1.88.

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

/// What the outermost frame of a task returns.
using task_frame =
    asio::awaitable<asio::detail::awaitable_thread_entry_point, asio::any_io_executor>;

/// Runs `frame` at once to its first wait, in the caller's stack. co_spawn would wrap it in a
/// second frame, which dispatches at its start and posts at its end: half of what a task costs.
inline void start_coroutine(
    task_frame frame,
    const asio::any_io_executor& ex,
    asio::cancellation_slot slot,
    asio::cancellation_state state
)
{
    asio::detail::awaitable_thread<asio::any_io_executor> thread(std::move(frame), ex, slot, state);
    thread.launch();
}

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
    {}

    bool await_ready() const noexcept { return awaiter_.ready(); }

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

    decltype(auto) await_resume() { return awaiter_.get(); }

private:
    typename Object::awaiter awaiter_;
    awaitable_frame_base<Executor>* frame_;
    typename handler_type::result_type no_result_{};
};

} // namespace boost::asio::detail
