// SPDX-License-Identifier: BSL-1.0
#include "connect_race.hpp"

#include "sockets.hpp"

#include <rill/cancel_scope.hpp>
#include <rill/detail/network_backend.hpp>
#include <rill/event.hpp>
#include <rill/task_group.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

sa_family_t family_of(const endpoint& e)
{
    return e.data()->sa_family;
}

/// Null if there is none.
const endpoint* local_for(const endpoint& to, const std::vector<endpoint>& local)
{
    const auto at = std::find_if(local.begin(), local.end(), [&](const endpoint& l) {
        return family_of(l) == family_of(to);
    });
    return at == local.end() ? nullptr : &*at;
}

/// Of the loop's network. Throws if there is none to be had.
stream_socket
open_for(const endpoint& to, const endpoint* from, const socket_options& options, loop_core& core)
{
    if (auto* simulation = network_service::of(core).backend())
        return simulation->open_stream(to, from);
    stream_socket socket(core.executor());
    unique_fd fd = open_socket(to, "opening a socket");
    set_options(fd.get(), to, options, "a socket that is to be connected");
    if (from)
        bind_for_connect(fd.get(), *from);
    socket.assign(to.protocol(), fd.get());
    fd.release();
    return socket;
}

awaitable<error_code> connect(stream_socket& socket, const endpoint& to)
{
    auto connecting = socket.async_connect(to, asio::as_tuple(asio::deferred));
    const auto [ec] = co_await std::move(connecting);
    if (ec == condition::cancelled)
        throw system_error(ec);
    co_return ec;
}

class race {
public:
    race(
        loop_core& core,
        std::vector<endpoint> all,
        const connect_options& options,
        connect_story& story
    )
        : core_(core)
        , all_(std::move(all))
        , options_(options)
        , story_(story)
        , latest_failed_(core.executor())
    {}

    /// Empty if every address has failed.
    awaitable<std::optional<stream_socket>> run()
    {
        co_await with_task_group([this](task_group& group) { return begin_all(group); });
        co_return std::move(winner_);
    }

private:
    awaitable<void> begin_all(task_group& group)
    {
        for (const endpoint& to : all_) {
            const endpoint* const from = local_for(to, options_.local);
            const std::size_t index = story_.begin_attempt(to, from);
            latest_ = index;
            latest_failed_.clear();
            const auto trying = [this, &group, &to, from, index] {
                return attempt(group, to, from, index);
            };
            group.create_task(trying, "connect to " + to_string(to));
            co_await move_on_after(options_.delay, latest_failed_.wait());
        }
    }

    awaitable<void>
    attempt(task_group& group, const endpoint& to, const endpoint* from, std::size_t index)
    {
        std::optional<stream_socket> socket;
        const error_code ec = co_await try_to_connect(socket, to, from);
        story_.end_attempt(index, ec);
        if (ec) {
            if (index == latest_)
                latest_failed_.set();
        } else if (!winner_) { // another one may have answered in the same turn
            winner_ = std::move(socket);
            group.cancel("another address was faster");
        }
    }

    awaitable<error_code>
    try_to_connect(std::optional<stream_socket>& socket, const endpoint& to, const endpoint* from)
    {
        try {
            socket.emplace(open_for(to, from, options_.of_socket, core_));
        } catch (const system_error& e) {
            co_return e.code();
        }
        const auto done = co_await move_on_after(options_.attempt_limit, connect(*socket, to));
        co_return done.value_or(asio::error::timed_out);
    }

    loop_core& core_;
    const std::vector<endpoint> all_;
    const connect_options& options_;
    connect_story& story_;
    std::size_t latest_ = 0; // the attempt that was begun last
    event latest_failed_;
    std::optional<stream_socket> winner_;
};

} // namespace

std::vector<endpoint> in_turns(const std::vector<endpoint>& all)
{
    std::vector<endpoint> result;
    auto one = all.begin();   // of the first address's family
    auto other = all.begin(); // of another
    const auto next = [&](auto from, bool first_family) {
        return std::find_if(from, all.end(), [&](const endpoint& e) {
            return (family_of(e) == family_of(all.front())) == first_family;
        });
    };
    while (result.size() < all.size()) {
        if ((one = next(one, true)) != all.end())
            result.push_back(*one++);
        if ((other = next(other, false)) != all.end())
            result.push_back(*other++);
    }
    return result;
}

awaitable<stream_socket>
connect_to_first(std::vector<endpoint> all, const connect_options& options, connect_story& story)
{
    if (!options.local.empty())
        std::erase_if(all, [&](const endpoint& e) { return !local_for(e, options.local); });
    if (all.empty())
        story.fail(
            asio::error::address_family_not_supported,
            "none of its addresses is of the family of the local address"
        );
    loop_core& core = loop_core::of(co_await asio::this_coro::executor);
    race all_addresses(core, in_turns(all), options, story);
    std::optional<stream_socket> socket = co_await all_addresses.run();
    if (!socket)
        story.fail_of_attempts();
    co_return std::move(*socket);
}

} // namespace rill::RILL_FORM::net_detail
