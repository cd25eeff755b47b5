// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/gather.hpp>

#include <cstddef>
#include <source_location>
#include <utility>
#include <variant>

namespace rill::RILL_FORM {

/// Runs the members at the same time until the first has ended, cancels the others, waits for their
/// ends, and gives the first one's result in a variant whose index() is that of the argument; void
/// is std::monostate. Its error is thrown unchanged. asyncio has wait(FIRST_COMPLETED) for it.
///
/// What the others gave nevertheless, errors included, is dropped: where nothing may be lost, use
/// select, which takes operations and tasks. Members are as for gather.
/// Cancellation: goes on to all; it is thrown when they have ended, unless there is a winner.
template <detail::group_member... Members>
    requires(sizeof...(Members) > 0)
awaitable<std::variant<detail::value_of_t<detail::member_result_t<Members>>...>>
race(Members... members);

/// The first result of a range, and its index. std::invalid_argument if the range is empty.
template <member_range R>
awaitable<
    std::pair<std::size_t, detail::value_of_t<detail::member_result_t<detail::range_member_t<R>>>>>
race(R&& members, std::source_location place = std::source_location::current());

// Implementation

namespace detail {

/// Waits until the race is over; which one won.
template <class Add>
awaitable<std::size_t>
wait_for_first(loop_core& core, std::size_t size, Add add_all, std::source_location place)
{
    gathering all(size, until::first_end);
    add_all(all);
    if (all.decided()) // before the race began
        all.cancel_all(make_reason(cancel_origin::sibling, "another one was faster"));
    if (!all.over()) {
        gather_operation ended(std::in_place, core, all, place);
        co_await std::move(ended);
    }
    co_return all.decisive();
}

} // namespace detail

template <detail::group_member... Members>
    requires(sizeof...(Members) > 0)
awaitable<std::variant<detail::value_of_t<detail::member_result_t<Members>>...>>
race(Members... members)
{
    using result_type = std::variant<detail::value_of_t<detail::member_result_t<Members>>...>;
    auto& core = detail::loop_core::of(co_await asio::this_coro::executor);
    auto handles = detail::start_all(core, members...);
    const auto add_all = [&handles](detail::gathering& all) {
        std::apply(
            [&](const auto&... h) { (all.add(*detail::handle_access::state(h)), ...); }, handles
        );
    };
    const std::size_t first =
        co_await detail::wait_for_first(core, sizeof...(Members), add_all, std::source_location());
    std::optional<result_type> result;
    const auto take = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
        using member = std::tuple_element_t<I, std::tuple<Members...>>;
        if (I == first)
            result.emplace(
                std::in_place_index<I>,
                detail::take_value(std::get<I>(handles), detail::owned<member>)
            );
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (take(std::integral_constant<std::size_t, I>()), ...);
    }(std::index_sequence_for<Members...>());
    co_return std::move(*result);
}

namespace detail {

template <class R>
awaitable<std::pair<std::size_t, value_of_t<member_result_t<range_member_t<R>>>>>
race_range(R members, std::source_location place)
{
    loop_core& core = loop_core::of(co_await asio::this_coro::executor);
    auto handles = start_range(core, members, place);
    if (handles.empty())
        throw std::invalid_argument("rill::race: there is nobody to win");
    const auto add_all = [&handles](gathering& all) {
        for (const auto& h : handles)
            all.add(*handle_access::state(h));
    };
    const std::size_t first = co_await wait_for_first(core, handles.size(), add_all, place);
    using value = value_of_t<member_result_t<range_member_t<R>>>;
    constexpr bool own = owned<range_member_t<R>>;
    co_return std::pair<std::size_t, value>(first, take_value(handles[first], own));
}

} // namespace detail

template <member_range R>
awaitable<
    std::pair<std::size_t, detail::value_of_t<detail::member_result_t<detail::range_member_t<R>>>>>
race(R&& members, std::source_location place)
{
    return detail::race_range(detail::kept(std::forward<R>(members)), place);
}

} // namespace rill::RILL_FORM
