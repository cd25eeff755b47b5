// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/recycled_memory.hpp>
#include <rill/detail/loop/thread_position.hpp>
#include <rill/detail/watch/debug_watch.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>

#include <bit>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <source_location>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM::detail {

namespace asio = boost::asio;

// How Rill knows where a coroutine is: Asio's promise, with each co_await's place noted in it. The
// coroutines of one task form a chain, from the innermost to the one it was made of. It is what
// dumps of tasks read, and how a coroutine shows that nobody has ever awaited it.
//
// Generators always have it. Every coroutine that returns an awaitable has it in programs that are
// built with RILL_COROUTINE_PLACES. That replaces Asio's own std::coroutine_traits, so a coroutine
// may come only after this header there, in each source file; g++ says "specialization after
// instantiation" where one comes before. Without it coroutines are Asio's, whatever is included
// when: they await and are awaited as ever, and are missing from the chain.

/// Throws the cancellation that is due in the current task, with its reason.
[[noreturn]] void throw_cancelled();

/// What is awaited is an awaitable that has been moved from.
[[noreturn]] void throw_used_up(const std::source_location& where);

/// Of what __builtin_source_location() gives, which is what std::source_location holds. Where a
/// coroutine's promise is made, g++ 13 without optimisation refuses source_location::current().
inline std::source_location location_of(const void* builtin) noexcept
{
    static_assert(sizeof(std::source_location) == sizeof(const void*));
    return std::bit_cast<std::source_location>(builtin);
}

/// The place of a coroutine, and its part of the chain.
class coroutine_place {
public:
    /// The co_await that it is at; before it has begun, the coroutine function itself.
    const std::source_location& where() const noexcept { return where_; }

    /// The coroutine that awaits this one; null for the outermost.
    coroutine_place* outer() const noexcept { return outer_; }

    coroutine_place(const coroutine_place&) = delete;
    coroutine_place& operator=(const coroutine_place&) = delete;

    /// Takes it out of the chain: its task is gone.
    void leave() noexcept
    {
        if (!link_)
            return;
        *link_ = outer_;
        if (outer_)
            outer_->link_ = link_;
        outer_ = nullptr;
        link_ = nullptr;
    }

protected:
    explicit coroutine_place(std::source_location function) noexcept
        : where_(function)
    {}

    ~coroutine_place() { leave(); }

    void go_to(const std::source_location& where) noexcept { where_ = where; }

    bool begun() const noexcept { return link_ != nullptr; }

    /// It runs from here on, on top of the task's other coroutines, if it is one of theirs: what
    /// was co_spawned on the task's executor is not, and is a chain of its own.
    void enter(const void* outermost) noexcept
    {
        link_ = &outer_;
        coroutine_chain* const task = current.coroutines;
        if (!task || task->outermost != outermost)
            return;
        outer_ = task->innermost;
        if (outer_)
            outer_->link_ = &outer_;
        link_ = &task->innermost;
        task->innermost = this;
    }

private:
    std::source_location where_;
    coroutine_place* outer_ = nullptr;
    coroutine_place** link_ = nullptr; // what refers to this one; null: it is in no chain
};

/// A promise derived from Asio's, for a frame of recycled memory. Asio keeps two frames of a thread;
/// others it takes from an aligned allocation, which costs several times as much as a plain one.
template <class Frame>
class recycled_frame : public Frame {
protected:
    /// Awaits an awaitable, which asks for the handle of a promise of Asio's own.
    template <class T>
    class nested {
    public:
        explicit nested(asio::awaitable<T> a) noexcept
            : awaited_(std::move(a))
        {}

        bool await_ready() const noexcept { return awaited_.await_ready(); }

        /// The handle is only asked for its promise.
        template <std::derived_from<Frame> Promise>
        void await_suspend(std::coroutine_handle<Promise> waiting)
        {
            Frame& frame = waiting.promise();
            awaited_.await_suspend(std::coroutine_handle<asio_frame_t<Frame>>::from_promise(frame));
        }

        T await_resume() { return awaited_.await_resume(); }

    private:
        template <class T2, class Executor>
        static asio::detail::awaitable_frame<T2, Executor>
        asio_frame(const asio::detail::awaitable_frame<T2, Executor>&);

        template <class F>
        using asio_frame_t = decltype(asio_frame(std::declval<const F&>()));

