// SPDX-License-Identifier: BSL-1.0
#include "protocol.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

template <class T>
T parsed(std::string_view line)
{
    const top::message said = top::parse_message(line);
    REQUIRE(std::holds_alternative<T>(said));
    return std::get<T>(said);
}

std::string refused(std::string_view line)
{
    try {
        top::parse_message(line);
    } catch (const top::protocol_error& error) {
        return error.what();
    }
    return "it was accepted";
}

} // namespace

TEST_CASE("protocol: info")
{
    const auto info = parsed<top::service_info>(
        R"({"info":{"protocol":1,"program":"hello","pid":123,"rill":"0.1.0","debug":true,"uptime_ms":12345}})"
        "\r\n"
    );
    CHECK(info.protocol == 1);
    CHECK(info.program == "hello");
    CHECK(info.pid == 123);
    CHECK(info.rill == "0.1.0");
    CHECK(info.debug);
    CHECK(info.uptime_ms == 12345);
}

TEST_CASE("protocol: a loop with its histogram and slowest steps")
{
    const auto loop = parsed<top::loop_info>(
        R"({"loop":{"name":"worker-0","answers":true,"tasks":12,"turns":100,"steps":500,"ready":3,)"
        R"("timers":4,"io":77,"busy_ms":1234,"uptime_ms":99999,"lag_us":{"p50":10,"p99":200,"max":3000},)"
        R"("lag_histogram":[{"below_us":1,"count":5},{"count":7}],)"
        R"("slowest":[{"us":2300,"task":"session-3","where":"echo.cpp:61","ago_ms":5000}]}})"
    );
    CHECK(loop.name == "worker-0");
    CHECK(loop.answers);
    CHECK(loop.tasks == 12);
    CHECK(loop.turns == 100);
    CHECK(loop.steps == 500);
    CHECK(loop.ready == 3);
    CHECK(loop.timers == 4);
    CHECK(loop.io == 77);
    CHECK(loop.busy_ms == 1234);
    CHECK(loop.uptime_ms == 99999);
    CHECK(loop.lag_us.p50 == 10);
    CHECK(loop.lag_us.p99 == 200);
    CHECK(loop.lag_us.max == 3000);
    REQUIRE(loop.lag_histogram.size() == 2);
    CHECK(loop.lag_histogram[0].below_us == 1);
    CHECK(loop.lag_histogram[0].count == 5);
    CHECK(loop.lag_histogram[1].below_us == UINT64_MAX);
    REQUIRE(loop.slowest.size() == 1);
    CHECK(loop.slowest[0].us == 2300);
    CHECK(loop.slowest[0].task == "session-3");
    CHECK(loop.slowest[0].where == "echo.cpp:61");
    CHECK(loop.slowest[0].ago_ms == 5000);
}

TEST_CASE("protocol: a loop that does not answer")
{
    const auto loop = parsed<top::loop_info>(
        R"({"loop":{"name":"worker-1","answers":false,"silent_ms":1500,"running":"task 'a'"}})"
    );
    CHECK_FALSE(loop.answers);
    CHECK(loop.silent_ms == 1500);
    CHECK(loop.running == "task 'a'");
}

TEST_CASE("protocol: a task with everything")
{
    const auto task = parsed<top::task_info>(
        R"({"task":{"loop":"worker-0","id":7,"name":"session-3","parent":3,"group":"server.cpp:120",)"
        R"("state":"waiting","waits_for":"an item","where":"orders.cpp:33","since_ms":1200,)"
        R"("deadline_ms":-300,"steps":44,"stack":[{"function":"take","where":"o.cpp:3"},{"where":"x"}],)"
        R"("holds":["mutex 'cache'"],"context":{"request_id":"abc"},"awaited_by":[3,4],"cancelling":true}})"
    );
    CHECK(task.loop == "worker-0");
    CHECK(task.id == 7);
    CHECK(task.name == "session-3");
    CHECK(task.parent == 3);
    CHECK(task.group == "server.cpp:120");
    CHECK(task.state == top::task_state::waiting);
    CHECK(task.waits_for == "an item");
    CHECK(task.where == "orders.cpp:33");
    CHECK(task.since_ms == 1200);
    CHECK(task.deadline_ms == -300);
    CHECK(task.steps == 44);
    REQUIRE(task.stack.size() == 2);
    CHECK(task.stack[0].function == "take");
    CHECK(task.stack[0].where == "o.cpp:3");
    CHECK(task.stack[1].function == "");
    CHECK(task.holds == std::vector<std::string>{"mutex 'cache'"});
    CHECK(task.context.at("request_id") == "abc");
    CHECK(task.awaited_by == std::vector<std::uint64_t>{3, 4});
    CHECK(task.cancelling);
}

