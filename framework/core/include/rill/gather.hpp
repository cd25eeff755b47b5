// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/wait/end_watch.hpp>
#include <rill/outcome.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <ranges>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

namespace detail {

template <class... Members>
using gathered_t = std::conditional_t<
    (std::is_void_v<member_result_t<Members>> && ...),
    void,
    std::tuple<value_of_t<member_result_t<Members>>...>>;

template <class R>
using range_member_t = std::remove_cvref_t<std::ranges::range_value_t<R>>;

template <class R>
using gathered_range_t = std::conditional_t<
    std::is_void_v<member_result_t<range_member_t<R>>>,
    void,
    std::vector<value_of_t<member_result_t<range_member_t<R>>>>>;

} // namespace detail

/// A range of awaitables, tasks or futures of one type.
template <class R>
concept member_range = std::ranges::input_range<R> && std::movable<std::remove_cvref_t<R>> &&
                       detail::group_member<std::ranges::range_value_t<R>>;

namespace detail {

/// A range that was given to a combinator, as its own.
template <class R>
std::remove_cvref_t<R> kept(R&& members)
{
    constexpr bool named = std::is_lvalue_reference_v<R>;
    constexpr bool copied =
        std::copy_constructible<range_member_t<R>> || std::ranges::view<std::remove_cvref_t<R>>;
    static_assert(
        !named || copied,
        "an awaitable is awaited once, and cannot be copied: give the range away with std::move"
    );
    if constexpr (!named || copied)
        return std::forward<R>(members);
    else
        return std::move(members); // an error less to be read
}

} // namespace detail

/// Runs the members at the same time and gives their results in the order of the arguments: a tuple
/// in which void is std::monostate, or void if all are. Mirrors asyncio.gather.
///
/// A member is an awaitable or a callable that gives one, which becomes a task of the loop, started
/// in the order of the arguments; or a task or future that exists already. The first error, a
/// cancellation of a member included, is thrown unchanged as soon as it happens, and the other
/// members run on: where they should not, use with_task_group. Their later errors count as seen.
/// Results that cannot be copied are taken out of their tasks.
///
/// std::logic_error for a member of another loop, before anything has started.
/// Cancellation: goes on to all members that have not ended; it is thrown when they have.
template <detail::group_member... Members>
awaitable<detail::gathered_t<Members...>> gather(Members... members);

/// The same for a range, as a vector of results. A range of awaitables is given away with std::move;
/// one of tasks may be copied.
template <member_range R>
awaitable<detail::gathered_range_t<R>>
gather(R&& members, std::source_location place = std::source_location::current());

/// The same, but waits for all and throws nothing of theirs: errors stand at their places. Mirrors
/// gather(return_exceptions=True). Cancellation is thrown as above.
template <detail::group_member... Members>
awaitable<std::tuple<outcome<detail::member_result_t<Members>>...>>
gather_settled(Members... members);

template <member_range R>
awaitable<std::vector<outcome<detail::member_result_t<detail::range_member_t<R>>>>>
gather_settled(R&& members, std::source_location place = std::source_location::current());

} // namespace rill::RILL_FORM

#include <rill/impl/gather.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/gather.ipp>
#endif
