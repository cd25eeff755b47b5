// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/shared_work.hpp>

#include <boost/asio/this_coro.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {

template <class Key, class T, class Hash, class Equal>
class flight_table;

} // namespace detail

struct single_flight_statistics {
    std::size_t flights; ///< Keys whose work is under way.
    std::size_t waiting; ///< Those who wait for it.
    std::size_t begun;   ///< Executions that were begun.
    std::size_t shared;  ///< Callers that found one under way.
};

/// Work that those share who want the same at the same time: a cache that many miss at once asks
/// its backend once. As Go's singleflight, for the tasks of one loop.
///
///     rill::single_flight<std::string, profile> profiles;
///     const profile p = co_await profiles.run(id, [&] { return database.load(id); });
///
/// The work runs as a task of its own, with the context of whoever caused it. Each caller gets a
/// copy of its value, or its error. Nothing is kept: who comes after its end begins anew.
///
/// Cancellation: a caller that is cancelled leaves, and the others do not notice. With the last one
/// the work is cancelled, and who comes then begins anew at once. An error of its own
/// that nobody is left to see is reported to the loop's exception handler.
/// Destroyed, it cancels the work that was not forgotten, and those who wait end with it: as a rule
/// with operation_aborted.
///
/// It has no form for completion tokens: `asio::co_spawn(ex, flights.run(key, fn), token)` is that.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
template <
    std::copyable Key,
    class T = void,
    class Hash = std::hash<Key>,
    class Equal = std::equal_to<Key>>
    requires std::is_void_v<T> || std::copy_constructible<T>
class single_flight {
public:
    using key_type = Key;
    using value_type = T;

    /// `name` is that of the tasks, in messages and dumps.
    explicit single_flight(std::string name = "single_flight");
    ~single_flight();

    single_flight(const single_flight&) = delete;
    single_flight& operator=(const single_flight&) = delete;

    /// Gives what the work for `key` gives, or throws what it throws: that which is under way, or
    /// else fn(), a new one. `fn` is kept until its coroutine has ended.
    template <coroutine_function F>
    awaitable<T> run(Key key, F fn, std::source_location where = std::source_location::current());

    /// The next caller with this key begins anew; those who wait go on waiting. Mirrors Forget.
    void forget(const Key& key);

    single_flight_statistics statistics() const noexcept;

private:
    using table = detail::flight_table<Key, T, Hash, Equal>;

    std::shared_ptr<table> table_; // the work and its callers may outlive this
};

} // namespace rill::RILL_FORM

#include <rill/impl/single_flight.hpp>