TEST_CASE("protocol: every state has a name that is read back; what may be absent is")
{
    using enum top::task_state;
    for (const auto state : {ready, running, waiting, fresh, cancelling, done}) {
        const auto name = std::string(top::to_string(state));
        const auto task =
            parsed<top::task_info>(R"({"task":{"loop":"l","id":1,"state":")" + name + "\"}}");
        CHECK(task.state == state);
        CHECK_FALSE(task.parent.has_value());
        CHECK_FALSE(task.deadline_ms.has_value());
        CHECK(task.awaited_by.empty());
    }
    CHECK(top::to_string(fresh) == "new");
}

TEST_CASE("protocol: the end, a refusal, and lines and keys of newer services")
{
    CHECK(parsed<top::answer_end>(R"({"end":{"count":4}})").count == 4);
    CHECK(parsed<top::refusal>(R"({"error":"no such command"})").text == "no such command");
    parsed<top::unknown_line>(R"({"weather":{"sunny":true}})");
    CHECK(
        parsed<top::task_info>(
            R"({"task":{"loop":"l","id":1,"state":"new","colour":[{}],"stack":[{"frame":1}]}})"
        )
            .stack.size() == 1
    );
}

TEST_CASE("protocol: a wrong type is an error that names the key")
{
    const std::string task = R"({"task":{"loop":"l","state":"new","id":)";
    CHECK(
        refused(task + R"("7"}})") ==
        "task.id must be a whole number, not negative, and is a string"
    );
    CHECK(
        refused(task + "-7}}") ==
        "task.id must be a whole number, not negative, and is another number"
    );
    CHECK(
        refused(task + "7.5}}") ==
        "task.id must be a whole number, not negative, and is another number"
    );
    CHECK(refused(task + R"(7,"name":null}})") == "task.name must be a string, and is null");
    CHECK(
        refused(task + R"(7,"deadline_ms":true}})") ==
        "task.deadline_ms must be a whole number, and is true or false"
    );
    CHECK(
        refused(task + R"(7,"cancelling":[]}})") ==
        "task.cancelling must be true or false, and is a list"
    );
    CHECK(refused(task + R"(7,"stack":{}}})") == "task.stack must be a list, and is an object");
    CHECK(
        refused(task + R"(7,"stack":[{"where":"a"},{"where":1}]}})") ==
        "task.stack[1].where must be a string, and is another number"
    );
    CHECK(
        refused(task + R"(7,"awaited_by":[1,"a"]}})") ==
        "task.awaited_by[1] must be a whole number, not negative, and is a string"
    );
    CHECK(
        refused(task + R"(7,"context":{"a":1}}})") ==
        "task.context.a must be a string, and is another number"
    );
    CHECK(refused(R"({"task":[]})") == "task must be an object, and is a list");
    CHECK(
        refused(R"({"loop":{"name":"a","lag_us":3}})") ==
        "loop.lag_us must be an object, and is another number"
    );
    CHECK(refused(R"({"error":3})") == "error must be a string, and is another number");
}

TEST_CASE("protocol: what is missing, an unknown state and what is no JSON are errors")
{
    CHECK(refused(R"({"task":{"id":1,"state":"new"}})") == "task.loop is missing");
    CHECK(refused(R"({"task":{"loop":"a","id":1}})") == "task.state is missing");
    CHECK(refused(R"({"loop":{}})") == "loop.name is missing");
    CHECK(refused(R"({"info":{"program":"a","pid":1}})") == "info.protocol is missing");
    CHECK(refused(R"({"end":{}})") == "end.count is missing");
    CHECK(
        refused(R"({"task":{"loop":"a","id":1,"state":"asleep"}})") ==
        "task.state is 'asleep', which is no state of a task"
    );
    CHECK(refused("[]") == "a line must be an object, and is a list");
    for (const char* broken : {"", "{", "nonsense", R"({"end":{"count":1}} more)"})
        CHECK(refused(broken).starts_with("a line is no JSON: "));
    CHECK(refused(std::string(100'000, '[')).starts_with("a line is no JSON: "));
}

TEST_CASE("protocol: bytes that are no UTF-8 are kept")
{
    const auto task = parsed<top::task_info>(
        "{\"task\":{\"loop\":\"a\",\"id\":1,\"state\":\"new\",\"name\":\"x\xff\"}}"
    );
    CHECK(task.name == "x\xff");
}

TEST_CASE("protocol: a request is a line")
{
    CHECK(top::request_line("tasks") == "{\"command\":\"tasks\"}\n");
}
