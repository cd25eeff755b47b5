// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/settings.hpp>
#include <rill/app/tcp_settings.hpp>
#include <rill/clock.hpp>
#include <rill/schema.hpp>

namespace echo {

using namespace std::chrono_literals;

/// What is sent back.
enum class mode {
    raw,  // every byte, as it comes
    line, // whole lines
};
BOOST_DESCRIBE_ENUM(mode, raw, line)

/// How a client is served.
struct session_settings {
    rill::duration idle_timeout = 60s;
    echo::mode mode = echo::mode::raw;
};
BOOST_DESCRIBE_STRUCT(session_settings, (), (idle_timeout, mode))

inline void describe(rill::schema<session_settings>& s)
{
    s.about("How a client is served.");
    s.key(&session_settings::idle_timeout, "Silence after which a client is disconnected.")
        .range(1ms, 24h)
        .or_never();
    s.key(
        &session_settings::mode,
        "raw sends back every byte as it comes; line sends back whole lines."
    );
}

/// Settings of the echo service; the defaults are those shown in conf/echo.toml.
struct config {
    rill::app::tcp_settings server{"127.0.0.1:7007"};
    session_settings session;
    rill::app::settings service;
};
BOOST_DESCRIBE_STRUCT(config, (), (server, session, service))

inline void describe(rill::schema<config>& s)
{
    s.about("Echo service: sends back over TCP what it receives.");
}

} // namespace echo
