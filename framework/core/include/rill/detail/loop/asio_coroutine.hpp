// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <source_location>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM::detail {

// All that Rill knows of Asio's internals stands in this file, in coroutine_frame.hpp and in
// task_frame.hpp. Here: how an object with an outcome is awaited, and how a generator runs on top of
// whoever awaits it. The same from Boost 1.83 to 1.88.

/// Room for the handler of a coroutine that awaits such an object: its stack.
inline constexpr std::size_t awaiting_handler_size = sizeof(void*);

/// The rill_kind of what coroutines await in Rill's own way.
struct awaited_tag {};

/// Something that is awaited in Rill's own way: its result need not be default-constructible, it may
/// be there at once, without a suspension, and it may be an object that is no temporary.
///
/// Its `awaiter` is made from the object in the waiting coroutine's frame, and has ready(),
/// start(handler) and get().
template <class T>
concept awaited_object = std::same_as<typename T::rill_kind, awaited_tag>;

/// One that many may await: a task or a future.
template <class T>
concept awaited_handle = awaited_object<T> && requires { typename T::value_type; };

/// The rill_kind of what has operations, and is none: awaiting it says so.
struct not_awaited_tag {};

/// A lock, a queue and the like.
template <class T>
concept not_awaited_object = std::same_as<typename T::rill_kind, not_awaited_tag>;

/// An operation by its name, which awaiting would use up: the reader is to see that.
template <class T>
concept named_operation = std::is_lvalue_reference_v<T> && awaited_object<std::remove_cvref_t<T>> &&
                          !std::constructible_from<typename std::remove_cvref_t<T>::awaiter, T>;

struct refused; // tag: the signature of what is not to be awaited

/// What awaiting refuses with a sentence, instead of leaving it to overload resolution.
template <class T>
concept refused_in_words = named_operation<T> || not_awaited_object<std::remove_cvref_t<T>>;

/// The promise of a coroutine that is resumed by whoever awaits it, and suspends itself with
/// pop_frame(): the part of it that is Asio's.
class stacked_promise
    : public placed_frame<asio::detail::awaitable_frame<void, asio::any_io_executor>> {
public:
    /// It goes on, on top of `awaiting` and in the chain of its task.
    void go_on(asio::detail::awaitable_frame_base<asio::any_io_executor>* awaiting) noexcept
    {
        push_frame(awaiting);
        enter();
    }

    /// It goes back to whoever awaits it.
    void go_back() noexcept
    {
        leave();
        pop_frame();
    }

protected:
    explicit stacked_promise(std::source_location function) noexcept
        : placed_frame(function)
    {}
};

/// Runs another coroutine on top of the waiting one, as awaiting an awaitable does: a step of a
/// generator, which yields many times. It has frame(), and a finished() that saves the step.
template <class T>
concept stacked_coroutine = requires(T& step) {
    { step.frame() } -> std::same_as<stacked_promise&>;
    { step.finished() } -> std::same_as<bool>;
};

/// Awaited at a point where the coroutine goes back to whoever awaits it.
class pause {
public:
    pause(stacked_promise& frame, bool skip) noexcept
        : frame_(frame)
        , skip_(skip)
    {}

    bool await_ready() const noexcept { return skip_; }

    void await_suspend(std::coroutine_handle<>) const noexcept { frame_.go_back(); }

protected:
    stacked_promise& frame_;
    bool skip_;
};

} // namespace rill::RILL_FORM::detail

namespace boost::asio {

// For co_await's sake alone.

template <rill::detail::refused_in_words T>
struct is_async_operation<T> : std::true_type {};

template <rill::detail::refused_in_words T>
struct completion_signature_of<T> {
    using type = void(rill::detail::refused);
};

} // namespace boost::asio

namespace boost::asio::detail {

template <class Signature, rill::detail::awaited_object Object, class Executor>
class awaitable_async_op<Signature, Object, Executor> {
    using handler_type = awaitable_async_op_handler<void(), Executor>;

public:
    /// With handler tracking, Asio also gives the place.
    template <class O, class... Place>
    awaitable_async_op(O&& object, awaitable_frame_base<Executor>* frame, const Place&...)
        : awaiter_(std::forward<O>(object))
        , frame_(frame)
    {}

    bool await_ready() { return awaiter_.ready(); }

    void await_suspend(coroutine_handle<void>)
    {
        frame_->after_suspend(
            [](void* self) {
                auto& op = *static_cast<awaitable_async_op*>(self);
                typename handler_type::result_type none;
                op.awaiter_.start(handler_type(op.frame_->detach_thread(), none));
            },
            this
        );
    }

    decltype(auto) await_resume() { return awaiter_.get(); }

private:
    typename Object::awaiter awaiter_;
    awaitable_frame_base<Executor>* frame_;
};

/// The sentences stand in a member of what is awaited, and so the compiler names the line that awaits.
template <class Object, class Executor>
class awaitable_async_op<void(rill::detail::refused), Object, Executor> {
public:
    template <class... Place>
    awaitable_async_op(const Object&, awaitable_frame_base<Executor>*, const Place&...)
    {}

    bool await_ready() const noexcept
    {
        constexpr bool operation = rill::detail::awaited_object<Object>;
        static_assert(
            !operation,
            "an operation is awaited once, and moved: write co_await std::move(operation)"
        );
        static_assert(
            operation,
            "this is not awaited itself, but one of its operations is: write co_await "
            "mutex.scoped(), semaphore.scoped(), event.wait(), queue.get() and the like"
        );
        return true;
    }

    void await_suspend(coroutine_handle<void>) const noexcept {}

    void await_resume() const noexcept {}
};

template <rill::detail::stacked_coroutine Step, class Executor>
class awaitable_async_op<void(), Step, Executor> {
public:
    template <class... Place>
    awaitable_async_op(const Step& step, awaitable_frame_base<Executor>* frame, const Place&...)
        : step_(step)
        , frame_(frame)
    {}

    bool await_ready() const noexcept { return step_.finished(); }

    void await_suspend(coroutine_handle<void>) { step_.frame().go_on(frame_); }

    void await_resume() { step_.frame().rethrow_exception(); }

private:
    Step step_;
    awaitable_frame_base<Executor>* frame_;
};

} // namespace boost::asio::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/detail/loop/task_state.hpp> // throw_cancelled
#endif
