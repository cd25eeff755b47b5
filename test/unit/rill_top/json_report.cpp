// SPDX-License-Identifier: BSL-1.0
#include "json_report.hpp"

#include "sample.hpp"
#include <support/sanitized.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>

namespace json = boost::json;
using test::from_lines;

namespace {

constexpr const char* task_line =
    R"({"task":{"loop":"worker-0","id":7,"name":"session-3","parent":3,"group":"server.cpp:120",)"
    R"("state":"waiting","waits_for":"an item","where":"orders.cpp:33","since_ms":1200,)"
    R"("deadline_ms":-300,"steps":44,"stack":[{"function":"take","where":"o.cpp:3"}],)"
    R"("holds":["mutex 'cache'"],"context":{"request_id":"abc"},"awaited_by":[3],"cancelling":true}})";

constexpr const char* loop_line =
    R"({"loop":{"name":"worker-0","answers":true,"tasks":12,"turns":100,"steps":500,"ready":3,)"
    R"("timers":4,"io":77,"busy_ms":1234,"uptime_ms":99999,"lag_us":{"p50":10,"p99":200,"max":3000},)"
    R"("lag_histogram":[{"count":5,"below_us":1},{"count":7}],)"
    R"("slowest":[{"us":2300,"task":"session-3","where":"echo.cpp:61","ago_ms":5000}]}})";

constexpr const char* info_line =
    R"({"info":{"protocol":1,"program":"hello","pid":123,"rill":"0.1.0","debug":true,"uptime_ms":5}})";

} // namespace

TEST_CASE("json: what a service said comes out as it came in")
{
    const auto s = from_lines({info_line, loop_line, task_line});
    const json::value document = json::parse(top::tree_json(s));
    CHECK(document.at("info") == json::parse(info_line).at("info"));
    CHECK(document.at("loops").at(0) == json::parse(loop_line).at("loop"));
    json::value task = document.at("tasks").at(0);
    CHECK(task.as_object().erase("depth") == 1);
    CHECK(task == json::parse(task_line).at("task"));

    CHECK(json::parse(top::tasks_json(s)).at("tasks").at(0) == json::parse(task_line).at("task"));
    CHECK(json::parse(top::loops_json(s)).at("loops").at(0) == json::parse(loop_line).at("loop"));
}

TEST_CASE("json: the tree is a flat list with depths, so that no chain is too deep")
{
    constexpr std::uint64_t n = test::sanitized ? 20'000 : 100'000;
    std::vector<top::task_info> chain;
    for (std::uint64_t id = 1; id <= n; ++id)
        chain.push_back(test::task(id, "t", id == 1 ? std::nullopt : std::optional(id - 1)));
    const json::value document = json::parse(top::tree_json(test::of_tasks(std::move(chain))));
    CHECK(document.at("tasks").as_array().size() == n);
    CHECK(document.at("tasks").at(n - 1).at("depth") == n - 1);
}

TEST_CASE("json: deadlocks are lists of ids, and the tasks that were left out are counted")
{
    auto s = test::awaiting(3, {{1, 2}, {2, 1}});
    s.left_out = 4;
    const json::value document = json::parse(top::tasks_json(s));
    CHECK(json::serialize(document.at("deadlocks")) == R"([{"loop":"worker-0","tasks":[1,2]}])");
    CHECK(document.at("left_out") == 4);
}

TEST_CASE("json: characters beyond ASCII are escaped, and what is no UTF-8 is replaced")
{
    const auto s = test::of_tasks({test::task(1, "ü🚀\xff\x7f\"")});
    const std::string text = top::tasks_json(s);
    CHECK(text.find(R"("name":"\u00fc\ud83d\ude80\ufffd\u007f\"")") != std::string::npos);
    CHECK(json::parse(text).at("tasks").at(0).at("name") == "ü🚀\ufffd\x7f\"");
}

TEST_CASE("json: a silent loop has no figures, and a silent service an error")
{
    const auto s =
        from_lines({R"({"loop":{"name":"w","answers":false,"silent_ms":15,"running":"x"}})"});
    CHECK(
        json::serialize(json::parse(top::loops_json(s)).at("loops")) ==
        R"([{"name":"w","answers":false,"silent_ms":15,"running":"x"}])"
    );
    const json::value services = json::parse(top::services_json({{7, "/run/7.sock", {}, "slow"}}));
    CHECK(
        json::serialize(services) ==
        R"({"services":[{"pid":7,"socket":"/run/7.sock","error":"slow"}]})"
    );
    CHECK(json::parse(top::services_json({})).at("services").as_array().empty());
}
