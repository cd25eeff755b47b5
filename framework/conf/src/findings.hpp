// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/conf/load.hpp>

#include <string>
#include <vector>

namespace rill::conf::detail {

/// The problems of a loading, in the order in which they are told: source after source, and those
/// of a file by their places. Whatever stands in the sources, a message is one line.
class findings {
public:
    void add(origin where, const std::string& message);
    void add(std::vector<problem> more);

    void end_file();
    void end_source();

    /// All of them, or the first ones and how many are not shown.
    std::vector<problem> take();

private:
    std::vector<problem> before_; // of the sources that have ended
    std::vector<problem> here_;   // of the one that is being read, as they were found
};

} // namespace rill::conf::detail
