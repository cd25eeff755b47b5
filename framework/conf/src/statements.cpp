// SPDX-License-Identifier: BSL-1.0
#include "statements.hpp"

#include "described.hpp"

#include <algorithm>

namespace rill::conf::detail {

namespace {

bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

unsigned characters(std::string_view text)
{
    return static_cast<unsigned>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

class splitter {
public:
    explicit splitter(std::string_view text)
        : text_{text}
    {}

    std::vector<statement> run()
    {
        while (at_ < text_.size()) {
            skip_blanks();
            if (peek() == '\n')
                next_line();
            else if (peek() == '#')
                skip_line();
            else if (at_ < text_.size())
                take_statement();
        }
        return std::move(found_);
    }

private:
    char peek(std::size_t ahead = 0) const
    {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\n';
    }

    void skip_blanks()
    {
        while (at_ < text_.size() && is_blank(text_[at_]))
            ++at_;
    }

    void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

    void next_line()
    {
        ++at_;
        ++line_;
        line_start_ = std::min(at_, text_.size());
    }

    /// True if a new statement seems to begin at the current line: "name =" or "[name".
    /// Inside an array neither can stand at the start of a line.
    bool statement_begins() const
    {
        std::size_t i = at_;
        while (i < text_.size() && is_blank(text_[i]))
            ++i;
        if (i < text_.size() && text_[i] == '[') {
            while (i < text_.size() && text_[i] == '[')
                ++i;
            return i < text_.size() && is_letter(text_[i]) && !is_word(i);
        }
        if (i >= text_.size() || !is_letter(text_[i]))
            return false;
        while (i < text_.size() && is_name(text_[i]))
            ++i;
        while (i < text_.size() && is_blank(text_[i]))
            ++i;
        return i < text_.size() && text_[i] == '=';
    }

    /// The values that begin with a letter.
    bool is_word(std::size_t i) const
    {
        const auto rest = text_.substr(i);
        for (const std::string_view word : {"true", "false", "inf", "nan"})
            if (rest.starts_with(word) &&
                (rest.size() == word.size() || !is_name(rest[word.size()])))
                return true;
        return false;
    }

    void take_statement()
    {
        statement s;
        s.begin = at_;
        s.first_line = line_;
        s.column = characters(text_.substr(line_start_, at_ - line_start_)) + 1;
        s.header = peek() == '[';
        s.array = s.header && peek(1) == '[';
        s.section = section_;

        scan_name(s);
        if (s.header)
            skip_line();
        else if (peek() == '=')
            scan_value(s);

        s.end = at_;
        s.last_line = line_;
        found_.push_back(std::move(s));
        if (found_.back().header)
            section_ = found_.size() - 1;
    }

    /// Up to '=' or the end of the line; for a header up to ']'.
    void scan_name(statement& s)
    {
        if (s.header)
            at_ += s.array ? 2 : 1;
        const auto begin = at_;
        unsigned dots = 0;
        while (peek() != '\n' && peek() != '=' && peek() != '#' && !(s.header && peek() == ']')) {
            if (peek() == '"' || peek() == '\'') {
                skip_quotes(s);
                continue;
            }
            dots += peek() == '.' ? 1 : 0;
            ++at_;
        }
        s.depth = dots + 1;
        s.closed = s.closed && (!s.header || peek() == ']');
        s.name = trimmed(text_.substr(begin, at_ - begin));
    }

    void scan_value(statement& s)
    {
        ++at_; // '='
        skip_blanks();
        s.value_column = characters(text_.substr(line_start_, at_ - line_start_)) + 1;
        const auto begin = at_;
        auto value_end = at_;
        std::string open; // brackets not closed yet
        unsigned dots = 0;
        while (at_ < text_.size()) {
            const char c = peek();
            if (c == '\n') {
                if (open.empty())
                    break;
                const auto end = at_;
                const auto end_of_line = line_;
                const auto start_of_line = line_start_;
                next_line();
                if (open.back() == '{' || statement_begins()) { // the bracket was forgotten
                    at_ = end;
                    line_ = end_of_line;
                    line_start_ = start_of_line;
                    break;
                }
                continue;
            }
            if (c == '#') {
                skip_line();
                continue;
            }
            if (c == '"' || c == '\'') {
                skip_quotes(s);
                value_end = at_;
                continue;
            }
            if (c == '[' || c == '{')
                open += c;
            if ((c == ']' || c == '}') && !open.empty())
                open.pop_back();
            dots = c == '.' ? dots + 1 : (is_name(c) || is_blank(c)) ? dots : 0;
            s.depth = std::max({s.depth, dots + 1, static_cast<unsigned>(open.size())});
            ++at_;
            if (!is_blank(c))
                value_end = at_;
        }
        s.closed = s.closed && open.empty();
        s.value = text_.substr(begin, value_end - begin);
    }

    /// Past a string; a one-line string that is not closed ends with its line.
    void skip_quotes(statement& s)
    {
        const char quote = peek();
        const bool multi_line = peek(1) == quote && peek(2) == quote;
        at_ += multi_line ? 3 : 1;
        while (at_ < text_.size()) {
            const char c = peek();
            if (c == '\n') {
                if (!multi_line)
                    break;
                next_line();
                continue;
            }
            if (c == '\\' && quote == '"') {
                at_ += peek(1) == '\n' ? 1 : 2;
                continue;
            }
            if (c == quote && (!multi_line || (peek(1) == quote && peek(2) == quote))) {
                at_ += multi_line ? 3 : 1;
                for (int more = 0; multi_line && more < 2 && peek() == quote; ++more)
                    ++at_; // up to two quotes may stand at the end of the text itself
                return;
            }
            ++at_;
        }
        at_ = std::min(at_, text_.size());
        s.closed = false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_start_ = 0;
    unsigned line_ = 1;
    std::size_t section_ = statement::no_index;
    std::vector<statement> found_;
};

} // namespace

std::vector<statement> statements_of(std::string_view text)
{
    return splitter{text}.run();
}

bool is_bare(std::string_view text)
{
    return !text.empty() && text.find_first_of("\"'[]{},\n") == std::string_view::npos;
}

} // namespace rill::conf::detail
