// SPDX-License-Identifier: BSL-1.0
//
// The only file that knows toml++. Its parser stops at the first error, so a statement that it
// refuses is blanked out and the rest parsed again: all errors of a file are found at once.
#include "document.hpp"

#include "described.hpp"
#include "shift.hpp"
#include "statements.hpp"

#include <algorithm>
#include <map>
#include <set>

// toml++ asserts what a broken file can make false (a key after "[[["), and where assertions are
// off it lets the compiler assume it. It has an error path behind each: neither must come first.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace rill::conf::detail {

namespace {

// The name of a header that had to be replaced begins so; nobody calls a section that.
constexpr char stray_mark = '\x01';

class reader {
public:
    reader(std::string_view toml, const std::string& name)
        : name_{name}
    {
        if (toml.starts_with("\xef\xbb\xbf")) // the byte order mark has no column
            toml.remove_prefix(3);
        if (const auto i = find_unshiftable(toml); i != toml.npos)
            report(
                at(static_cast<unsigned>(1 + std::count(toml.begin(), toml.begin() + i, '\n')), 1),
                "this line has a character for private use, above U+FFFFF"
            );
        text_ = shifted_up(toml);
    }

    document run()
    {
        if (!result_.problems.empty())
            return std::move(result_);
        statements_ = statements_of(text_);
        for (statement& s : statements_) {
            s.name = shifted_down(s.name);
            s.value = shifted_down(s.value);
        }
        refuse_deep_nesting();
        for (;;) {
            auto parsed = toml::parse(std::string_view{text_}, std::string_view{name_});
            if (parsed) {
                convert(parsed.table());
                break;
            }
            if (!drop(parsed.error()))
                break;
        }
        return std::move(result_);
    }

private:
    origin at(unsigned line, std::size_t column) const
    {
        return {name_, line, static_cast<unsigned>(column)};
    }

    void report(origin where, std::string message)
    {
        result_.problems.push_back({std::move(where), std::move(message)});
    }

    /// toml++ destroys its tables recursively, so depth is bounded before it sees them.
    void refuse_deep_nesting()
    {
        bool told = false;
        for (std::size_t i = 0; i < statements_.size(); ++i) {
            const statement& s = statements_[i];
            if (s.depth <= deepest)
                continue;
            if (!told)
                report(
                    at(s.first_line, s.column),
                    "sections and brackets are nested too deep; " + std::to_string(deepest) +
                        " levels are allowed"
                );
            told = true;
            blank(i, {});
        }
    }

    /// Counts an error; past the limit it says so, and false.
    bool may_continue(const origin& where)
    {
        if (++errors_ > most_syntax_errors)
            report(where, "too many syntax errors; the rest was not read");
        return errors_ <= most_syntax_errors;
    }

    /// Reports a syntax error and removes the statement it is in. False: it is time to stop.
    bool drop(const toml::parse_error& error)
    {
        const auto where = error.source().begin;
        const auto index = culprit(where.line);
        if (index == statement::no_index) {
            report(at(where.line, where.column), "syntax error: " + plain(error.description()));
            return false;
        }
        if (!may_continue(at(where.line, where.column)))
            return false;
        if (error.description().find("redefine") != std::string_view::npos)
            drop_second(index);
        else if (statements_[index].header)
            drop_header(index, at(where.line, where.column));
        else
            drop_key(index, at(where.line, where.column), error.description());
        return true;
    }

    /// The statement that an error in `line` comes from: the first one left open, since the
    /// parser notices that only later, or the one that stands there.
    std::size_t culprit(unsigned line) const
    {
        std::size_t here = statement::no_index;
        for (std::size_t i = 0; i < statements_.size(); ++i) {
            const statement& s = statements_[i];
            if (s.first_line > line || blanked_.contains(i))
                continue;
            if (!s.closed)
                return i;
            if (s.last_line >= line)
                here = i;
        }
        return here;
    }

    void drop_second(std::size_t index)
    {
        const statement& s = statements_[index];
        report(at(s.first_line, s.column), twice(s, index));
        blank(index, s.name);
    }

