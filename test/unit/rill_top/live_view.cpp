// SPDX-License-Identifier: BSL-1.0
#include "live_view.hpp"

#include "sample.hpp"
#include "text.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace std::chrono_literals;
using top::key;
using top::style;

namespace {

constexpr std::size_t columns = 100;

/// Tasks 1…n of which the first waits for the longest time.
top::snapshot tasks(std::uint64_t n, std::uint64_t uptime_ms = 1000)
{
    top::snapshot s;
    s.info.program = "hello";
    s.info.pid = 123;
    s.info.uptime_ms = uptime_ms;
    for (std::uint64_t id = 1; id <= n; ++id) {
        s.tasks.push_back(test::task(id, "task-" + std::to_string(id)));
        s.tasks.back().since_ms = (n - id) * 1000;
        s.tasks.back().waits_for = "a sleep";
    }
    return s;
}

void press(top::live_view& view, std::u32string_view characters)
{
    for (const char32_t c : characters)
        CHECK(view.press({key::character, c}));
}

std::string all(const std::vector<top::line>& lines)
{
    std::string text;
    for (const top::line& l : lines)
        text += l.text + "\n";
    return text;
}

bool shows(top::live_view& view, std::string_view text)
{
    return all(view.draw(24, columns)).find(text) != std::string::npos;
}

std::string selected(top::live_view& view)
{
    for (const top::line& l : view.draw(24, columns))
        if (l.look == style::selected)
            return l.text.substr(0, l.text.find(' '));
    return "";
}

} // namespace

TEST_CASE("live view: before the first answer it shows its name and how to leave")
{
    top::live_view view(1s);
    CHECK(shows(view, "rill-top"));
    CHECK(shows(view, "q quit"));
    view.lost("Connection refused");
    CHECK(shows(view, "no answer, trying again: Connection refused"));
    press(view, U"ts/x");
    CHECK(view.press({key::enter}));
    CHECK(view.press({key::enter}));
}

TEST_CASE("live view: service, loops, tasks and their waits")
{
    auto s = tasks(2);
    s.loops.resize(1);
    s.loops[0].name = "worker-0";
    s.loops[0].tasks = 2;
    s.tasks[1].deadline_ms = 300;
    top::live_view view(1s);
    view.show(std::move(s));
    CHECK(shows(view, "hello (pid 123)"));
    CHECK(shows(view, "every 1.0 s"));
    CHECK(shows(view, "worker-0          2     0"));
    CHECK(shows(view, "2 tasks: 2 waiting; by longest wait"));
    CHECK(shows(view, "task-1                     waiting           1.0 s"));
    CHECK(shows(view, "300 ms left  a sleep"));
}

TEST_CASE("live view: rates come with the second answer")
{
    auto before = tasks(1, 1000);
    auto after = tasks(1, 2000);
    for (auto* s : {&before, &after}) {
        s->loops.resize(1);
        s->loops[0].name = "worker-0";
        s->loops[0].uptime_ms = s->info.uptime_ms;
    }
    after.tasks[0].steps = 44;
    after.loops[0].turns = 300;
    after.loops[0].busy_ms = 500;
    after.loops[0].lag_histogram = {{8, 100}, {512, 1}};
    after.loops[0].lag_us.max = 400;
    top::live_view view(1s);
    view.show(std::move(before));
    CHECK_FALSE(shows(view, "50 %"));
    view.show(std::move(after));
    CHECK(shows(view, "    300       0  50 %    8 us  0.4 ms █ ▂"));
    CHECK(shows(view, "       44  "));
}

TEST_CASE("live view: no line is wider than the screen, and there are no more lines than rows")
{
    auto s = tasks(50);
    s.tasks[0].name = "日本語の長い名前のタスク";
    s.tasks[1].waits_for = std::string(500, 'x');
    s.loops.resize(9);
    for (std::size_t i = 0; i < 9; ++i)
        s.loops[i].name = "loop-" + std::to_string(i);
    s.loops[3].answers = false;
    top::live_view view(1s);
    view.show(std::move(s));
    const auto check_sizes = [&] {
        for (std::size_t rows = 0; rows < 30; ++rows)
            for (const std::size_t width : {0, 1, 2, 7, 10, 20, 50, 64, 80, 100, 300}) {
                const auto lines = view.draw(rows, width);
                REQUIRE(lines.size() <= rows);
                for (const top::line& l : lines)
                    REQUIRE(top::columns_of(l.text) <= width);
            }
    };
    check_sizes();
    press(view, U"t");
    check_sizes();
    view.press({key::end});
    view.press({key::enter});
    check_sizes();
    press(view, U"h");
    check_sizes();
}