        asio::awaitable<T> awaited_;
    };

public:
    static void* operator new(std::size_t size) { return recycled_memory::take(size); }

    static void operator delete(void* frame, std::size_t size) noexcept
    {
        recycled_memory::give_back(frame, size);
    }
};

/// One that notes the place of each co_await.
template <class Frame>
class placed_frame : public recycled_frame<Frame>, public coroutine_place {
    template <class T>
    using nested = typename recycled_frame<Frame>::template nested<T>;

public:
    // In the coroutine itself: what is awaited is then made where it stays, instead of being moved.

    template <class T>
    [[gnu::always_inline]] nested<T> await_transform(
        asio::awaitable<T>&& a, std::source_location where = std::source_location::current()
    )
    {
        go_to(where);
        if (!a.valid())
            throw_used_up(where);
        throw_if_cancelled();
        return nested<T>(std::move(a));
    }

    template <class Operation>
        requires asio::is_async_operation<Operation>::value
    [[gnu::always_inline]] auto await_transform(
        Operation&& awaited, std::source_location where = std::source_location::current()
    )
    {
        using awaiter = asio::detail::awaitable_async_op<
            typename asio::completion_signature_of<Operation>::type,
            std::decay_t<Operation>,
            asio::any_io_executor>;
        go_to(where);
        throw_if_cancelled();
        if constexpr (std::is_constructible_v<awaiter, Operation, Frame*>)
            return awaiter(std::forward<Operation>(awaited), this);
        else // with handler tracking, Asio notes the place as well
            return Frame::await_transform(std::forward<Operation>(awaited));
    }

    template <class Awaited>
    [[gnu::always_inline]] auto
    await_transform(Awaited&& awaited, std::source_location where = std::source_location::current())
        -> decltype(std::declval<Frame&>().await_transform(std::forward<Awaited>(awaited)))
    {
        go_to(where);
        return Frame::await_transform(std::forward<Awaited>(awaited));
    }

protected:
    using coroutine_place::coroutine_place;

    void enter() noexcept { coroutine_place::enter(this->attached_thread_->entry_point()); }

private:
    /// As Asio's await_transform does it. The error that that throws would have room in every frame.
    [[gnu::always_inline]] void throw_if_cancelled() const
    {
        const auto& thread = *this->attached_thread_;
        if (thread.throw_if_cancelled() && !!thread.get_cancellation_state().cancelled())
            [[unlikely]]
            throw_cancelled();
    }
};

} // namespace rill::RILL_FORM::detail

#ifdef RILL_COROUTINE_PLACES

namespace rill::RILL_FORM::detail {

/// The promise of awaitable<T>.
template <class T>
class awaitable_promise final
    : public placed_frame<asio::detail::awaitable_frame<T, asio::any_io_executor>> {
    using asio_frame = asio::detail::awaitable_frame<T, asio::any_io_executor>;
    using base = placed_frame<asio_frame>;

public:
    explicit awaitable_promise(const void* function = __builtin_source_location()) noexcept
        : base(location_of(function))
    {
        static_assert(alignof(base) == alignof(asio_frame), "the handle would not be the same");
        if (debug_watch* watch = *current.watch) [[unlikely]]
            watch->coroutine_created(*this);
    }

    ~awaitable_promise()
    {
        if (debug_watch* watch = *current.watch; watch && !this->begun()) [[unlikely]]
            watch->never_awaited(*this);
    }

    auto initial_suspend() noexcept
    {
        struct beginning {
            awaitable_promise* self;

            bool await_ready() const noexcept { return false; }

            void await_suspend(std::coroutine_handle<>) const noexcept {}

            void await_resume() const noexcept { self->begin(); }
        };

        return beginning{this};
    }

private:
    void begin() noexcept
    {
        this->enter();
        if (debug_watch* watch = *current.watch) [[unlikely]]
            watch->coroutine_begins(*this);
    }
};

} // namespace rill::RILL_FORM::detail

/// In place of Asio's own. What Asio itself makes a thread of coroutines with stays as it is.
template <class T, class... Args>
    requires(!std::is_same_v<T, boost::asio::detail::awaitable_thread_entry_point>)
struct std::coroutine_traits<boost::asio::awaitable<T, boost::asio::any_io_executor>, Args...> {
    using promise_type = rill::detail::awaitable_promise<T>;
};

#endif
