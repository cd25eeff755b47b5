// SPDX-License-Identifier: BSL-1.0
#include "table.hpp"

#include "sample.hpp"

#include <doctest/doctest.h>

using test::from_lines;
using test::task;

TEST_CASE("IN-07: the table has a line for each task, with what it waits for and who awaits it")
{
    const auto of = from_lines({
        R"({"task":{"loop":"worker-0","id":12,"name":"session-3","parent":3,"state":"waiting",)"
        R"("waits_for":"an item","where":"o.cpp:33","since_ms":1200,"deadline_ms":300,"steps":44,)"
        R"("holds":["mutex 'cache'"],"awaited_by":[3,77]}})",
        R"({"task":{"loop":"worker-0","id":3,"name":"main","state":"running","steps":7}})",
    });
    CHECK(
        top::tasks_text(of) ==
        "LOOP      ID  PARENT  NAME       STATE      FOR  STEPS     DEADLINE  WAITS FOR            "
        "HOLDS          AWAITED BY\n"
        "worker-0   3          main       running   0 ms      7\n"
        "worker-0  12       3  session-3  waiting  1.2 s     44  300 ms left  an item at o.cpp:33  "
        "mutex 'cache'  main, task 77\n"
    );
}

TEST_CASE("IN-08: the table names cycles below")
{
    const std::string text = top::tasks_text(test::awaiting(2, {{0, 1}, {1, 0}}));
    CHECK(text.ends_with("\ndeadlock: a -> b -> a\n"));
}

TEST_CASE("IN-09: tasks of several loops are in order of loop and id")
{
    auto of = test::of_tasks({task(1, "x"), task(2, "y"), task(1, "z")});
    of.tasks[0].loop = "worker-1";
    const std::string text = top::tasks_text(of);
    CHECK(text.find("z ") < text.find("y "));
    CHECK(text.find("y ") < text.find("x "));
}

TEST_CASE("table: columns are as wide as their widest cell, wide characters included")
{
    top::table t({{"A"}, {"N", top::alignment::right}, {"B"}});
    t.add_row({"日本", "7", "x"});
    t.add_row({"abc", "12", ""});
    CHECK(
        t.text() == "A      N  B\n"
                    "日本   7  x\n"
                    "abc   12\n"
    );
}

TEST_CASE("table: loops, those that do not answer, and the slowest steps")
{
    const auto of = from_lines({
        R"({"loop":{"name":"worker-0","tasks":12,"turns":100,"steps":500,"ready":3,"timers":4,"io":77,)"
        R"("busy_ms":250,"uptime_ms":1000,"lag_us":{"p50":10,"p99":200,"max":3000},)"
        R"("slowest":[{"us":2300,"task":"session-3","where":"echo.cpp:61","ago_ms":5000}]}})",
        R"({"loop":{"name":"worker-1","answers":false,"silent_ms":1500}})",
    });
    CHECK(
        top::loops_text(of) ==
        "LOOP      TASKS  READY  TIMERS  I/O  TURNS  STEPS  BUSY  LAG P50     P99     MAX     UP\n"
        "worker-0     12      3       4   77    100    500  25 %    10 us  0.2 ms  3.0 ms  1.0 s\n"
        "worker-1: no answer for 1.5 s\n"
        "\n"
        "slowest steps\n"
        "LOOP        STEP  TASK       WHERE          AGO\n"
        "worker-0  2.3 ms  session-3  echo.cpp:61  5.0 s\n"
    );
}

TEST_CASE("table: services, with those that do not answer")
{
    top::service_info hello;
    hello.program = "hello";
    hello.rill = "0.1.0";
    hello.uptime_ms = 1500;
    CHECK(
        top::services_text({{7, "/run/7.sock", hello, ""}, {12, "/run/12.sock", {}, "slow"}}) ==
        "PID  PROGRAM  RILL      UP  SOCKET\n"
        "  7  hello    0.1.0  1.5 s  /run/7.sock\n"
        " 12  (slow)                 /run/12.sock\n"
    );
}