TEST_CASE("live view: many loops leave room for the tasks")
{
    auto s = tasks(50);
    s.loops.resize(20);
    for (std::size_t i = 0; i < 20; ++i)
        s.loops[i].name = "loop-" + std::to_string(i);
    top::live_view view(1s);
    view.show(std::move(s));
    CHECK(shows(view, "loop-0 "));
    CHECK(shows(view, "and 15 loops more"));
    CHECK(shows(view, "task-9 "));
}

TEST_CASE("live view: keys move the selection, and the list scrolls with it")
{
    top::live_view view(1s);
    view.show(tasks(100));
    CHECK(selected(view) == "task-1");
    view.press({key::down});
    CHECK(selected(view) == "task-2");
    view.press({key::up});
    view.press({key::up});
    CHECK(selected(view) == "task-1");
    view.press({key::page_down});
    CHECK(selected(view) == "task-21"); // 24 rows without title, summary, heading and keys
    view.press({key::end});
    CHECK(selected(view) == "task-100");
    CHECK_FALSE(shows(view, "task-1 "));
    view.press({key::page_up});
    CHECK(selected(view) == "task-80");
    view.press({key::home});
    CHECK(selected(view) == "task-1");
}

TEST_CASE("live view: the selected task stays selected while others come and go")
{
    top::live_view view(1s);
    view.show(tasks(10));
    view.press({key::down});
    view.press({key::down});
    REQUIRE(selected(view) == "task-3");
    auto later = tasks(10);
    later.tasks.erase(later.tasks.begin());
    view.show(later);
    CHECK(selected(view) == "task-3");
    later.tasks.erase(later.tasks.begin() + 1); // it ends, and the one below moves up
    view.show(later);
    CHECK(selected(view) == "task-4");
    view.show(tasks(0));
    CHECK(selected(view) == "");
    view.show(tasks(2));
    CHECK(selected(view) == "task-1");
}

TEST_CASE("live view: until a key moves it, the selection is at the top")
{
    top::live_view view(1s);
    view.show(tasks(3));
    auto later = tasks(3);
    later.tasks[2].since_ms = 99'000;
    view.show(later);
    CHECK(selected(view) == "task-3");
}

TEST_CASE("live view: s sorts, t shows the tree, and both keep the selected task")
{
    auto s = tasks(3);
    s.tasks[2].parent = 1;
    top::live_view view(1s);
    view.show(std::move(s));
    view.press({key::end});
    press(view, U"ss");
    CHECK(shows(view, "by name"));
    CHECK(selected(view) == "task-3");
    press(view, U"t");
    CHECK(shows(view, "├── task-1  waiting 2.0 s for a sleep"));
    CHECK(shows(view, "│   └── task-3  waiting 0 ms"));
    CHECK(shows(view, "└── task-2"));
    for (const top::line& l : view.draw(24, columns))
        if (l.look == style::selected)
            CHECK(l.text.find("task-3") != std::string::npos);
}

TEST_CASE("live view: / filters while it is typed; Enter keeps the filter and Esc drops it")
{
    top::live_view view(1s);
    view.show(tasks(15));
    press(view, U"/");
    CHECK(shows(view, "filter: _"));
    press(view, U"task-1q");
    CHECK_FALSE(shows(view, "task-15 "));
    view.press({key::backspace});
    CHECK(shows(view, "task-15 "));
    CHECK_FALSE(shows(view, "task-9 "));
    view.press({key::enter});
    CHECK(shows(view, "only what has \"task-1\" in it"));
    CHECK_FALSE(shows(view, "task-9 "));
    view.press({key::escape});
    CHECK(shows(view, "task-9 "));
}

