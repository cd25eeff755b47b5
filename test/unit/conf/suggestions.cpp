// SPDX-License-Identifier: BSL-1.0
#include "sample.hpp"

#include <rill/conf/load.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace {

/// Key names as services have them; many differ in a letter or two.
struct crowded {
    int listen = 0, workers = 0, backlog = 0, max_connections = 0, max_requests = 0, max_age = 0;
    int idle_timeout = 0, read_timeout = 0, write_timeout = 0, drain_timeout = 0, drain_delay = 0;
    int header_timeout = 0, keepalive_grace = 0, write_stall = 0, body_limit = 0, header_limit = 0;
    int body_gap = 0, body_rate = 0, read_limit = 0, write_high = 0, write_low = 0, trailers = 0;
    int port = 0, host = 0, path = 0, mode = 0, level = 0, format = 0, user = 0, name = 0;
};
BOOST_DESCRIBE_STRUCT(
    crowded,
    (),
    (listen,
     workers,
     backlog,
     max_connections,
     max_requests,
     max_age,
     idle_timeout,
     read_timeout,
     write_timeout,
     drain_timeout,
     drain_delay,
     header_timeout,
     keepalive_grace,
     write_stall,
     body_limit,
     header_limit,
     body_gap,
     body_rate,
     read_limit,
     write_high,
     write_low,
     trailers,
     port,
     host,
     path,
     mode,
     level,
     format,
     user,
     name)
)

const std::vector<std::string> names = {
    "listen",
    "workers",
    "backlog",
    "max_connections",
    "max_requests",
    "max_age",
    "idle_timeout",
    "read_timeout",
    "write_timeout",
    "drain_timeout",
    "drain_delay",
    "header_timeout",
    "keepalive_grace",
    "write_stall",
    "body_limit",
    "header_limit",
    "body_gap",
    "body_rate",
    "read_limit",
    "write_high",
    "write_low",
    "trailers",
    "port",
    "host",
    "path",
    "mode",
    "level",
    "format",
    "user",
    "name"
};

/// Every word that one slip of the finger makes of `word`.
std::set<std::string> typos_of(const std::string& word)
{
    const std::string letters = "abcdefghijklmnopqrstuvwxyz_";
    std::set<std::string> typos;
    for (std::size_t i = 0; i <= word.size(); ++i) {
        for (const char c : letters) {
            typos.insert(word.substr(0, i) + c + word.substr(i));
            if (i < word.size())
                typos.insert(word.substr(0, i) + c + word.substr(i + 1));
        }
        if (i < word.size())
            typos.insert(word.substr(0, i) + word.substr(i + 1));
        if (i + 1 < word.size())
            typos.insert(word.substr(0, i) + word[i + 1] + word[i] + word.substr(i + 2));
    }
    for (const auto& name : names)
        typos.erase(name);
    return typos;
}

} // namespace

TEST_CASE("suggestion: right for at least 95 % of one-letter typos, each at its line and column")
{
    std::size_t total = 0;
    std::size_t right = 0;
    for (const auto& name : names) {
        std::string toml;
        std::vector<std::string> typos;
        for (const auto& typo : typos_of(name)) {
            typos.push_back(typo);
            if (typos.size() % 50 != 0) // under the bound of problems a load reports
                continue;
            toml.clear();
            for (const auto& each : typos)
                toml += "\n " + each + " = 1";
            const auto settings = rill::conf::load<crowded>(rill::conf::sources{}.text(toml, "f"));
            REQUIRE(settings.problems().size() == typos.size());
            for (std::size_t i = 0; i < typos.size(); ++i) {
                const auto& problem = settings.problems()[i];
                CHECK(problem.where.line == i + 2);
                CHECK(problem.where.column == 2);
                ++total;
                right += problem.message ==
                                 "unknown key '" + typos[i] + "'; did you mean '" + name + "'?"
                             ? 1U
                             : 0U;
            }
            typos.clear();
        }
    }
    MESSAGE(right << " of " << total);
    CHECK(total > 10'000);
    CHECK(right * 100 >= total * 95);
}

TEST_CASE("suggestion: none where nothing is near")
{
    const auto settings =
        rill::conf::load<crowded>(rill::conf::sources{}.text("something_else = 1", "f"));
    REQUIRE(settings.problems().size() == 1);
    CHECK(settings.problems().front().message == "unknown key 'something_else'");
}

TEST_CASE("suggestion: a key that the file does not have yet comes first")
{
    const auto meant = [](const std::string& toml) {
        const auto settings = rill::conf::load<crowded>(rill::conf::sources{}.text(toml, "f"));
        return settings ? std::string{} : settings.problems().front().message;
    };
    CHECK(meant("host = 1\nhort = 2") == "unknown key 'hort'; did you mean 'port'?");
    CHECK(meant("port = 1\nhort = 2") == "unknown key 'hort'; did you mean 'host'?");
}
