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

// Implementation

namespace detail {

template <class Key, class T, class Hash, class Equal>
class flight_table {
public:
    using flight = shared_work<T>;

    std::string name;
    std::unordered_map<Key, std::shared_ptr<flight>, Hash, Equal> flights; // those to be joined
    std::size_t waiting = 0;
    std::size_t begun = 0;
    std::size_t shared = 0;

    /// The work that can be joined. What was cancelled before it began has not removed itself.
    std::shared_ptr<flight> find(const Key& key) const
    {
        const auto at = flights.find(key);
        return at == flights.end() || at->second->ended() ? nullptr : at->second;
    }

    void remove(const Key& key, const flight& f) noexcept
    {
        const auto at = flights.find(key);
        if (at != flights.end() && at->second.get() == &f)
            flights.erase(at);
    }

    template <class F>
    static std::shared_ptr<flight> begin(
        const std::shared_ptr<flight_table>& self,
        const asio::any_io_executor& ex,
        const Key& key,
        F fn,
        std::source_location where
    )
    {
        const auto started = std::make_shared<flight>();
        auto body = bind_coroutine(&fly<F>, self, started, key, std::move(fn));
        started->start(ex, std::move(body), self->name, where);
        self->flights.insert_or_assign(key, started);
        ++self->begun;
        return started;
    }

    /// Somebody who waits; the last one takes out of the table what he has cancelled.
    class passenger {
    public:
        passenger(flight_table& t, const Key& key, const flight& f) noexcept
            : table_(t)
            , key_(key)
            , flight_(f)
        {
            ++table_.waiting;
        }

        ~passenger()
        {
            --table_.waiting;
            if (flight_.abandoned() || flight_.ended())
                table_.remove(key_, flight_);
        }

        passenger(const passenger&) = delete;
        passenger& operator=(const passenger&) = delete;

    private:
        flight_table& table_;
        const Key& key_;
        const flight& flight_;
    };

private:
    /// The work is over, also where its frame is only destroyed.
    struct removal {
        flight_table& table;
        const Key& key;
        const flight& flown; // kept till then: a new one must not have its address

        ~removal() { table.remove(key, flown); }
    };

    template <class F>
    static awaitable<T>
    fly(std::shared_ptr<flight_table> self, std::shared_ptr<flight> me, Key key, F fn)
    {
        const removal at_end{*self, key, *me};
        co_return co_await fn();
    }
};

} // namespace detail

template <std::copyable Key, class T, class Hash, class Equal>
    requires std::is_void_v<T> || std::copy_constructible<T>
single_flight<Key, T, Hash, Equal>::single_flight(std::string name)
    : table_(std::make_shared<table>())
{
    table_->name = std::move(name);
}

template <std::copyable Key, class T, class Hash, class Equal>
    requires std::is_void_v<T> || std::copy_constructible<T>
single_flight<Key, T, Hash, Equal>::~single_flight()
{
    const auto flights = std::exchange(table_->flights, {});
    for (const auto& [key, flight] : flights)
        flight->cancel();
}

template <std::copyable Key, class T, class Hash, class Equal>
    requires std::is_void_v<T> || std::copy_constructible<T>
template <coroutine_function F>
awaitable<T> single_flight<Key, T, Hash, Equal>::run(Key key, F fn, std::source_location where)
{
    const auto flights = table_;
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    auto flight = flights->find(key);
    if (flight)
        ++flights->shared;
    else
        flight = table::begin(flights, here, key, std::move(fn), where);
    {
        const typename table::passenger me(*flights, key, *flight);
        co_await flight->join();
    }
    co_return flight->result();
}

template <std::copyable Key, class T, class Hash, class Equal>
    requires std::is_void_v<T> || std::copy_constructible<T>
void single_flight<Key, T, Hash, Equal>::forget(const Key& key)
{
    table_->flights.erase(key);
}

template <std::copyable Key, class T, class Hash, class Equal>
    requires std::is_void_v<T> || std::copy_constructible<T>
single_flight_statistics single_flight<Key, T, Hash, Equal>::statistics() const noexcept
{
    return {table_->flights.size(), table_->waiting, table_->begun, table_->shared};
}

} // namespace rill::RILL_FORM