    void drop_header(std::size_t index, const origin& where)
    {
        const statement& s = statements_[index];
        const auto name = guessed_name(s);
        if (!s.closed)
            report(where, "the section's header is not closed; write [" + name + "]");
        else if (!is_name(s.name))
            report(where, "'" + s.name + "' is not the name of a section");
        else
            report(where, "expected the end of the line after [" + name + "]");
        blank(index, name);
    }

    /// Words for the usual mistakes; the parser's own for the others.
    void drop_key(std::size_t index, const origin& where, std::string_view description)
    {
        const statement& s = statements_[index];
        const bool in_name = where.line == s.first_line && where.column < s.value_column;
        if (s.name.empty() || !is_key_letter(s.name.front()))
            report(
                at(s.first_line, s.column),
                "this is neither [section] nor key = value; a comment begins with #"
            );
        else if (!s.value_column && !s.closed)
            report(at(s.first_line, s.column), "a quote is not closed");
        else if (!s.value_column)
            report(where, "expected '=' and a value after '" + first_word(s.name) + "'");
        else if (!is_name(s.name) && (in_name || is_bare(s.value)))
            report(where, "'" + s.name + "' is not a key; keys have letters, digits, _ and -");
        else if (s.value.empty())
            report(where, "'" + s.name + "' has no value");
        else if (!s.closed)
            report(
                at(s.first_line, s.value_column),
                "the value of '" + s.name + "' is not complete: a quote or bracket is not closed"
            );
        else if (is_bare(s.value))
            keep_bare(s);
        else
            report(where, "syntax error: " + plain(description));
        blank(index, {});
    }

    /// The key is known and the value has no form of TOML: whoever knows the key can say more.
    void keep_bare(const statement& s)
    {
        const auto dot = s.name.rfind('.');
        std::string path =
            s.section == statement::no_index ? "" : guessed_name(statements_[s.section]);
        if (dot != std::string::npos)
            path = joined(path, s.name.substr(0, dot));
        entry kept;
        kept.key = dot == std::string::npos ? s.name : s.name.substr(dot + 1);
        kept.where = at(s.first_line, s.column);
        kept.value.kind = node_kind::bare;
        kept.value.where = at(s.first_line, s.value_column);
        kept.value.text = s.value;
        document::stray stray{path, {}};
        stray.section.kind = node_kind::section;
        stray.section.entries.push_back(std::move(kept));
        result_.strays.push_back(std::move(stray));
    }

    static bool is_key_letter(char c)
    {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '"' || c == '\'' ||
               static_cast<unsigned char>(c) >= 0x80;
    }

