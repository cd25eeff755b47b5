// SPDX-License-Identifier: BSL-1.0
#include "mended_text.hpp"

#include "shift.hpp"

#include <utility>

namespace rill::conf::detail {

mended_text::mended_text(std::string text)
    : text_{std::move(text)}
    , statements_{statements_of(text_)}
{
    for (statement& s : statements_) {
        s.name = shifted_down(s.name);
        s.value = shifted_down(s.value);
    }
}

std::size_t mended_text::culprit(unsigned line) const
{
    std::size_t here = statement::no_index;
    for (std::size_t i = 0; i < statements_.size(); ++i) {
        const statement& s = statements_[i];
        if (s.first_line > line || taken_out_.contains(i))
            continue;
        if (!s.closed)
            return i;
        if (s.last_line >= line)
            here = i;
    }
    return here;
}

const statement* mended_text::same_before(std::size_t index) const
{
    const statement& s = statements_[index];
    for (std::size_t i = 0; i < index; ++i)
        if (const statement& first = statements_[i];
            first.name == s.name && first.header == s.header && same_section(first, s))
            return &first;
    return nullptr;
}

bool mended_text::same_section(const statement& a, const statement& b) const
{
    const auto name = [this](const statement& s) {
        return s.section == statement::no_index ? std::string_view{}
                                                : std::string_view{statements_[s.section].name};
    };
    return a.header || name(a) == name(b);
}

std::string mended_text::take_out(std::size_t index)
{
    const statement& s = statements_[index];
    taken_out_.insert(index);
    for (std::size_t i = s.begin; i < s.end; ++i)
        if (text_[i] != '\n')
            text_[i] = ' ';
    if (!s.header)
        return {};
    const std::string number = std::to_string(index);
    replace_header(s, "[\"\\u0001" + number + "\"]");
    return '\x01' + number; // nobody calls a section that
}

void mended_text::replace_header(const statement& s, const std::string& by)
{
    const std::size_t begin = s.begin;
    if (by.size() <= s.end - begin) {
        text_.replace(begin, by.size(), by);
        return;
    }
    text_.insert(begin, by);
    for (statement& each : statements_) {
        each.begin += each.begin > begin ? by.size() : 0;
        each.end += each.end > begin ? by.size() : 0;
    }
}

} // namespace rill::conf::detail
