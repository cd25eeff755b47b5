// SPDX-License-Identifier: BSL-1.0
#include "handlers.hpp"
#include "live_server.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <string>

namespace {

/// What a command prints.
std::string output(const std::string& command)
{
    std::string all;
    FILE* const pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe);
    char bytes[4096];
    while (const auto n = std::fread(bytes, 1, sizeof bytes, pipe))
        all.append(bytes, n);
    ::pclose(pipe);
    return all;
}

} // namespace

TEST_CASE("http server: curl understands it")
{
    if (output("command -v curl").empty()) {
        MESSAGE("curl is not installed; skipped");
        return;
    }
    test::live_server server(test::sample_service());
    const auto base = "http://127.0.0.1:" + std::to_string(server.port());
    const auto curl = [&](const std::string& options) {
        return output("curl --silent --max-time 20 " + options);
    };
    CHECK(curl(base + "/hello/you") == "hello you");
    CHECK(curl(base + "/ " + base + "/hello/again") == "roothello again");
    CHECK(curl("--http1.0 " + base + "/") == "root");
    CHECK(curl("--http2 " + base + "/ " + base + "/hello/again") == "roothello again");
    CHECK(curl("--http2 --data hello " + base + "/echo") == "hello");
    CHECK(curl("--request-target http://a/hello/you " + base + "/") == "hello you");
    CHECK(curl("--head " + base + "/").find("Content-Length: 4\r\n") != std::string::npos);
    CHECK(curl("--data hello " + base + "/echo") == "hello");
    CHECK(curl("--data hello --header 'Transfer-Encoding: chunked' " + base + "/echo") == "hello");
    CHECK(curl("--data hello --header 'Expect: 100-continue' " + base + "/echo") == "hello");
    CHECK(curl("--output /dev/null --write-out '%{http_code}' " + base + "/no") == "404");
    CHECK(
        curl("--output /dev/null --write-out '%{size_download}' " + base + "/large") == "8388608"
    );
}
