// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/coroutine_frame.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>

#include <coroutine>
#include <memory>
#include <new>
#include <utility>

namespace rill::RILL_FORM::detail {

// The outermost frame of a task: where what Asio calls a thread of coroutines begins.

/// A cancellation_state and the room for it, which Asio would allocate, from whatever slot it is given.
class cancellation_room {
public:
    cancellation_room() noexcept = default;
    cancellation_room(const cancellation_room&) = delete;
    cancellation_room& operator=(const cancellation_room&) = delete;

    ~cancellation_room() { state().~receiver(); }

    /// Once. It lets every type of cancellation through.
    asio::cancellation_state make_state() noexcept
    {
        return asio::cancellation_state(slot{this}, asio::enable_total_cancellation());
    }

    void emit() { state().tell(asio::cancellation_type::all); }

private:
    struct receiver {
        virtual ~receiver() = default;
        virtual void tell(asio::cancellation_type what) = 0;
    };

    template <class State>
    struct receiving final : receiver {
        template <class... Filters>
        explicit receiving(Filters&&... filters)
            : state(std::forward<Filters>(filters)...)
        {}

        void tell(asio::cancellation_type what) override { state(what); }

        State state;
    };

    /// As a cancellation_slot.
    struct slot {
        bool is_connected() const noexcept { return true; }

        template <class State, class... Filters>
        State& emplace(Filters&&... filters)
        {
            using kept = receiving<State>;
            static_assert(sizeof(kept) <= sizeof(bytes_));
            void* const at = room->bytes_;
            return (::new (at) kept(std::forward<Filters>(filters)...))->state;
        }

        cancellation_room* room;
    };

    receiver& state() noexcept { return *std::launder(reinterpret_cast<receiver*>(bytes_)); }

    alignas(void*) unsigned char bytes_[3 * sizeof(void*)];
};

class task_frame;

/// The promise of a task's outermost frame.
class task_promise final : public recycled_frame<asio::detail::awaitable_frame<
                               asio::detail::awaitable_thread_entry_point,
                               asio::any_io_executor>> {
public:
    using asio_frame = asio::detail::
        awaitable_frame<asio::detail::awaitable_thread_entry_point, asio::any_io_executor>;

    task_promise() noexcept { cancellation() = own_.make_state(); }

    task_frame get_return_object() noexcept;

    /// The task has not been cancelled, or it would not have begun.
    template <class T>
    nested<T> await_transform(asio::awaitable<T>&& body) noexcept
    {
        return nested<T>(std::move(body));
    }

    /// Runs the coroutine to its first wait, in the caller's stack; from here on it is its own owner.
    /// co_spawn would wrap it in a second frame, which dispatches at its start and posts at its end:
    /// half of what a task costs.
    void start(const asio::any_io_executor& ex);

    /// As the coroutine has it: the first one, or what it has made by reset_cancellation_state.
    asio::cancellation_state& cancellation() noexcept;

    /// Tells it to stop.
    void cancel()
    {
        own_.emit();
        later_.emit(asio::cancellation_type::all);
    }

private:
    cancellation_room own_;
    asio::cancellation_signal later_; // of what reset_cancellation_state makes
};

/// What a task's outermost coroutine returns: the owner of its frame until it is started.
class task_frame {
public:
    using promise_type = task_promise;

    explicit task_frame(task_promise& promise) noexcept
        : promise_(&promise)
    {}

    task_promise* release() noexcept { return promise_.release(); }

private:
    struct destroyer {
        void operator()(task_promise* promise) const noexcept { promise->destroy(); }
    };

    std::unique_ptr<task_promise, destroyer> promise_;
};

inline task_frame task_promise::get_return_object() noexcept
{
    static_assert(alignof(task_promise) == alignof(asio_frame), "the handle would not be the same");
    coro_ = std::coroutine_handle<asio_frame>::from_promise(*this);
    return task_frame(*this);
}

struct of_frame; // tag: access to what a frame of Asio's has

} // namespace rill::RILL_FORM::detail

namespace boost::asio::detail {

/// The handlers of what is awaited are friends of the outermost frame.
template <class Executor>
class awaitable_async_op_handler<rill::detail::of_frame, Executor> {
public:
    static cancellation_state&
    cancellation(awaitable_frame<awaitable_thread_entry_point, Executor>& frame) noexcept
    {
        return frame.cancellation_state_;
    }
};

} // namespace boost::asio::detail

namespace rill::RILL_FORM::detail {

inline asio::cancellation_state& task_promise::cancellation() noexcept
{
    return asio::detail::awaitable_async_op_handler<of_frame, asio::any_io_executor>::cancellation(
        *this
    );
}

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/task_frame.ipp>
#endif
