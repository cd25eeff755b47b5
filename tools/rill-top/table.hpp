// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "relations.hpp"
#include "text.hpp"

#include <string>
#include <vector>

namespace top {

/// Rows of cells below headings, each column as wide as its widest cell.
class table {
public:
    struct column {
        std::string heading;
        alignment side = alignment::left;
    };

    explicit table(std::vector<column> columns);

    /// One printable cell for each column.
    void add_row(std::vector<std::string> cells);

    /// Lines with their ends, without spaces at these.
    std::string text() const;

private:
    std::string line(const std::vector<std::string>& cells) const;

    std::vector<column> columns_;
    std::vector<std::size_t> widths_;
    std::vector<std::vector<std::string>> rows_;
};

/// All tasks, one in a line, in order of loop and id; then the deadlocks, if there are any.
std::string tasks_text(const snapshot& of);

/// All loops, one in a line, then their slowest steps.
std::string loops_text(const snapshot& of);

/// A service that was found in the runtime directory.
struct found_service {
    std::uint64_t pid = 0;
    std::string socket;
    service_info info;
    std::string problem; // empty: it has answered
};

/// One service in a line.
std::string services_text(const std::vector<found_service>& services);

} // namespace top
