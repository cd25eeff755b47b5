// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/once.hpp>

namespace rill::RILL_FORM {

namespace detail {

template <class T>
class once_state {
    using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

public:
    std::string name;
    std::optional<stored> value;
    std::shared_ptr<shared_work<void>>
        work; // an attempt, or one that was cancelled before it began
    std::size_t begun = 0;
    bool gone = false; // the once is

    bool running() const noexcept { return work && !work->ended(); }

    template <class F>
    static void begin(
        const std::shared_ptr<once_state>& self,
        const asio::any_io_executor& ex,
        F fn,
        std::source_location where
    )
    {
        const auto started = std::make_shared<shared_work<void>>();
        started->start(ex, bind_coroutine(&attempt<F>, self, std::move(fn)), self->name, where);
        self->work = started;
        ++self->begun;
    }

private:
    /// The attempt is over, also where its frame is only destroyed.
    struct over {
        once_state& state;

        ~over() { state.work.reset(); }
    };

    template <class F>
    static awaitable<void> attempt(std::shared_ptr<once_state> self, F fn)
    {
        const over at_end{*self};
        if constexpr (std::is_void_v<T>) {
            co_await fn();
            self->value.emplace();
        } else {
            self->value.emplace(co_await fn());
        }
    }
};

} // namespace detail

template <class T>
once<T>::once(std::string name)
    : state_(std::make_shared<detail::once_state<T>>())
{
    state_->name = std::move(name);
}

template <class T>
once<T>::~once()
{
    state_->gone = true;
    if (const auto work = state_->work)
        work->cancel();
}

template <class T>
template <coroutine_function F>
awaitable<detail::shared_value_t<T>> once<T>::run(F fn, std::source_location where)
{
    const auto state = state_;
    while (!state->value) {
        const asio::any_io_executor here = co_await asio::this_coro::executor;
        if (detail::current.task && detail::current.task->next_wait_throws())
            detail::throw_cancelled(); // nothing is begun for one who cannot wait
        if (!state->running())
            detail::once_state<T>::begin(state, here, std::move(fn), where);
        const auto work = state->work;
        if (work->abandoned()) {
            co_await work->end();
        } else {
            co_await work->join();
            work->result();
        }
        if (state->gone) // the work that it waited for was told to stop, whatever came of it
            throw cancelled_error(nullptr);
    }
    if constexpr (!std::is_void_v<T>)
        co_return std::ref(*state->value);
}

template <class T>
bool once<T>::done() const noexcept
{
    return state_->value.has_value();
}

template <class T>
std::add_lvalue_reference_t<T> once<T>::get() const
{
    if (!state_->value)
        throw invalid_state("rill::once: '" + state_->name + "' is not done");
    if constexpr (!std::is_void_v<T>)
        return *state_->value;
}

template <class T>
once_statistics once<T>::statistics() const noexcept
{
    const auto& work = state_->work;
    return {done(), state_->running(), work ? work->callers() : 0, state_->begun};
}

} // namespace rill::RILL_FORM
