// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_state.hpp>

#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <type_traits>
#include <utility>

namespace rill::RILL_FORM::detail {

/// The executor of a task: the loop's own, and every step that goes through it is the task's.
///
/// So the current task is right after every kind of wait, Asio's included. Its size is what
/// any_io_executor stores without allocating.
template <class Inner>
class task_executor {
public:
    task_executor(Inner inner, task_slot& slot, std::uint32_t generation) noexcept
        : inner_(std::move(inner))
        , slot_(&slot)
        , generation_(generation)
    {}

    friend bool operator==(const task_executor& a, const task_executor& b) noexcept
    {
        return a.slot_ == b.slot_ && a.generation_ == b.generation_ && a.inner_ == b.inner_;
    }

    friend bool operator!=(const task_executor& a, const task_executor& b) noexcept
    {
        return !(a == b);
    }

    /// Null if the task has ended meanwhile. To be asked on the loop's thread only.
    task_state* task() const noexcept
    {
        return slot_->generation == generation_ ? slot_->task : nullptr;
    }

    const Inner& inner() const noexcept { return inner_; }

    template <class F>
    void execute(F&& f) const
    {
        inner_.execute(
            [slot = slot_, generation = generation_, f = std::decay_t<F>(std::forward<F>(f))](
            ) mutable { step_of_task(slot, generation, f); }
        );
    }

    template <class Property>
    auto query(const Property& p) const
        noexcept(noexcept(asio::query(std::declval<const Inner&>(), p)))
            -> decltype(asio::query(std::declval<const Inner&>(), p))
    {
        return asio::query(inner_, p);
    }

    template <class Property>
        requires asio::can_require<Inner, Property>::value
    auto require(const Property& p) const
    {
        return with(asio::require(inner_, p));
    }

    template <class Property>
        requires(
            asio::can_prefer<Inner, Property>::value && !asio::can_require<Inner, Property>::value
        )
    auto prefer(const Property& p) const
    {
        return with(asio::prefer(inner_, p));
    }

private:
    template <class F>
    static void step_of_task(task_slot* slot, std::uint32_t generation, F& f)
    {
        task_state* task = slot->generation == generation ? slot->task : nullptr;
        if (task) {
            task->core()->run_step(task, f);
        } else {
            const step_scope step(current.loop, nullptr);
            std::move(f)();
        }
    }

    template <class Other>
    task_executor<Other> with(Other inner) const
    {
        return {std::move(inner), *slot_, generation_};
    }

    Inner inner_;
    task_slot* slot_;
    std::uint32_t generation_;
};

using loop_executor = loop_core::executor_type;
using loop_task_executor = task_executor<loop_executor>;

static_assert(
    sizeof(loop_task_executor) <= sizeof(std::shared_ptr<void>) + sizeof(void*),
    "any_io_executor would allocate for every copy"
);

/// Executors have no context() without those of the Networking TS.
inline asio::io_context& io_context_of(const loop_executor& ex) noexcept
{
    return asio::query(ex, asio::execution::context);
}

/// Where a handler with executor `ex` is to run: in the loop's own turns, as a step of `task`
/// where there is one, or else elsewhere.
struct home {
    bool here = false;
    task_state* task = nullptr;
};

template <class Executor>
home home_of(const loop_core& core, const Executor& ex) noexcept
{
    if constexpr (std::is_same_v<Executor, asio::any_io_executor>) {
        if (const auto* task = ex.template target<loop_task_executor>())
            return home_of(core, *task);
        if (const auto* plain = ex.template target<loop_executor>())
            return home_of(core, *plain);
    } else if constexpr (std::is_same_v<Executor, loop_task_executor>) {
        if (&io_context_of(ex.inner()) == &core.io())
            return {true, ex.task()};
    } else if constexpr (std::is_same_v<Executor, loop_executor>) {
        return {&io_context_of(ex) == &core.io(), nullptr};
    }
    return {};
}

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/task_executor.ipp>
#endif
