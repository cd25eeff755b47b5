// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "statements.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rill::conf::detail {

/// A text that is to be TOML, and of which statements are taken out until it is. The others keep
/// their lines and columns.
class mended_text {
public:
    /// Of a text that has been shifted up; the names and values of its statements are not.
    explicit mended_text(std::string text);

    const std::string& text() const noexcept { return text_; }

    const std::vector<statement>& statements() const noexcept { return statements_; }

    /// The statement that an error in `line` comes from: the first one left open, since a parser
    /// notices that only later, or the one that stands there.
    std::size_t culprit(unsigned line) const;

    /// Null if no statement before that one sets the same.
    const statement* same_before(std::size_t index) const;

    /// A header is replaced by one that nobody writes, so that what stands under it does not fall
    /// into the section above. The name of that; empty for a key.
    std::string take_out(std::size_t index);

private:
    bool same_section(const statement& a, const statement& b) const;
    void replace_header(const statement& s, const std::string& by);

    std::string text_;
    std::vector<statement> statements_; // of text_, those included that have been taken out
    std::set<std::size_t> taken_out_;
};

} // namespace rill::conf::detail
