// SPDX-License-Identifier: BSL-1.0
//
// The live screen's state and keys; what it looks like is in live_draw.cpp.
#include "live_view.hpp"

#include "details.hpp"
#include "text.hpp"

#include <algorithm>
#include <utility>

namespace top {

namespace {

constexpr std::size_t columns_of_a_step = 8; // to the left and right

} // namespace

live_view::data::data(snapshot of)
    : now(std::move(of))
    , related(now)
{}

live_view::live_view(std::chrono::milliseconds interval)
    : interval_(interval)
{}

void live_view::show(snapshot next)
{
    auto newer = std::make_unique<data>(std::move(next));
    if (data_)
        newer->changes = rates(data_->now, data_->related.index(), newer->now);
    data_ = std::move(newer);
    lost_.clear();
    arrange();
    renew_details();
}

void live_view::lost(std::string why)
{
    lost_ = printable(why.substr(0, why.find('\n')));
}

void live_view::slowed_to(std::chrono::milliseconds interval)
{
    interval_ = interval;
}

bool live_view::press(key_press pressed)
{
    if (editing_filter_) {
        press_in_filter(pressed);
        return true;
    }
    if (help_) {
        help_ = false;
        return true;
    }
    return details_of_ ? press_in_details(pressed) : press_in_list(pressed);
}

bool live_view::press_in_list(key_press pressed)
{
    const auto page = static_cast<std::ptrdiff_t>(page_);
    switch (pressed.what) {
    case key::character: return press_character(pressed.character);
    case key::up: move(-1); break;
    case key::down: move(1); break;
    case key::page_up: move(-page); break;
    case key::page_down: move(page); break;
    case key::end: move_to(rows_.size()); break;
    case key::home:
        selected_ = 0;
        followed_.reset();
        break;
    case key::right: skipped_columns_ += columns_of_a_step; break;
    case key::left: skipped_columns_ -= std::min(skipped_columns_, columns_of_a_step); break;
    case key::enter: open_details(); break;
    case key::escape:
        filter_.clear();
        arrange();
        break;
    default: break;
    }
    return true;
}

bool live_view::press_character(char32_t character)
{
    switch (character) {
    case U'q': return false;
    case U't':
        tree_ = !tree_;
        arrange();
        break;
    case U's':
        order_ = next_order(order_);
        arrange();
        break;
    case U'/': editing_filter_ = true; break;
    case U'p': paused_ = !paused_; break;
    case U'h':
    case U'?': help_ = true; break;
    default: break;
    }
    return true;
}

bool live_view::press_in_details(key_press pressed)
{
    const auto scroll = [&](std::ptrdiff_t lines) {
        const auto last = static_cast<std::ptrdiff_t>(details_.size()) - 1;
        const auto to = static_cast<std::ptrdiff_t>(details_first_) + lines;
        details_first_ = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(to, 0, last));
    };
    const auto page = static_cast<std::ptrdiff_t>(page_);
    switch (pressed.what) {
    case key::up: scroll(-1); break;
    case key::down: scroll(1); break;
    case key::page_up: scroll(-page); break;
    case key::page_down: scroll(page); break;
    case key::home: details_first_ = 0; break;
    case key::right: skipped_columns_ += columns_of_a_step; break;
    case key::left: skipped_columns_ -= std::min(skipped_columns_, columns_of_a_step); break;
    case key::character:
        if (pressed.character == U'p')
            paused_ = !paused_;
        else if (pressed.character == U'h' || pressed.character == U'?')
            help_ = true;
        else if (pressed.character == U'q')
            details_of_.reset();
        break;
    case key::enter:
    case key::escape:
    case key::backspace: details_of_.reset(); break;
    default: break;
    }
    return true;
}

void live_view::press_in_filter(key_press pressed)
{
    switch (pressed.what) {
    case key::character: filter_ += printable(utf8(pressed.character)); break;
    case key::backspace:
        while (!filter_.empty() && (filter_.back() & 0xc0) == 0x80)
            filter_.pop_back(); // the rest of a character
        if (!filter_.empty())
            filter_.pop_back();
        break;
    case key::escape: filter_.clear(); [[fallthrough]];
    case key::enter: editing_filter_ = false; break;
    default: break;
    }
    arrange();
}

void live_view::move(std::ptrdiff_t rows)
{
    const auto to = static_cast<std::ptrdiff_t>(selected_) + rows;
    move_to(static_cast<std::size_t>(std::max<std::ptrdiff_t>(to, 0)));
}

void live_view::move_to(std::size_t row)
{
    selected_ = std::min(row, rows_.empty() ? 0 : rows_.size() - 1);
    remember_selected();
}

/// Decides which rows there are, and finds the selected one among them.
void live_view::arrange()
{
    if (!data_)
        return;
    const snapshot& now = data_->now;
    std::vector<position> order = in_order(now, data_->changes, order_);
    if (tree_) {
        if (!filter_.empty())
            order = with_ancestors(now, data_->related, order, filter_);
        rows_ = tree_rows(now, data_->related, order);
    } else {
        if (!filter_.empty())
            order = matching(now, order, filter_);
        rows_.assign(order.size(), tree_row());
        for (std::size_t i = 0; i < order.size(); ++i)
            rows_[i].index = order[i];
    }
    find_selected_again();
}

void live_view::find_selected_again()
{
    if (followed_) {
        const position task = data_->related.index().find(followed_->loop, followed_->id);
        const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const tree_row& r) {
            return r.what == tree_row::kind::task && r.index == task;
        });
        if (row != rows_.end()) {
            selected_ = static_cast<std::size_t>(row - rows_.begin());
            return;
        }
    }
    selected_ = std::min(selected_, rows_.empty() ? 0 : rows_.size() - 1);
    if (followed_)
        remember_selected(); // the one that has come in its place
}

void live_view::remember_selected()
{
    const position task = selected_task();
    if (task != nobody)
        followed_ = task_key{data_->now.tasks[task].loop, data_->now.tasks[task].id};
}

position live_view::selected_task() const
{
    if (selected_ >= rows_.size() || rows_[selected_].what != tree_row::kind::task)
        return nobody;
    return rows_[selected_].index;
}

void live_view::open_details()
{
    const position task = selected_task();
    if (task == nobody)
        return;
    details_of_ = task_key{data_->now.tasks[task].loop, data_->now.tasks[task].id};
    details_first_ = 0;
    renew_details();
}

/// Keeps what was known of a task that has ended.
void live_view::renew_details()
{
    if (!details_of_)
        return;
    const position task = data_->related.index().find(details_of_->loop, details_of_->id);
    if (task != nobody)
        details_ = details_of(data_->now, data_->related, data_->changes, task);
    else if (!details_.front().starts_with("ended: "))
        details_.front() = "ended: " + details_.front();
}

} // namespace top
