// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/gather.hpp>

namespace rill::RILL_FORM {

namespace detail {

/// What a gathering waits for.
enum class until { all_ended, first_error, first_end };

/// The wait for several ends at once. Whoever waits is its only waiter.
class gathering final : public end_observer {
public:
    gathering(std::size_t size, until when)
        : watches_(std::make_unique<end_watch[]>(size))
        , when_(when)
    {
        states_.reserve(size);
    }

    gathering(const gathering&) = delete;
    gathering& operator=(const gathering&) = delete;

    /// The states are kept by their handles.
    void add(completion_state& state);

    bool over() const noexcept;

    /// Which member decided: the first error, or the first end.
    std::size_t decisive() const noexcept { return decisive_; }

    bool decided() const noexcept { return decisive_ != none; }

    void cancel_all(const cancel_reason_ptr& why);

    /// Cancelled from outside: ends when all have ended.
    void cancel(const cancel_reason_ptr& why)
    {
        cancelled_ = true;
        cancel_all(why);
    }

    wait_line<> line;

private:
    static constexpr std::size_t none = SIZE_MAX;

    bool racing() const noexcept { return when_ == until::first_end; }

    void note(std::size_t index) noexcept;

    task_state* waiting_task() const noexcept override;

    void ended(std::size_t index) override;

    std::unique_ptr<end_watch[]> watches_;
    std::vector<completion_state*> states_;
    until when_;
    std::size_t running_ = 0;
    std::size_t decisive_ = none;
    bool cancelled_ = false;
};

class gather_waiter : public operation {
public:
    gather_waiter(loop_core& core, gathering& g, std::source_location where = {}) noexcept
        : operation(&core, where)
        , gathering_(&g)
    {}

protected:
    void start();

    void on_cancel();

    void describe_to(std::string& text) const { text = "several tasks"; }

private:
    gathering* gathering_;
};

using gather_operation = wait_operation<void(error_code), gather_waiter>;

/// Waits for `members`, a tuple of handles; throws the error that decided.
template <class Handles>
awaitable<void> wait_for_handles(loop_core& core, const Handles& handles, until when)
{
    gathering all(std::tuple_size_v<Handles>, when);
    std::apply(
        [&](const auto&... handle) { (all.add(*handle_access::state(handle)), ...); }, handles
    );
    if (!all.over()) {
        gather_operation ended(std::in_place, core, all);
        co_await std::move(ended);
    }
    if (!all.decided())
        co_return;
    std::size_t index = 0;
    std::apply(
        [&](const auto&... handle) {
            ((index++ == all.decisive() ? static_cast<void>(handle.result()) : void()), ...);
        },
        handles
    );
}

template <class Handle>
awaitable<void> wait_for_handles(
    loop_core& core, const std::vector<Handle>& handles, until when, std::source_location place
)
{
    gathering all(handles.size(), when);
    for (const Handle& handle : handles)
        all.add(*handle_access::state(handle));
    if (!all.over()) {
        gather_operation ended(std::in_place, core, all, place);
        co_await std::move(ended);
    }
    if (all.decided())
        static_cast<void>(handles[all.decisive()].result());
}

template <class... Members>
std::tuple<handle_of_t<Members>...> start_all(loop_core& core, Members&... members)
{
    [[maybe_unused]] const std::tuple<never_missed<Members>...> refused(members...);
    (static_cast<void>(existing_state(members)), ...); // throws for one that cannot be awaited here
    return std::tuple<handle_of_t<Members>...>{as_handle(core, members, std::source_location())...};
}

template <class R>
std::vector<handle_of_t<range_member_t<R>>>
start_range(loop_core& core, R& members, std::source_location place)
{
    if constexpr (std::ranges::forward_range<R>)
        for (auto& member : members)
            static_cast<void>(existing_state(member));
    std::vector<handle_of_t<range_member_t<R>>> handles;
    if constexpr (std::ranges::sized_range<R>)
        handles.reserve(std::ranges::size(members));
    for (auto& member : members)
        handles.push_back(as_handle(core, member, place));
    return handles;
}

template <class Handle>
outcome<typename Handle::value_type> outcome_of_handle(const Handle& handle, bool move)
{
    outcome<typename Handle::value_type> result;
    if (const auto error = handle.exception())
        result.set_exception(error);
    else if constexpr (std::is_void_v<typename Handle::value_type>)
        result.set_value();
    else
        result.set_value(take_result(handle, move));
    return result;
}

/// Whether a member's task is the combinator's own, whose result nobody else has.
template <class M>
inline constexpr bool owned = !awaited_handle<M>;

template <class R>
awaitable<gathered_range_t<R>> gather_range(R members, std::source_location place)
{
    loop_core& core = loop_core::of(co_await asio::this_coro::executor);
    auto handles = start_range(core, members, place);
    auto ended = wait_for_handles(core, handles, until::first_error, place);
    co_await std::move(ended);
    if constexpr (!std::is_void_v<gathered_range_t<R>>) {
        gathered_range_t<R> results;
        results.reserve(handles.size());
        for (const auto& handle : handles)
            results.push_back(take_value(handle, owned<range_member_t<R>>));
        co_return results;
    }
}

template <class R>
awaitable<std::vector<outcome<member_result_t<range_member_t<R>>>>>
settle_range(R members, std::source_location place)
{
    loop_core& core = loop_core::of(co_await asio::this_coro::executor);
    auto handles = start_range(core, members, place);
    auto ended = wait_for_handles(core, handles, until::all_ended, place);
    co_await std::move(ended);
    std::vector<outcome<member_result_t<range_member_t<R>>>> results;
    results.reserve(handles.size());
    for (const auto& handle : handles)
        results.push_back(outcome_of_handle(handle, owned<range_member_t<R>>));
    co_return results;
}

} // namespace detail

template <detail::group_member... Members>
awaitable<detail::gathered_t<Members...>> gather(Members... members)
{
    auto& core = detail::loop_core::of(co_await asio::this_coro::executor);
    auto handles = detail::start_all(core, members...);
    auto ended = detail::wait_for_handles(core, handles, detail::until::first_error);
    co_await std::move(ended);
    if constexpr (!std::is_void_v<detail::gathered_t<Members...>>)
        co_return std::apply(
            [](const auto&... handle) {
                return detail::gathered_t<Members...>{
                    detail::take_value(handle, detail::owned<Members>)...
                };
            },
            handles
        );
}

template <member_range R>
awaitable<detail::gathered_range_t<R>> gather(R&& members, std::source_location place)
{
    return detail::gather_range(detail::kept(std::forward<R>(members)), place);
}

template <detail::group_member... Members>
awaitable<std::tuple<outcome<detail::member_result_t<Members>>...>>
gather_settled(Members... members)
{
    auto& core = detail::loop_core::of(co_await asio::this_coro::executor);
    auto handles = detail::start_all(core, members...);
    auto ended = detail::wait_for_handles(core, handles, detail::until::all_ended);
    co_await std::move(ended);
    co_return std::apply(
        [](const auto&... handle) {
            return std::tuple<outcome<detail::member_result_t<Members>>...>{
                detail::outcome_of_handle(handle, detail::owned<Members>)...
            };
        },
        handles
    );
}

template <member_range R>
awaitable<std::vector<outcome<detail::member_result_t<detail::range_member_t<R>>>>>
gather_settled(R&& members, std::source_location place)
{
    return detail::settle_range(detail::kept(std::forward<R>(members)), place);
}

} // namespace rill::RILL_FORM
