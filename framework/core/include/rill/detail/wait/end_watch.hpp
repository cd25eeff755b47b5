// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/outcome_handle.hpp>
#include <rill/task.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace rill::RILL_FORM::detail {

/// Somebody who is told of the ends of several tasks and futures.
class end_observer {
public:
    virtual void ended(std::size_t index) = 0;

    /// Null where no task waits at present.
    virtual task_state* waiting_task() const noexcept = 0;

protected:
    ~end_observer() = default;
};

/// Tells an observer, on a later turn, that something has ended. Destroyed, it tells nothing, and
/// nothing of it stays with what it watched.
class end_watch : public operation {
public:
    end_watch() noexcept
        : operation(nullptr)
    {
        action_ = &on_act;
    }

    ~end_watch();

    void begin(completion_state& state, end_observer& observer, std::size_t index);

private:
    static void on_act(ready_node& node, act what);

    end_observer* observer_ = nullptr;
    std::size_t index_ = 0;
};

/// What a combinator takes as a member: an awaitable or a callable that gives one, which becomes a
/// task, or a task or future that exists already.
template <class M>
concept group_member = is_awaitable<std::remove_cvref_t<M>> ||
                       awaited_handle<std::remove_cvref_t<M>> || coroutine_function<M>;

/// Null for members that are to become tasks.
template <class M>
const completion_state* existing_state(const M& member)
{
    if constexpr (awaited_handle<M>)
        return &check_joinable(handle_access::state(member));
    else
        return nullptr;
}

template <class M>
struct member_handle {};

template <class T>
struct member_handle<awaitable<T>> {
    using type = task<T>;
};

template <awaited_handle Handle>
struct member_handle<Handle> {
    using type = Handle;
};

template <coroutine_function F>
struct member_handle<F> {
    using type = task<awaited_t<std::invoke_result_t<F>>>;
};

template <class M>
using handle_of_t = typename member_handle<std::remove_cvref_t<M>>::type;

/// The handle of a member.
template <class M>
handle_of_t<M> as_handle(loop_core& core, M& member, std::source_location place)
{
    if constexpr (awaited_handle<M>)
        return member;
    else if constexpr (is_awaitable<M>)
        return detail::start(core, std::move(member), {}, place);
    else
        return detail::start(core, call_stored(std::move(member)), {}, place);
}

template <class M>
using member_result_t = typename handle_of_t<M>::value_type;

/// void as a value.
template <class T>
using value_of_t = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class Handle>
value_of_t<typename Handle::value_type> take_value(const Handle& handle, bool move)
{
    if constexpr (std::is_void_v<typename Handle::value_type>) {
        take_result(handle, move);
        return {};
    } else {
        return take_result(handle, move);
    }
}

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/end_watch.ipp>
#endif
