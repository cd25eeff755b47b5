// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "exchange.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// Where a driver puts what has come.
inline std::span<char> space_of(rill::http::detail::exchange& peer)
{
    return peer.space(64 * 1024, rill::extend::byte_buffer::memory::pooled);
}

/// An exchange, and a driver that has no loop: bytes that have arrived, room for bytes to be
/// written, and a clock that the test moves.
class conversation {
public:
    using exchange = rill::http::detail::exchange;
    using action = exchange::action;

    explicit conversation(const rill::http::settings& l = {})
        : server(l)
    {
        server.wall_time = 784111777;
    }

    rill::net_detail::buffer_pool_ptr blocks{new rill::net_detail::buffer_pool};
    rill::net_detail::buffer_pool& pool = *blocks;
    rill::http::detail::server_facts server;
    exchange peer{server, pool};

    /// What answers; at first the target, and the content if there is any. Without it, requests
    /// stay unanswered.
    std::function<rill::http::response(rill::http::request&)> handler = [](rill::http::request& r) {
        return rill::http::text(std::string(r.target()) + std::string(r.body()));
    };

    /// What is refused when it is offered; at first nothing. Without it, offers stay open.
    std::function<std::optional<rill::http::response>(rill::http::request&)> refusal =
        [](rill::http::request&) { return std::nullopt; };

    std::size_t room = std::numeric_limits<std::size_t>::max(); ///< For bytes to be written.

    // What became of it

    std::vector<std::string> asked;   ///< Method, target and content of each request.
    std::vector<std::string> written; ///< What left in one go.
    int pauses = 0;
    bool ended_writing = false;

    /// Everything that was written.
    std::string output() const
    {
        std::string all;
        for (const auto& piece : written)
            all += piece;
        return all;
    }

    /// The statuses of all responses, in order.
    std::vector<int> statuses() const
    {
        std::vector<int> all;
        const std::string text = output();
        for (auto at = text.find("HTTP/1.1 "); at != text.npos; at = text.find("HTTP/1.1 ", at + 1))
            all.push_back(std::stoi(text.substr(at + 9, 3)));
        return all;
    }

    /// `bytes` arrive in one piece, and everything is done that can be. Gives the action that
    /// cannot: a read without bytes, a write without room, an ask or offer without somebody to answer,
    /// or close.
    action feed(std::string_view bytes)
    {
        arrived_.append(bytes);
        return run();
    }

    action run()
    {
        while (true) {
            const action next = peer.next();
            if (!perform(next))
                return next;
        }
    }

    /// Time passes in one go.
    void pass(rill::duration d) { server.clock.move_to(server.clock.now() + d); }

    /// How long what goes on may still take, by the clock: a tick more than its limit.
    rill::duration left() const
    {
        return peer.deadline() - server.clock.now() - server.clock.tick();
    }

private:
    bool perform(action next)
    {
        switch (next) {
        case action::read: return read();
        case action::write: return write();
        case action::offer: return offer();
        case action::ask: return ask();
        case action::pause: ++pauses; return true;
        case action::end_writing: ended_writing = true; return true;
        case action::close: break;
        }
        return false;
    }

    bool read()
    {
        if (arrived_.empty())
            return false;
        peer.received(fill(space_of(peer)));
        return true;
    }

    std::size_t fill(std::span<char> space)
    {
        const auto n = std::min(space.size(), arrived_.size());
        std::copy_n(arrived_.data(), n, space.data());
        arrived_.erase(0, n);
        return n;
    }

    bool write()
    {
        std::string taken;
        const auto unsent = peer.unsent();
        for (const auto& piece : std::span<const boost::asio::const_buffer>(unsent))
            taken.append(static_cast<const char*>(piece.data()), piece.size());
        taken.resize(std::min(room, taken.size()));
        if (taken.empty())
            return false;
        room -= taken.size();
        peer.sent(taken.size());
        written.push_back(std::move(taken));
        return true;
    }

    bool offer()
    {
        if (!refusal)
            return false;
        if (auto answer = refusal(peer.request()))
            peer.unwanted(*std::move(answer));
        else
            peer.wanted();
        return true;
    }

    bool ask()
    {
        if (!handler)
            return false;
        auto& r = peer.request();
        asked.push_back(
            std::string(r.method_name()) + " " + std::string(r.target()) + " " +
            std::string(r.body())
        );
        auto response = handler(r);
        peer.answer(response);
        return true;
    }

    std::string arrived_;
};

} // namespace test
