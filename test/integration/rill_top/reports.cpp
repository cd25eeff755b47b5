// SPDX-License-Identifier: BSL-1.0
//
// What rill-top prints once, as a process beside a service that is none of ours.
#include "fake_service.hpp"
#include "program.hpp"

#include <doctest/doctest.h>

#include <string>

using test::fake_service;
using test::program;
using test::session;

namespace {

struct outcome {
    int code;
    std::string text;
};

outcome run(const session& here, const std::vector<std::string>& arguments)
{
    program top(arguments, {here.variable()});
    const int code = top.wait();
    return {code, top.text()};
}

bool contains(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

/// What is said of a service that answers "tasks" with this.
outcome tree_of(const std::string& tasks)
{
    const session here;
    auto answers = test::sample("7");
    answers["tasks"] = tasks;
    const fake_service service(here.socket("7"), answers);
    return run(here, {"tree", "7", "--timeout", "60s"}); // a loaded machine takes its time
}

} // namespace

TEST_CASE("IN-07, IN-08, IN-09: tree of a running process by its pid")
{
    const session here;
    const fake_service service(here.socket("4711"), test::sample("4711"));
    const auto [code, text] = run(here, {"tree", "4711"});
    CHECK(code == 0);
    CHECK(
        text == "worker-0 (4 tasks, 0 ready, lag p99 0.2 ms)\n"
                "deadlock: ping -> pong -> ping\n"
                "├── main  waiting 12.3 s for a signal at main.cpp:40\n"
                "│   └── session-3  waiting 1.2 s for an item of queue 'jobs' at orders.cpp:33, "
                "300 ms left, holds mutex 'cache'\n"
                "│         orders::take at orders.cpp:33\n"
                "├── ping  waiting 0 ms, in a deadlock\n"
                "└── pong  waiting 0 ms, in a deadlock\n"
                "worker-1 (no answer for 1.5 s)\n"
                "└── task 1  new 0 ms\n"
    );
}

TEST_CASE("IN-07: table of a running process by its pid, and by the path of its socket")
{
    const session here;
    const fake_service service(here.socket("4711"), test::sample("4711"));
    const auto [code, text] = run(here, {"ps", "4711"});
    CHECK(code == 0);
    CHECK(contains(text, "worker-0   7       3  session-3  waiting   1.2 s     44  300 ms left"));
    CHECK(contains(text, "worker-1   1      99  task 1     new"));
    CHECK(run(here, {"ps", here.socket("4711")}).text == text);
}

TEST_CASE("rill-top: loops, and the live view once")
{
    const session here;
    const fake_service service(here.socket("4711"), test::sample("4711"));
    const auto loops = run(here, {"loops"});
    CHECK(loops.code == 0);
    CHECK(contains(loops.text, "worker-0      4      0       4   77    100    500"));
    CHECK(contains(loops.text, "worker-1: no answer for 1.5 s\n"));
    const auto once = run(here, {"--interval", "10ms"}); // no terminal, so it is --once
    CHECK(once.code == 0);
    CHECK(contains(once.text, "hello (pid 4711), rill 0.1.0, up 12.3 s\n"));
    CHECK(contains(once.text, "5 tasks: 4 waiting, 1 new; by longest wait\n"));
    CHECK_FALSE(contains(once.text, "\x1b"));
}

TEST_CASE("rill-top: --json gives one document")
{
    const session here;
    const fake_service service(here.socket("4711"), test::sample("4711"));
    for (const char* command : {"tree", "ps", "loops"}) {
        const auto [code, text] = run(here, {command, "--json"});
        CHECK(code == 0);
        CHECK(contains(text, "{\"info\":{\"protocol\":1,\"program\":\"hello\",\"pid\":4711"));
        CHECK(text.ends_with("}\n"));
    }
    CHECK(contains(run(here, {"list", "--json"}).text, "\"pid\":4711,\"socket\":\"/"));
}

TEST_CASE("rill-top: without a target it is the only service; what one left behind does not count")
{
    const session here;
    const auto leave_socket = [&] {
        const fake_service gone(here.socket("9"), {});
        std::filesystem::rename(here.socket("9"), here.socket("10"));
    };
    leave_socket();
    REQUIRE(std::filesystem::exists(here.socket("10")));
    CHECK(run(here, {"tree"}).code == 2);
    CHECK(contains(run(here, {"tree"}).text, "no service of yours is running"));
    CHECK(run(here, {"list"}).text == "PID  PROGRAM  RILL  UP  SOCKET\n");
    const fake_service service(here.socket("7"), test::sample("7"));
    CHECK(run(here, {"tree"}).code == 0);
}

TEST_CASE("rill-top: where several services run, they are listed, and it ends with 2")
{
    const session here;
    const fake_service one(here.socket("7"), test::sample("7"));
    auto answers = test::sample("12");
    answers["info"] = test::info("echo", "12");
    const fake_service other(here.socket("12"), answers);
    const auto [code, text] = run(here, {"ps"});
    CHECK(code == 2);
    CHECK(contains(text, "rill-top: several services are running; name one of them\n"));
    CHECK(contains(text, "7  hello    0.1.0  12.3 s  /"));
    CHECK(contains(text, "12  echo     0.1.0  12.3 s  /"));
    CHECK(run(here, {"ps", "12"}).code == 0);
    CHECK(contains(run(here, {"list"}).text, "12  echo"));
}

TEST_CASE("rill-top: list names services that do not answer")
{
    const session here;
    const fake_service silent(here.socket("7"), {{"info", ""}});
    const fake_service newer(
        here.socket("8"),
        {{"info", test::answer({R"({"info":{"protocol":2,"program":"a","pid":8}})"})}}
    );
    const auto [code, text] = run(here, {"list", "--timeout", "200ms"});
    CHECK(code == 0);
    CHECK(contains(text, "7  (does not answer)"));
    CHECK(contains(text, "8  (the service speaks protocol 2, and this rill-top only 1)"));
}

TEST_CASE("rill-top: what cannot be reached ends with 1, and what was meant wrongly with 2")
{
    const session here;
    for (const std::string& target : {std::string("4712"), here.socket("4712"), std::string("/")}) {
        const auto [code, text] = run(here, {"tree", target});
        CHECK(code == 1);
        CHECK(contains(text, "rill-top: connect to unix:"));
    }
    CHECK(run(here, {"tre"}).code == 2);
    CHECK(run(here, {"ps", "--colour"}).code == 2);
    CHECK(run(here, {"ps", std::string(200, 'x') + "/y"}).code == 1); // longer than a socket's path
}

TEST_CASE("rill-top: a service that does not answer is waited for as long as --timeout says")
{
    const session here;
    const fake_service service(here.socket("7"), {{"info", test::info("a", "7")}, {"loops", ""}});
    const auto [code, text] = run(here, {"tree", "--timeout", "200ms"});
    CHECK(code == 1);
    CHECK(text == "rill-top: no answer within 200 ms\n");
}

TEST_CASE("rill-top: an answer that is cut, refused, miscounted or wrong ends with 1 and says why")
{
    const std::string task = R"({"task":{"loop":"a","id":1,"state":"new"}})";
    const auto check = [](const std::string& tasks, std::string_view why) {
        const auto [code, text] = tree_of(tasks);
        CHECK(code == 1);
        CHECK(contains(text, why));
    };
    check(task + "\n" + task.substr(9) + fake_service::hang_up, "closed the connection before");
    check(fake_service::hang_up, "closed the connection before");
    check("{\"error\":\"not now\"}\n", "the service refuses 'tasks': not now");
    check("{\"error\":\"\\u001b[2J\"}\n", "refuses 'tasks': \\x1b[2J");
    check(task + "\n{\"end\":{\"count\":2}}\n", "end.count is 2, and 1 lines have come");
    check("{\"task\":{\"loop\":7}}\n", "task.loop must be a string, and is another number");
    check("hello\n", "a line is no JSON");
}

TEST_CASE("rill-top: lines and keys of newer services are passed over")
{
    const auto [code, text] = tree_of(test::answer(
        {R"({"weather":"fine"})", R"({"task":{"loop":"a","id":1,"state":"new","mood":[1,{}]}})"}
    ));
    CHECK(code == 0);
    CHECK(contains(text, "task 1  new"));
}

TEST_CASE("IN-10: 20 000 tasks in one chain come through a socket as a tree")
{
    std::vector<std::string> chain;
    for (int id = 1; id <= 20'000; ++id)
        chain.push_back(
            R"({"task":{"loop":"a","state":"waiting","id":)" + std::to_string(id) +
            R"(,"parent":)" + std::to_string(id - 1) + "}}"
        );
    const auto [code, text] = tree_of(test::answer(chain));
    CHECK(code == 0);
    CHECK(text.ends_with("[19999] └── task 20000  waiting 0 ms\n"));
}
