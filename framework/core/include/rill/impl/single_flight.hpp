// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/single_flight.hpp>

namespace rill::RILL_FORM {

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
        self->flights.insert_or_assign(key, started);
        try {
            started->start(ex, std::move(body), self->name, where);
        } catch (...) {
            self->remove(key, *started);
            throw;
        }
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
