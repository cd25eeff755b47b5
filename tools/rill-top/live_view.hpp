// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "canvas.hpp"
#include "order.hpp"
#include "tree.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace top {

/// The live screen, apart from terminal and socket: it takes snapshots and keys, and gives lines.
///
/// Texts are made only for the rows that are seen. The selected task stays selected while others
/// come and go around it.
class live_view {
public:
    explicit live_view(std::chrono::milliseconds interval);

    /// What the service has just said of itself.
    void show(snapshot next);

    /// The service cannot be reached; `why` is shown beside what was seen last.
    void lost(std::string why);

    /// How long it takes until the next snapshot, if that is more than asked for.
    void slowed_to(std::chrono::milliseconds interval);

    /// False: the user wants to leave.
    bool press(key_press pressed);

    /// While it is, the service need not be asked.
    bool paused() const noexcept { return paused_; }

    /// At most `rows` lines, none wider than `columns`.
    std::vector<line> draw(std::size_t rows, std::size_t columns);

    /// The same once for a file or a pipe: with all tasks, and without colours and keys.
    std::string plain();

private:
    struct data {
        explicit data(snapshot of);

        snapshot now;
        relations related;
        rates changes;
    };

    struct task_key {
        std::string loop;
        std::uint64_t id;
    };

    // Keys
    bool press_in_list(key_press pressed);
    bool press_in_details(key_press pressed);
    void press_in_filter(key_press pressed);
    bool press_character(char32_t character);
    void move(std::ptrdiff_t rows);
    void move_to(std::size_t row);

    // State
    void arrange();
    void find_selected_again();
    void remember_selected();
    void open_details();
    void renew_details();
    position selected_task() const;

    // Drawing; the widths are those of a whole line
    line title(std::size_t columns) const;
    std::vector<line> loop_lines(std::size_t most, std::size_t columns) const;
    std::string loop_line(position loop) const;
    std::vector<line> deadlock_lines(std::size_t most) const;
    line summary() const;
    line footer() const;
    void draw_list(std::vector<line>& lines, std::size_t rows, std::size_t columns);
    line draw_row(std::size_t row, std::size_t columns) const;
    std::string table_heading(std::size_t columns) const;
    std::string table_line(position task, std::size_t columns) const;
    std::vector<line> draw_text(const std::vector<std::string>& text, std::size_t rows);

    std::unique_ptr<data> data_; // null: nothing has come yet
    std::string lost_;           // why; empty: it is there
    std::chrono::milliseconds interval_;
    std::vector<tree_row> rows_; // of tree or table, in the order in which they are shown

    sort_order order_ = sort_order::longest_wait;
    bool tree_ = false;
    bool paused_ = false;
    bool help_ = false;
    bool editing_filter_ = false;
    std::string filter_;

    std::size_t selected_ = 0;           // in rows_
    std::optional<task_key> followed_;   // the selected task, once the user has moved
    std::size_t first_ = 0;              // row that is drawn at the top
    std::size_t page_ = 1;               // rows of the list that fitted when it was drawn last
    std::size_t skipped_columns_ = 0;    // scrolled to the left
    std::optional<task_key> details_of_; // empty: the list is shown
    std::vector<std::string> details_;
    std::size_t details_first_ = 0;
};

} // namespace top
