// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "peer_count.hpp"

#include <rill/detail/net_detail.hpp>
#include <rill/endpoint.hpp>
#include <rill/log_limited.hpp>
#include <rill/server_options.hpp>

#include <optional>
#include <string>

namespace rill::RILL_FORM::net_detail {

class server_journal;

/// Whom a server lets in, by where he comes from. Who is refused is counted, and told at most once a
/// minute.
class admission {
public:
    /// Both are kept.
    admission(const server_options& options, server_journal& journal) noexcept
        : options_(options)
        , journal_(journal)
    {}

    /// What a connection from there has to keep; empty if it is refused. One that is passed on is
    /// somebody else's, who is not known yet.
    std::optional<peer_place> admit_connection(const endpoint& peer);

    /// The same for one whose client is known.
    std::optional<peer_place> admit(const endpoint& client);

    /// Whether he passes on what others send, and says whose it is.
    bool is_relay(const endpoint& peer) const;

    /// Counts and logs one whose header was wrong, missing or too late.
    void on_wrong_header(const endpoint& relay, const std::string& why);

private:
    bool is_served(const endpoint& client) const;

    const server_options& options_;
    server_journal& journal_;
    log::limited denied_;
    log::limited too_many_;
    log::limited wrong_header_;
};

} // namespace rill::RILL_FORM::net_detail
