// SPDX-License-Identifier: BSL-1.0
//
// Nothing that a service says reaches a terminal as a command.
#include "details.hpp"
#include "json_report.hpp"
#include "live_view.hpp"
#include "sample.hpp"
#include "table.hpp"
#include "text.hpp"
#include "tree.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace {

/// Every text that a service can send, with everything that a terminal obeys.
top::snapshot hostile()
{
    const std::string bad = "\x1b[2J\n\u009b31m\xff\u202e\x7f";
    top::snapshot s;
    s.info.program = bad;
    s.info.rill = bad;
    top::loop_info loop;
    loop.name = bad;
    loop.slowest.push_back({1, bad, bad, 1});
    s.loops.push_back(loop);
    loop.answers = false;
    loop.name += "2";
    loop.running = bad;
    s.loops.push_back(loop);
    for (std::uint64_t id : {1, 2}) {
        top::task_info t = test::task(id, bad);
        t.loop = bad;
        t.group = bad;
        t.waits_for = bad;
        t.where = bad;
        t.stack = {{bad, bad}};
        t.holds = {bad};
        t.context = {{bad, bad}};
        t.awaited_by = {3 - id};
        s.tasks.push_back(t);
    }
    return s;
}

/// Whether `text` is harmless, apart from the ends of its lines.
bool is_harmless(std::string text)
{
    std::erase(text, '\n');
    return text == top::printable(text);
}

bool is_harmless(const std::vector<top::line>& lines)
{
    for (const top::line& l : lines)
        if (l.text != top::printable(l.text))
            return false;
    return true;
}

} // namespace

TEST_CASE("escaping: tree, tables and JSON")
{
    const auto s = hostile();
    CHECK(is_harmless(top::tree_text(s)));
    CHECK(is_harmless(top::tasks_text(s)));
    CHECK(is_harmless(top::loops_text(s)));
    CHECK(is_harmless(top::services_text({{1, s.info.program, s.info, ""}, {1, "", {}, s.info.rill}}
    )));
    for (const std::string& json :
         {top::tree_json(s),
          top::tasks_json(s),
          top::loops_json(s),
          top::services_json({{1, s.info.program, s.info, ""}, {1, "", {}, s.info.rill}})})
        for (const char c : json)
            REQUIRE((c == '\n' || (c >= ' ' && c < 0x7f)));
}

TEST_CASE("escaping: a name adds no lines")
{
    const std::string text = top::tree_text(hostile());
    CHECK(std::count(text.begin(), text.end(), '\n') == 2 + 1 + 2 * 2); // loops, deadlock, tasks
}

TEST_CASE("escaping: every view of the live screen")
{
    top::live_view view(std::chrono::seconds(1));
    view.show(hostile());
    CHECK(is_harmless(view.plain()));
    CHECK(is_harmless(view.draw(30, 120)));
    view.press({top::key::enter});
    CHECK(is_harmless(view.draw(30, 120)));
    view.press({top::key::escape});
    view.press({top::key::character, U't'});
    CHECK(is_harmless(view.draw(30, 120)));
    view.press({top::key::character, U'/'});
    view.press({top::key::character, U'\u202e'});
    CHECK(is_harmless(view.draw(30, 120)));
    view.lost("\x1b[2J");
    CHECK(is_harmless(view.draw(30, 120)));
}