    static bool is_name(std::string_view name)
    {
        const auto is_part = [](const std::string& part) {
            return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
                return is_key_letter(c) && static_cast<unsigned char>(c) < 0x80;
            });
        };
        const auto parts = split(name, ".");
        return std::all_of(parts.begin(), parts.end(), is_part);
    }

    static std::string first_word(const std::string& text)
    {
        const auto end = std::find_if_not(text.begin(), text.end(), [](char c) {
            return is_key_letter(c) || c == '.';
        });
        return {text.begin(), end};
    }

    /// What a broken header was to name, as far as one can tell.
    static std::string guessed_name(const statement& s)
    {
        std::string name = first_word(s.name);
        while (name.ends_with('.'))
            name.pop_back();
        return is_name(name) ? name : "section";
    }

    std::string twice(const statement& s, std::size_t index) const
    {
        const std::string what = s.header ? "[" + s.name + "]" : "'" + s.name + "'";
        for (std::size_t i = 0; i < index; ++i)
            if (const statement& first = statements_[i];
                first.name == s.name && first.header == s.header && same_section(first, s))
                return what + " is already set in line " + std::to_string(first.first_line);
        return what + " is already set above, in another form";
    }

    bool same_section(const statement& a, const statement& b) const
    {
        const auto name = [this](const statement& s) {
            return s.section == statement::no_index ? std::string_view{}
                                                    : std::string_view{statements_[s.section].name};
        };
        return a.header || name(a) == name(b);
    }

    /// "Error while parsing X: expected …" without the first half; end of line in words.
    static std::string plain(std::string_view description)
    {
        if (const auto colon = description.find(": "); colon != std::string_view::npos)
            description.remove_prefix(colon + 2);
        std::string text = shifted_down(description);
        const auto replace = [&text](std::string_view from, std::string_view to) {
            if (const auto i = text.find(from); i != std::string::npos)
                text.replace(i, from.size(), to);
        };
        replace("could not determine value type", "not a value; texts stand in quotes");
        replace("expected a comment or whitespace", "expected the end of the line");
        replace("saw '\\n'", "found the end of the line");
        replace("saw '\\r'", "found the end of the line");
        replace("saw ", "found ");
        return text;
    }

    /// Takes a statement out of the text, keeping every line and column of the others. A header
    /// is replaced, so that what stands under it does not fall into the section above.
    void blank(std::size_t index, const std::string& path)
    {
        const statement& s = statements_[index];
        blanked_.insert(index);
        for (std::size_t i = s.begin; i < s.end; ++i)
            if (text_[i] != '\n')
                text_[i] = ' ';
        if (!s.header)
            return;
        stray_paths_.emplace(stray_mark + std::to_string(index), path);
        const std::string header = "[\"\\u0001" + std::to_string(index) + "\"]";
        if (header.size() <= s.end - s.begin) {
            text_.replace(s.begin, header.size(), header);
            return;
        }
        const auto begin = s.begin;
        text_.insert(begin, header);
        for (statement& each : statements_) {
            each.begin += each.begin > begin ? header.size() : 0;
            each.end += each.end > begin ? header.size() : 0;
        }
    }

    void convert(const toml::table& table)
    {
        result_.root = convert_node(table);
        auto& entries = result_.root.entries;
        for (entry& e : entries)
            if (const auto stray = stray_paths_.find(e.key); stray != stray_paths_.end())
                result_.strays.push_back({stray->second, std::move(e.value)});
        std::erase_if(entries, [this](const entry& e) { return stray_paths_.contains(e.key); });
    }

    node convert_node(const toml::node& from) const
    {
        node to;
        to.where = at(from.source().begin.line, from.source().begin.column);
        switch (from.type()) {
        case toml::node_type::boolean:
            to.kind = node_kind::boolean;
            to.integer = from.as_boolean()->get();
            break;
        case toml::node_type::integer:
            to.kind = node_kind::integer;
            to.integer = from.as_integer()->get();
            break;
        case toml::node_type::floating_point:
            to.kind = node_kind::real;
            to.real = from.as_floating_point()->get();
            break;
        case toml::node_type::string:
            to.kind = node_kind::text;
            to.text = shifted_down(from.as_string()->get());
            break;
        case toml::node_type::array:
            to.kind = node_kind::list;
            for (const auto& item : *from.as_array())
                to.items.push_back(convert_node(item));
            break;
        case toml::node_type::table:
            to.kind = node_kind::section;
            for (const auto& [key, value] : *from.as_table())
                to.entries.push_back(
                    {shifted_down(key.str()),
                     at(key.source().begin.line, key.source().begin.column),
                     convert_node(value)}
                );
            break;
        default: to.kind = node_kind::time;
        }
        return to;
    }

    std::string text_;
    const std::string& name_;
    std::vector<statement> statements_;
    std::size_t errors_ = 0;
    std::set<std::size_t> blanked_;                  // statements taken out of the text
    std::map<std::string, std::string> stray_paths_; // by replaced header: what it stood for
    document result_;
};

} // namespace

document parse_document(std::string_view toml, const std::string& name)
{
    return reader{toml, name}.run();
}

node parse_list(std::string_view toml, const origin& where)
{
    document parsed = parse_document("value = " + std::string{toml}, where.source);
    node list;
    list.text = toml;
    if (parsed.problems.empty() && parsed.strays.empty() && parsed.root.entries.size() == 1)
        list = std::move(parsed.root.entries.front().value);
    list.where = where;
    for (node& item : list.items)
        item.where = where;
    return list;
}

} // namespace rill::conf::detail
