// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/loop.hpp>

#include <rill/open_connection.hpp>
#include <rill/server.hpp>
#include <rill/testing/network.hpp>

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// A network with a client and a server.
class two_hosts {
public:
    test::loop loop;
    rill::testing::network net{loop};
    rill::testing::host server = net.host("server");
    rill::testing::host client = net.host("client");

    /// The seed is that of RILL_TEST_SEED in the environment, or else 1.
    explicit two_hosts(std::uint64_t seed = rill::testing::options().seed())
    {
        rill::detail::loop_core::of(loop.context()).random.seed(seed);
    }

    rill::server
    listen(rill::server::handler h, const char* at = "*:7", const rill::server_options& o = {})
    {
        const auto here = server.enter();
        return {loop.executor(), std::move(h), rill::listen_address::parse(at), o};
    }

    /// Runs `body` on the client to its end, and gives what it returns.
    template <class F>
    auto run(F body)
    {
        const auto here = client.enter();
        return loop.run(std::move(body));
    }

    rill::duration elapsed() const { return loop.now() - begun_; }

private:
    rill::time_point begun_ = loop.now();
};

/// Sends back what comes, to the end of it.
inline rill::awaitable<void> echo_back(rill::stream s)
{
    for (;;) {
        const std::string some = co_await s.reader().read(64 * 1024);
        if (some.empty())
            break;
        s.writer().write(some);
        co_await s.writer().drain();
    }
}

/// Keeps the connection until the test lets go of it.
class keeper {
public:
    rill::server::handler handler()
    {
        return [this](rill::stream s) -> rill::awaitable<void> {
            streams.push_back(std::move(s));
            co_return;
        };
    }

    std::vector<rill::stream> streams;
};

/// What comes, to the end; then " reset" if that is no good end.
inline rill::awaitable<std::string> all_of(rill::stream& s)
{
    std::string all;
    try {
        for (;;) {
            const std::string some = co_await s.reader().read(64 * 1024);
            if (some.empty())
                co_return all;
            all += some;
        }
    } catch (const rill::system_error&) {
        co_return all + " reset";
    }
}

inline rill::error_code how_it_failed(const std::exception_ptr& error)
{
    try {
        std::rethrow_exception(error);
    } catch (const rill::system_error& e) {
        return e.code();
    }
}

/// The error that `body`, an awaitable or an operation, ends with; none if it does not.
template <class Body>
rill::awaitable<rill::error_code> error_of(Body body)
{
    try {
        co_await std::move(body);
    } catch (const rill::system_error& e) {
        co_return e.code();
    }
    co_return rill::error_code();
}

} // namespace test
