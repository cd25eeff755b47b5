// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/error.hpp>
#include <rill/pool.hpp>
#include <rill/sleep.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace test {

/// Where the things of a pool come from, and what a test makes them do.
struct workshop {
    rill::duration opening{};  // how long it takes
    rill::duration checking{}; // or bringing into order
    bool shut = false;         // opening fails
    bool dead = false;         // checks say so
    bool beyond_repair = false;

    int begun = 0;   // openings
    int checked = 0; // and brought into order
    int repaired = 0;
    int alive = 0;
    int most_alive = 0; // at any time
};

/// What a pool keeps in these tests: it counts those that exist, and notices if two have the same.
class thing {
public:
    explicit thing(workshop& of)
        : number(of.begun)
        , of_(&of)
    {
        of.most_alive = std::max(of.most_alive, ++of.alive);
    }

    thing(thing&& other) noexcept
        : number(other.number)
        , untidy(other.untidy)
        , taken(other.taken)
        , of_(std::exchange(other.of_, nullptr))
    {}

    thing& operator=(thing&&) = delete;

    ~thing()
    {
        if (of_)
            --of_->alive;
    }

    int number; // counts from 1
    bool untidy = false;
    bool taken = false;

private:
    workshop* of_;
};

/// Opens things, and that is all.
struct opener {
    workshop* of;

    rill::awaitable<thing> operator()() const
    {
        ++of->begun;
        thing made(*of);
        co_await rill::sleep(of->opening);
        if (of->shut)
            throw rill::system_error(boost::asio::error::connection_refused);
        co_return made;
    }
};

/// The same, and knows how they are treated.
struct keeper : opener {
    bool reusable(const thing& t) const { return !t.untidy; }

    rill::awaitable<bool> restore(thing& t) const
    {
        co_await rill::sleep(of->checking);
        ++of->repaired;
        t.untidy = false;
        co_return !of->beyond_repair;
    }

    rill::awaitable<bool> check(thing&) const
    {
        ++of->checked;
        co_await rill::sleep(of->checking);
        co_return !of->dead;
    }
};

using thing_pool = rill::pool<thing>;
using thing_lease = rill::pool_lease<thing>;

/// Takes one and holds it for `d`; how that ended.
inline rill::awaitable<std::string> use_of(thing_pool& pool, rill::duration d = {})
{
    try {
        const thing_lease lease = co_await pool.acquire();
        co_await rill::sleep(d);
        co_return "done";
    } catch (const rill::timeout_error&) {
        co_return "timeout";
    } catch (const rill::system_error& e) {
        if (e.code() == boost::asio::error::connection_refused)
            co_return "refused";
        if (e.code() == rill::errc::closed)
            co_return "closed";
        throw;
    }
}

} // namespace test
