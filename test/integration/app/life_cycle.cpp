// SPDX-License-Identifier: BSL-1.0
#include "child.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <vector>

using test::child;

namespace {

const std::vector<std::string> one_worker = {"--set", "service.workers=1"};

std::vector<std::string>
probe(const std::string& behaviour, const std::vector<std::string>& settings = {})
{
    std::vector<std::string> arguments{
        "--set", "service.workers=1", "--set", "behaviour=" + behaviour
    };
    for (const auto& setting : settings) {
        arguments.push_back("--set");
        arguments.push_back(setting);
    }
    return arguments;
}

} // namespace

TEST_CASE("life cycle: SIGTERM and SIGINT let the service finish, and it ends with 0")
{
    for (const int signal : {SIGTERM, SIGINT}) {
        child service{probe("finish")};
        REQUIRE(service.says("started"));
        service.signal(signal);
        CHECK(service.wait() == 0);
        CHECK(service.text().find("\"message\":\"finished\"") != std::string::npos);
        CHECK(service.text().find("\"message\":\"stopped\",\"exit_code\":0") != std::string::npos);
    }
}

TEST_CASE("life cycle: what is not finished within drain_timeout is cancelled, and it ends with 1")
{
    child service{probe("linger", {"service.drain_timeout=50ms"})};
    REQUIRE(service.says("started"));
    service.signal(SIGTERM);
    CHECK(service.wait() == 1);
    CHECK(service.text().find("drain_timeout has passed") != std::string::npos);
    CHECK(service.text().find("finished") == std::string::npos);
}

TEST_CASE("life cycle: during drain_delay the service is not asked to stop yet")
{
    child service{probe("finish", {"service.drain_delay=1h"})};
    REQUIRE(service.says("started"));
    service.signal(SIGTERM);
    REQUIRE(service.says("stopping"));
    service.signal(SIGTERM);
    CHECK(service.wait() == 128 + SIGTERM);
    CHECK(service.text().find("asked") == std::string::npos);
}

TEST_CASE("life cycle: a second signal ends it at once, also when the service's loop hangs")
{
    for (const char* behaviour : {"linger", "block"}) {
        child service{probe(behaviour)};
        REQUIRE(service.says("started"));
        service.signal(SIGTERM);
        REQUIRE(service.says("asked"));
        service.signal(SIGINT);
        CHECK(service.wait() == 128 + SIGINT);
    }
}

TEST_CASE("life cycle: a second signal ends it at once while all of its workers write to the log")
{
    for (int round = 0; round < 5; ++round) {
        child service{{"--set", "service.workers=3", "--set", "behaviour=chatter"}};
        for (int i = 0; i < 3; ++i)
            REQUIRE(service.says("started"));
        service.signal(SIGTERM);
        REQUIRE(service.says("chatter"));
        service.signal(SIGINT);
        CHECK(service.wait() == 128 + SIGINT);
        CHECK(service.text().find("Sanitizer") == std::string::npos);
    }
}

TEST_CASE("life cycle: a service that does not end is given up, while its workers write to the log")
{
    child service{
        {"--set",
         "service.workers=3",
         "--set",
         "behaviour=chatter",
         "--set",
         "service.drain_timeout=1ms"}
    };
    for (int i = 0; i < 3; ++i)
        REQUIRE(service.says("started"));
    service.signal(SIGTERM);
    CHECK(service.wait() == 1);
    CHECK(service.text().find("\"message\":\"stopped\"") == std::string::npos);
    CHECK(service.text().find("Sanitizer") == std::string::npos);
}

TEST_CASE("life cycle: SIGHUP, SIGPIPE and SIGXFSZ do not end it")
{
    child service{probe("finish")};
    REQUIRE(service.says("starting"));
    for (int round = 0; round < 100; ++round)
        for (const int signal : {SIGHUP, SIGPIPE, SIGXFSZ})
            service.signal(signal);
    service.signal(SIGTERM);
    CHECK(service.wait() == 0);
    CHECK(service.text().find("\"message\":\"stopped\",\"exit_code\":0") != std::string::npos);
}

TEST_CASE("life cycle: a service that takes only its settings is cancelled at once, and ends with 0"
)
{
    child service{one_worker, {}, "simple"};
    REQUIRE(service.says("started"));
    service.signal(SIGTERM);
    CHECK(service.wait() == 0);
}

TEST_CASE("life cycle: an exception that leaves serve is logged, stops all workers and ends with 1")
{
    child service{{"--set", "service.workers=3", "--set", "behaviour=fail"}};
    CHECK(service.wait() == 1);
    CHECK(
        service.text().find("the service has failed\",\"error\":\"no such luck\",\"worker\":0") !=
        std::string::npos
    );
}

TEST_CASE("life cycle: when serve returns in every worker, it ends with 0")
{
    child service{{"--set", "service.workers=3", "--set", "behaviour=end"}};
    CHECK(service.wait() == 0);
}

TEST_CASE("life cycle: every worker runs serve, and every one is asked to stop")
{
    child service{{"--set", "service.workers=3"}};
    for (int i = 0; i < 3; ++i)
        REQUIRE(service.says("\"started\",\"of\":3"));
    service.signal(SIGTERM);
    for (int i = 0; i < 3; ++i)
        CHECK(service.says("\"finished\""));
    CHECK(service.wait() == 0);
}

TEST_CASE("life cycle: a signal at any moment of the start ends it promptly")
{
    for (int round = 0; round < 30; ++round) {
        child service{probe("finish")};
        if (round % 3 == 1)
            REQUIRE(service.says("starting"));
        if (round % 3 == 2)
            REQUIRE(service.says("started"));
        service.signal(SIGTERM);
        const int code = service.wait();
        const bool before_main = round % 3 == 0 && code == -SIGTERM;
        CHECK((code == 0 || before_main));
    }
}

TEST_CASE("life cycle: a log that nobody reads, or that cannot be written, never holds it up")
{
    child unread{
        probe("flood", {"service.drain_timeout=100s"}), {}, "probe", child::output::unread
    };
    REQUIRE(unread.says("flood")); // the line before may be among those that the flood pushed out
    unread.signal(SIGTERM);
    CHECK(unread.reap() == 0); // its pipe is full

    child closed{probe("flood"), {}, "probe", child::output::closed};
    closed.signal(SIGTERM);
    const int code = closed.reap();
    CHECK((code == 0 || code == -SIGTERM));
}