TEST_CASE("live view: p pauses and says so")
{
    top::live_view view(1s);
    view.show(tasks(1));
    press(view, U"p");
    CHECK(view.paused());
    CHECK(shows(view, "paused"));
    press(view, U"p");
    CHECK_FALSE(view.paused());
}

TEST_CASE("live view: Enter shows the details of a task, also when it has ended")
{
    auto s = tasks(2);
    s.tasks[0].stack = {{"orders::take", "orders.cpp:33"}};
    s.tasks[0].holds = {"mutex 'cache'"};
    s.tasks[0].context = {{"request_id", "abc"}};
    s.tasks[0].group = "server.cpp:120";
    s.tasks[0].parent = 77;
    s.tasks[0].awaited_by = {2};
    top::live_view view(1s);
    view.show(std::move(s));
    view.press({key::enter});
    for (const char* text :
         {"task-1  (id 1 of worker-0)",
          "waits for   a sleep",
          "group       server.cpp:120",
          "parent      task 77, which has ended",
          "awaited by  task-2",
          "holds       mutex 'cache'",
          "context     request_id = abc",
          "orders::take at orders.cpp:33"})
        CHECK(shows(view, text));
    view.show(tasks(0));
    CHECK(shows(view, "ended: task-1"));
    CHECK(shows(view, "orders::take"));
    press(view, U"q"); // back, not out
    CHECK(shows(view, "0 tasks"));
}

TEST_CASE("live view: the details of a deep stack scroll")
{
    auto s = tasks(1);
    for (int i = 0; i < 1000; ++i)
        s.tasks[0].stack.push_back({"f" + std::to_string(i), ""});
    top::live_view view(1s);
    view.show(std::move(s));
    view.press({key::enter});
    CHECK(shows(view, " f0"));
    for (int i = 0; i < 100; ++i)
        view.press({key::page_down});
    CHECK(shows(view, "f999"));
    view.press({key::home});
    CHECK(shows(view, " f0"));
}

TEST_CASE("live view: left and right shift the lines")
{
    auto s = tasks(1);
    s.tasks[0].waits_for = std::string(100, 'x') + " the end";
    top::live_view view(1s);
    view.show(std::move(s));
    CHECK_FALSE(shows(view, "the end"));
    for (int i = 0; i < 12; ++i)
        view.press({key::right});
    CHECK(shows(view, "the end"));
    for (int i = 0; i < 20; ++i)
        view.press({key::left});
    CHECK(shows(view, "task-1 "));
}

TEST_CASE("live view: h explains the keys, any key goes back, and q leaves")
{
    top::live_view view(1s);
    view.show(tasks(1));
    press(view, U"h");
    CHECK(shows(view, "pause"));
    CHECK(shows(view, "any key goes back"));
    press(view, U"q");
    CHECK(shows(view, "task-1"));
    CHECK_FALSE(view.press({key::character, U'q'}));
}

TEST_CASE("IN-08: the live view names a cycle, and shows its tasks in the colour of alarm")
{
    top::live_view view(1s);
    view.show(test::awaiting(3, {{1, 2}, {2, 1}}));
    const auto lines = view.draw(24, columns);
    const auto alarms = std::count_if(lines.begin(), lines.end(), [](const top::line& l) {
        return l.look == style::alarm;
    });
    CHECK(alarms == 3);
    CHECK(shows(view, "deadlock: b -> c -> b"));
}

TEST_CASE("live view: of 100 000 tasks only those that are seen are drawn")
{
    top::live_view view(1s);
    view.show(tasks(100'000));
    press(view, U"t");
    view.press({key::end});
    CHECK(view.draw(24, columns).size() == 24);
    CHECK(shows(view, "task-100000"));
}

TEST_CASE("live view: printed once it has all tasks, and nothing that is for a terminal")
{
    top::live_view view(1s);
    view.show(tasks(100));
    const std::string text = view.plain();
    CHECK(text.starts_with("hello (pid 123), up 1.0 s\n100 tasks: 100 waiting; by longest wait\n"));
    CHECK(text.find("\ntask-100 ") != std::string::npos);
    CHECK(text.find("quit") == std::string::npos);
    CHECK(text.find(" \n") == std::string::npos);
}
