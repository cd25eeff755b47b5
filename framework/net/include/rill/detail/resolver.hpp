// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/needs_net.hpp>
#include <rill/resolver.hpp>

#include <memory>
#include <string>
#include <vector>

namespace rill::RILL_FORM::net_detail {

/// The names of one loop and network: the addresses of hosts, and what is kept of them.
class resolver {
public:
    /// `source` is asked where the options name none; not null.
    resolver(std::shared_ptr<name_source> source, const resolver_options& options);

    /// Look-ups that are under way end with operation_aborted.
    ~resolver();

    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    /// See look_up.
    awaitable<std::vector<endpoint>> endpoints_of(std::string host, unsigned short port);

    /// See look_up_name.
    awaitable<std::string> name_of(asio::ip::address address);

    /// See set_resolver.
    void configure(const resolver_options& options);

    /// What is kept of `host` has proved wrong: it is asked for again.
    void forget(const std::string& host);

private:
    struct state;

    const std::shared_ptr<name_source> source_;
    std::shared_ptr<state> state_; // look-ups that are under way keep theirs
};

} // namespace rill::RILL_FORM::net_detail
