// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/contains.hpp>
#include <support/network.hpp>
#include <support/tls_authority.hpp>

#include <rill/stream.hpp>
#include <rill/tls_context.hpp>

#include <optional>
#include <string>
#include <utility>

namespace test {

/// A TLS server on a simulated network, and who trusts it.
struct tls_hosts : two_hosts {
    tls_authority authority;
    tls_files files = authority.issue_local();
    rill::tls_context server_side = rill::tls_context::server(files.certificate, files.key);
    rill::tls_context client_side = rill::tls_context::client().trust(authority.file());

    rill::server serve(rill::server::handler h, const rill::server_options& o = {})
    {
        return listen(std::move(h), "*:7", rill::server_options(o).tls(server_side));
    }

    rill::awaitable<rill::stream> connect(std::string name = "server")
    {
        rill::stream s = co_await rill::open_connection("server", 7);
        co_await s.start_tls(client_side, std::move(name));
        co_return std::move(s);
    }

    rill::connect_options secured() const { return rill::connect_options().tls(client_side); }

    /// What a handshake with `name` fails with.
    std::optional<rill::tls_error> failure(const std::string& name = "server")
    {
        return run([&]() -> rill::awaitable<std::optional<rill::tls_error>> {
            try {
                co_await connect(name);
            } catch (const rill::tls_error& e) {
                co_return e;
            }
            co_return std::nullopt;
        });
    }
};

inline rill::awaitable<std::string> echoed(rill::stream& s, std::string text)
{
    s.writer().write(text);
    co_return co_await s.reader().read_exactly(text.size());
}

} // namespace test
