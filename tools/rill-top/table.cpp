// SPDX-License-Identifier: BSL-1.0
#include "table.hpp"

#include "order.hpp"
#include "wording.hpp"

#include <algorithm>
#include <utility>

namespace top {

namespace {

constexpr auto right = alignment::right;

std::string share(std::uint64_t part, std::uint64_t whole)
{
    return whole == 0 ? "-" : std::to_string(part * 100 / whole) + " %";
}

std::vector<std::string> loop_cells(const loop_info& loop)
{
    return {
        printable(loop.name),
        std::to_string(loop.tasks),
        std::to_string(loop.ready),
        std::to_string(loop.timers),
        std::to_string(loop.io),
        std::to_string(loop.turns),
        std::to_string(loop.steps),
        share(loop.busy_ms, loop.uptime_ms),
        microseconds(loop.lag_us.p50),
        microseconds(loop.lag_us.p99),
        microseconds(loop.lag_us.max),
        milliseconds(loop.uptime_ms),
    };
}

std::string slowest_text(const std::vector<loop_info>& loops)
{
    table steps({{"LOOP"}, {"STEP", right}, {"TASK"}, {"WHERE"}, {"AGO", right}});
    bool any = false;
    for (const loop_info& loop : loops)
        for (const slow_step& step : loop.slowest) {
            any = true;
            steps.add_row(
                {printable(loop.name),
                 microseconds(step.us),
                 printable(step.task),
                 printable(step.where),
                 milliseconds(step.ago_ms)}
            );
        }
    return any ? "\nslowest steps\n" + steps.text() : "";
}

} // namespace

table::table(std::vector<column> columns)
    : columns_(std::move(columns))
{
    for (const column& c : columns_)
        widths_.push_back(columns_of(c.heading));
}

void table::add_row(std::vector<std::string> cells)
{
    for (std::size_t i = 0; i < cells.size(); ++i)
        widths_[i] = std::max(widths_[i], columns_of(cells[i]));
    rows_.push_back(std::move(cells));
}

std::string table::text() const
{
    std::vector<std::string> headings;
    for (const column& c : columns_)
        headings.push_back(c.heading);
    std::string text = line(headings);
    for (const auto& cells : rows_)
        text += line(cells);
    return text;
}

std::string table::line(const std::vector<std::string>& cells) const
{
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i)
        text += (i == 0 ? "" : "  ") + fitted(cells[i], widths_[i], columns_[i].side);
    text.resize(text.find_last_not_of(' ') + 1);
    return text + "\n";
}

std::string tasks_text(const snapshot& of)
{
    const relations related(of);
    table tasks(
        {{"LOOP"},
         {"ID", right},
         {"PARENT", right},
         {"NAME"},
         {"STATE"},
         {"FOR", right},
         {"STEPS", right},
         {"DEADLINE", right},
         {"WAITS FOR"},
         {"HOLDS"},
         {"AWAITED BY"}}
    );
    for (const position i : in_order(of, {}, sort_order::id)) {
        const task_info& task = of.tasks[i];
        tasks.add_row(
            {printable(task.loop),
             std::to_string(task.id),
             task.parent ? std::to_string(*task.parent) : "",
             name_of(task),
             state_of(task),
             milliseconds(task.since_ms),
             std::to_string(task.steps),
             deadline_of(task),
             wait_of(task),
             held_by(task),
             awaiters_of(of, related, task)}
        );
    }
    std::string text = tasks.text();
    for (const auto& cycle : related.cycles())
        text += deadlock_text(of, cycle) + "\n";
    if (of.left_out > 0)
        text += left_out_text(of) + "\n";
    return text;
}

std::string loops_text(const snapshot& of)
{
    table loops(
        {{"LOOP"},
         {"TASKS", right},
         {"READY", right},
         {"TIMERS", right},
         {"I/O", right},
         {"TURNS", right},
         {"STEPS", right},
         {"BUSY", right},
         {"LAG P50", right},
         {"P99", right},
         {"MAX", right},
         {"UP", right}}
    );
    std::string silent;
    for (const loop_info& loop : of.loops)
        if (loop.answers)
            loops.add_row(loop_cells(loop));
        else
            silent += printable(loop.name) + ": " + silence_of(loop) + "\n";
    return loops.text() + silent + slowest_text(of.loops);
}

std::string services_text(const std::vector<found_service>& services)
{
    table found({{"PID", right}, {"PROGRAM"}, {"RILL"}, {"UP", right}, {"SOCKET"}});
    for (const found_service& service : services) {
        const bool answered = service.problem.empty();
        found.add_row(
            {std::to_string(service.pid),
             answered ? printable(service.info.program) : "(" + printable(service.problem) + ")",
             printable(service.info.rill),
             answered ? milliseconds(service.info.uptime_ms) : "",
             printable(service.socket)}
        );
    }
    return found.text();
}

} // namespace top
