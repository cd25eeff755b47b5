// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "config.hpp"
#include "traffic.hpp"

#include <rill/awaitable.hpp>
#include <rill/error.hpp>
#include <rill/idle_deadline.hpp>
#include <rill/stream.hpp>
#include <rill/timeout.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace relay {

/// A client and its server: what comes from one goes to the other, whose pace it goes at. Where one
/// has sent all, the other is told, and may still answer.
class conversation {
public:
    /// All must outlive it.
    conversation(
        rill::stream& client, rill::stream& server, const session_settings& settings, traffic& count
    );

    /// Returns once both have sent all; what one of them has said that is lost then is passed on still.
    /// What ends it early is counted and logged, and resets both:
    /// but whoever has got all that the other had to send is closed. So does a cancellation, which is
    /// thrown.
    rill::awaitable<void> run();

private:
    struct direction {
        rill::stream& from;
        rill::stream& to;
        const char* budget; // the setting's name
        std::optional<std::uint64_t> left;
        counter& bytes;
        bool ended = false; // it has sent all
    };

    rill::awaitable<void> run_in_time();
    rill::awaitable<void> run_while_busy(rill::timeout_scope& scope);
    rill::awaitable<void> pass_on(direction& d);
    rill::awaitable<void> pass_all_on(direction& d);
    void spend(direction& d, std::size_t bytes);
    void finish(direction& d);
    void end(counter& reason, const rill::system_error& error);
    void tell(counter& reason, const rill::system_error& error);
    void cut();

    const session_settings& settings_;
    traffic& count_;
    direction from_client_;
    direction from_server_;
    rill::timeout_scope* scope_ = nullptr; // null before it runs
    std::optional<rill::idle_deadline> idle_;
    bool over_ = false; // early
    bool told_ = false; // of what has gone wrong first
};

} // namespace relay
