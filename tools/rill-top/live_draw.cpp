// SPDX-License-Identifier: BSL-1.0
//
// What the live screen looks like.
#include "live_view.hpp"
#include "text.hpp"
#include "wording.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace top {

namespace {

constexpr auto right = alignment::right;
constexpr std::size_t plain_columns = 160; // of the table in plain(), without its last column

const std::vector<std::string> help_text = {
    "rill-top: the loops and tasks of a running service",
    "",
    "  up, down, PgUp, PgDn, Home, End   select a task; Home follows the top of the list",
    "  left, right                       shift the lines",
    "  Enter                             details of the task: stack, locks, context",
    "  t                                 tree or table",
    "  s                                 sort: longest wait, steps per second, name, age",
    "  /                                 filter by name, loop, state, group, place or wait;",
    "                                    Enter keeps the filter, Esc drops it",
    "  p                                 pause",
    "  q                                 quit",
    "",
    "LAG is by how much the turns of a loop were late: P99 of 100 turns since the last look,",
    "MAX since the start. Its bars are the turns that were late by 10 us, 100 us, 1 ms, 10 ms,",
    "100 ms, 1 s and more. BUSY is the share of time in which a loop did not wait for events.",
};

/// How wide the columns of the table are; 0: not shown.
struct table_widths {
    std::size_t loop = 0;
    std::size_t name = 0;
    std::size_t state = 0;
    std::size_t since = 11;
    std::size_t steps = 0;
    std::size_t deadline = 0;
};

table_widths widths_for(std::size_t columns, bool several_loops)
{
    table_widths w;
    w.name = std::clamp<std::size_t>(columns / 4, 8, 32);
    w.state = columns >= 50 ? 10 : 0;
    w.steps = columns >= 64 ? 8 : 0;
    w.loop = several_loops && columns >= 80 ? 10 : 0;
    w.deadline = columns >= 100 ? 15 : 0;
    return w;
}

void add_cell(
    std::string& text, std::string_view cell, std::size_t width, alignment side = alignment::left
)
{
    if (width > 0)
        text += fitted(cell, width, side) + "  ";
}

/// The higher, the more turns; each step is about twice as many.
std::string bars_of(const lag_decades& lag)
{
    constexpr std::array<const char*, 9> bars{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const auto most = static_cast<double>(*std::max_element(lag.begin(), lag.end()));
    std::string text;
    for (const std::uint64_t count : lag) {
        const double share =
            most > 0 ? std::log2(1 + static_cast<double>(count)) / std::log2(1 + most) : 0;
        text += bars[static_cast<std::size_t>(std::ceil(share * 8))];
    }
    return text;
}

/// The figures of a loop, for 80 columns with its name and bars.
constexpr std::array<std::size_t, 8> loop_widths{6, 5, 5, 7, 7, 5, 7, 7};

std::string loop_cells(std::string_view name, const std::array<std::string, 8>& figures)
{
    std::string text = fitted(name, 12);
    for (std::size_t i = 0; i < figures.size(); ++i)
        text += " " + fitted(figures[i], loop_widths[i], right);
    return text + " ";
}

std::string loop_heading()
{
    return loop_cells(
               "LOOP", {"TASKS", "READY", "I/O", "TURNS/S", "STEPS/S", "BUSY", "LAG P99", "MAX"}
           ) +
           "LAG";
}

style look_of(const task_info& task, bool deadlocked)
{
    if (deadlocked)
        return style::alarm;
    if (task.cancelling || task.state == task_state::cancelling)
        return style::warning;
    if (task.state == task_state::running || task.state == task_state::ready)
        return style::good;
    return task.state == task_state::done ? style::dim : style::plain;
}

std::string without_spaces_at_end(std::string text)
{
    text.resize(text.find_last_not_of(' ') + 1);
    return text;
}

} // namespace

std::vector<line> live_view::draw(std::size_t rows, std::size_t columns)
{
    std::vector<line> lines;
    if (rows == 0 || columns == 0)
        return lines;
    lines.push_back(title(columns));
    if (!lost_.empty())
        lines.push_back({"no answer, trying again: " + lost_, style::alarm});
    const std::size_t used = lines.size() + 1; // with the footer
    const std::size_t room = rows > used ? rows - used : 0;
    if (help_)
        for (line& l : draw_text(help_text, room))
            lines.push_back(std::move(l));
    else if (details_of_)
        for (line& l : draw_text(details_, room))
            lines.push_back(std::move(l));
    else if (data_)
        draw_list(lines, room, columns);
    lines.resize(std::max<std::size_t>(rows, 2) - 1);
    lines.push_back(footer());
    lines.resize(rows);
    for (line& l : lines)
        l.text = l.look == style::selected || l.look == style::heading || l.look == style::title
                     ? fitted(l.text, columns)
                     : clipped(l.text, columns);
    return lines;
}

std::string live_view::plain()
{
    std::vector<line> lines{{data_ ? service_text(data_->now.info) : "no service", style::plain}};
    if (!lost_.empty())
        lines.push_back({lost_, style::plain});
    if (data_) {
        for (line& l : loop_lines(data_->now.loops.size() + 1, plain_columns))
            lines.push_back(std::move(l));
        for (line& l : deadlock_lines(data_->related.cycles().size()))
            lines.push_back(std::move(l));
        lines.push_back(summary());
        lines.push_back({table_heading(plain_columns), style::plain});
    }
    std::string text;
    for (line& l : lines)
        text += without_spaces_at_end(std::move(l.text)) + "\n";
    for (const tree_row& row : rows_)
        text += without_spaces_at_end(table_line(row.index, plain_columns)) + "\n";
    return text;
}

line live_view::title(std::size_t columns) const
{
    const std::string name = data_ ? service_text(data_->now.info) : "rill-top";
    std::string status = paused_ ? "paused" : "every ";
    if (!paused_)
        status += milliseconds(static_cast<std::uint64_t>(interval_.count()));
    const std::size_t width = columns_of(status) + 1;
    if (columns < width + 8)
        return {name, style::title};
    return {fitted(name, columns - width) + " " + status, style::title};
}

void live_view::draw_list(std::vector<line>& lines, std::size_t rows, std::size_t columns)
{
    const std::size_t before = lines.size();
    for (line& l : loop_lines(rows / 3, columns))
        lines.push_back(std::move(l));
    for (line& l : deadlock_lines(rows / 6))
        lines.push_back(std::move(l));
    if (rows >= 6)
        lines.push_back(summary());
    if (rows >= 4)
        lines.push_back(
            {tree_ ? "TREE" : without_first(table_heading(columns), skipped_columns_),
             style::heading}
        );
    const std::size_t used = lines.size() - before;
    page_ = rows > used ? rows - used : 0;
    first_ = std::min(first_, selected_);
    if (page_ > 0 && selected_ >= first_ + page_)
        first_ = selected_ - page_ + 1;
    if (rows_.size() < first_ + page_)
        first_ = rows_.size() - std::min(rows_.size(), page_);
    for (std::size_t row = first_; row < rows_.size() && row < first_ + page_; ++row)
        lines.push_back(draw_row(row, columns));
}

line live_view::draw_row(std::size_t row, std::size_t columns) const
{
    const tree_row& r = rows_[row];
    const bool is_task = r.what == tree_row::kind::task;
    const std::string text =
        tree_ ? tree_row_text(data_->now, data_->related, r) : table_line(r.index, columns);
    const style look = row == selected_ ? style::selected
                       : is_task
                           ? look_of(data_->now.tasks[r.index], data_->related.deadlocked(r.index))
                       : r.what == tree_row::kind::deadlock ? style::alarm
                                                            : style::plain;
    return {without_first(text, skipped_columns_), look};
}

std::string live_view::table_heading(std::size_t columns) const
{
    const table_widths w = widths_for(columns, data_->related.loops().size() > 1);
    std::string text;
    add_cell(text, "LOOP", w.loop);
    add_cell(text, "NAME", w.name);
    add_cell(text, "STATE", w.state);
    add_cell(text, "FOR", w.since, right);
    add_cell(text, "STEPS/S", w.steps, right);
    add_cell(text, "DEADLINE", w.deadline, right);
    return text + "WAITS FOR";
}

std::string live_view::table_line(position i, std::size_t columns) const
{
    const task_info& task = data_->now.tasks[i];
    const table_widths w = widths_for(columns, data_->related.loops().size() > 1);
    const auto steps = data_->changes.steps_of(i);
    std::string text;
    add_cell(text, printable(task.loop), w.loop);
    add_cell(text, name_of(task), w.name);
    add_cell(text, state_of(task), w.state);
    add_cell(text, milliseconds(task.since_ms), w.since, right);
    add_cell(text, steps ? rate(*steps) : "-", w.steps, right);
    add_cell(text, deadline_of(task), w.deadline, right);
    return text + wait_of(task) + (task.holds.empty() ? "" : ", holds " + held_by(task));
}

std::vector<line> live_view::loop_lines(std::size_t most, std::size_t columns) const
{
    const auto& loops = data_->now.loops;
    std::vector<line> lines;
    if (most < 2 || loops.empty())
        return lines;
    lines.push_back({clipped(loop_heading(), columns), style::heading});
    const std::size_t shown = loops.size() < most ? loops.size() : most - 2;
    for (position i = 0; i < shown; ++i)
        lines.push_back({loop_line(i), loops[i].answers ? style::plain : style::alarm});
    if (shown < loops.size())
        lines.push_back({"and " + counted(loops.size() - shown, "loop") + " more", style::dim});
    return lines;
}

std::string live_view::loop_line(position i) const
{
    const loop_info& loop = data_->now.loops[i];
    const std::string name = printable(loop.name);
    if (!loop.answers)
        return fitted(name, 12) + " " + silence_of(loop);
    const auto now = data_->changes.of_loop(i);
    const std::string figures = loop_cells(
        name,
        {std::to_string(loop.tasks),
         std::to_string(loop.ready),
         std::to_string(loop.io),
         now ? rate(now->turns) : "-",
         now ? rate(now->steps) : "-",
         now ? std::to_string(std::lround(now->busy * 100)) + " %" : "-",
         now && now->lag_p99_us ? microseconds(*now->lag_p99_us) : "-",
         microseconds(loop.lag_us.max)}
    );
    return figures + (now ? bars_of(now->lag) : "");
}

std::vector<line> live_view::deadlock_lines(std::size_t most) const
{
    std::vector<line> lines;
    for (const auto& cycle : data_->related.cycles())
        if (lines.size() < most)
            lines.push_back({deadlock_text(data_->now, cycle), style::alarm});
    return lines;
}

line live_view::summary() const
{
    constexpr std::array shown{
        task_state::running,
        task_state::ready,
        task_state::waiting,
        task_state::cancelling,
        task_state::fresh,
        task_state::done,
    };
    const auto& tasks = data_->now.tasks;
    std::string text = counted(tasks.size(), "task");
    std::string_view separator = ": ";
    for (const task_state state : shown) {
        const auto n = std::count_if(tasks.begin(), tasks.end(), [&](const task_info& task) {
            return task.state == state;
        });
        if (n == 0)
            continue;
        text += std::string(separator) + std::to_string(n) + " " + std::string(to_string(state));
        separator = ", ";
    }
    if (const std::string more = left_out_text(data_->now); !more.empty())
        text += "; " + more;
    text += "; by " + std::string(to_string(order_));
    if (!filter_.empty())
        text += "; only what has \"" + filter_ + "\" in it";
    return {text, style::plain};
}

line live_view::footer() const
{
    if (editing_filter_)
        return {"filter: " + filter_ + "_   Enter keeps it, Esc drops it", style::title};
    if (help_)
        return {"any key goes back", style::title};
    if (details_of_)
        return {"Enter or q back   p pause   h help", style::title};
    return {
        "q quit   t tree/table   s sort   / filter   p pause   Enter details   h help", style::title
    };
}

std::vector<line> live_view::draw_text(const std::vector<std::string>& text, std::size_t rows)
{
    page_ = rows;
    const bool scrolled = !help_;
    std::vector<line> lines;
    for (std::size_t i = scrolled ? details_first_ : 0; i < text.size() && lines.size() < rows; ++i)
        lines.push_back({scrolled ? without_first(text[i], skipped_columns_) : text[i]});
    return lines;
}

} // namespace top
