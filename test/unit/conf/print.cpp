// SPDX-License-Identifier: BSL-1.0
#include "sample.hpp"

#include <rill/conf/print.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>

using rill::conf::sources;

TEST_CASE("print_config: every value in effect with its origin; secrets are masked")
{
    const auto settings = rill::conf::load<sample::config>(
        sources{}
            .text("workers = 4\n[server]\nlisten = \"a\\\"\\n:1\"\n", "conf/sample.toml")
            .environment({"RILL_SERVER__TLS__PASSWORD=hunter2"})
            .flag("server.retry_codes=429,503")
    );
    REQUIRE(settings);
    CHECK(rill::conf::print_config(settings) == R"(workers = 4  # conf/sample.toml:1:11
drain_timeout = "20s"  # default

[server]
listen = "a\"\n:1"  # conf/sample.toml:3:10
port = 8080  # default
max_connections = 1000  # default
idle_timeout = "60s"  # default
read_buffer = "64KiB"  # default
write_buffer = "64KiB"  # default
mode = "raw"  # default
rate = 1.5  # default
keep_alive = true  # default
allowed_hosts = ["localhost"]  # default
retry_codes = [429, 503]  # command line

[server.tls]
certificate = ""  # default
password = "***"  # environment variable RILL_SERVER__TLS__PASSWORD

[log]
level = "info"  # default
)");
}

TEST_CASE("print_config: what is not set is said, and the text is a conf file again")
{
    const auto text = rill::conf::print_config(rill::conf::load<sample::config>({}));
    CHECK(text.find("# password is not set\n") != std::string::npos);
    CHECK(rill::conf::load<sample::config>(sources{}.text(text, "f")));
}

TEST_CASE("reference: help, unit and range stand above each key at its default")
{
    CHECK(rill::conf::reference<sample::config>() == R"(# Sample service: has a key of every sort.
# Every key is optional; the value shown is its default.

# Threads, each with a loop of its own. 0 takes one per core.
# An integer from 0 to 1024.
workers = 0

# How long running requests may take to finish on SIGTERM.
drain_timeout = "20s"

# Where the service listens and whom it serves.
[server]
# Address and port to listen on. Port 0 takes any free one.
# Must be an address with a port, such as "127.0.0.1:7007".
listen = "127.0.0.1:7007"

# Port of the second listener.
# An integer from 1 to 65535.
port = 8080

# Clients served at once; more wait in the accept queue.
# An integer from 1 to 1000000, in connections.
max_connections = 1000

# Silence after which a client is disconnected. 0s means never.
# A duration from 0s to 24h.
idle_timeout = "60s"

# Read ahead of a client.
# A size of at least 512B.
read_buffer = "64KiB"

# Kept for a client that reads slowly.
# A size of at most 1MiB.
write_buffer = "64KiB"

# What is sent back.
# "raw", "line" or "message".
mode = "raw"

# Requests per second of one client.
# A number from 0.1 to 1e+06.
rate = 1.5

# Whether a connection serves more than one request.
keep_alive = true

# Names under which the service may be called.
allowed_hosts = ["localhost"]

# Status codes after which a client may try again.
# A list, each item an integer from 400 to 599.
retry_codes = []

# Encryption of what clients send.
[server.tls]
# File with the certificate chain. Empty means no encryption.
certificate = ""

# Password of the private key.
# Secret: printed as ***.
# Not set unless given, as in:
# password = "correct horse"

# What is logged.
[log]
# The least important lines that are still written.
# "debug", "info", "warning" or "error".
level = "info"
)");
}

TEST_CASE("reference: loaded as a file it changes nothing")
{
    const auto settings = rill::conf::load<sample::config>(
        sources{}.text(rill::conf::reference<sample::config>(), "f")
    );
    REQUIRE(settings);
    CHECK(settings->server.idle_timeout == sample::server{}.idle_timeout);
    CHECK(settings->server.allowed_hosts == sample::server{}.allowed_hosts);
}

namespace {

struct talkative {
    int key = 0;
};
BOOST_DESCRIBE_STRUCT(talkative, (), (key))

void describe(rill::schema<talkative>& s)
{
    s.key(
        &talkative::key,
        "A help text that is much longer than one line and has to be wrapped, so that it can be "
        "read "
        "without a sideways look in any editor, whatever its width may be."
    );
}

} // namespace

TEST_CASE("reference: help is wrapped at 90 columns")
{
    std::istringstream lines{rill::conf::reference<talkative>()};
    std::size_t longest = 0;
    for (std::string line; std::getline(lines, line);)
        longest = std::max(longest, line.size());
    CHECK(longest <= 90);
    CHECK(longest > 70);
}
