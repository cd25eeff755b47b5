// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/app/http_settings.hpp>
#include <rill/app/settings.hpp>
#include <rill/schema.hpp>

namespace hello {

/// Settings of the hello service; the defaults are those shown in conf/hello.toml.
struct config {
    rill::app::http_settings server;
    rill::app::settings service;
};
BOOST_DESCRIBE_STRUCT(config, (), (server, service))

inline void describe(rill::schema<config>& s)
{
    s.about("Hello service: an HTTP service that greets.");
}

} // namespace hello
