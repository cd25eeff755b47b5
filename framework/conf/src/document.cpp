// SPDX-License-Identifier: BSL-1.0
//
// The only file that knows toml++. Its parser stops at the first error, so a statement that it
// refuses is taken out and the rest parsed again: all errors of a file are found at once.
#include "document.hpp"

#include "described.hpp"
#include "key_names.hpp"
#include "mended_text.hpp"
#include "mistakes.hpp"
#include "shift.hpp"
#include "statements.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

// toml++ asserts what a broken file can make false (a key after "[[["), and where assertions are
// off it lets the compiler assume it. It has an error path behind each: neither must come first.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace rill::conf::detail {

namespace {

class reader {
public:
    reader(std::string_view toml, const std::string& name)
        : name_{name}
        , text_{shifted_up(toml)}
    {}

    document run()
    {
        refuse_deep_nesting();
        for (;;) {
            auto parsed = toml::parse(std::string_view{text_.text()}, std::string_view{name_});
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

    void report(const mistake& m) { result_.problems.push_back({at(m.line, m.column), m.message}); }

    /// toml++ destroys its tables recursively, so depth is bounded before it sees them.
    void refuse_deep_nesting()
    {
        bool told = false;
        for (std::size_t i = 0; i < text_.statements().size(); ++i) {
            const statement& s = text_.statements()[i];
            if (s.depth <= deepest)
                continue;
            if (!told)
                report(
                    {s.first_line,
                     s.column,
                     "sections and brackets are nested too deep; " + std::to_string(deepest) +
                         " levels are allowed"}
                );
            told = true;
            take_out(i, {});
        }
    }

    /// Counts an error; past the limit it says so, and false.
    bool may_continue(const mistake& found)
    {
        if (++errors_ > most_syntax_errors)
            report({found.line, found.column, "too many syntax errors; the rest was not read"});
        return errors_ <= most_syntax_errors;
    }

    /// Reports a syntax error and removes the statement it is in. False: it is time to stop.
    bool drop(const toml::parse_error& error)
    {
        const auto where = error.source().begin;
        const mistake found{where.line, where.column, std::string{error.description()}};
        const auto index = text_.culprit(where.line);
        if (index == statement::no_index) {
            report({found.line, found.column, "syntax error: " + plain(found.message)});
            return false;
        }
        if (!may_continue(found))
            return false;
        if (error.description().find("redefine") != std::string_view::npos)
            drop_second(index);
        else if (text_.statements()[index].header)
            drop_header(index, found);
        else
            drop_key(index, found);
        return true;
    }

    void drop_second(std::size_t index)
    {
        const statement& s = text_.statements()[index];
        const statement* first = text_.same_before(index);
        report(
            {s.first_line,
             s.column,
             (s.header ? "[" + s.name + "]" : "'" + s.name + "'") + " is already set " +
                 (first ? "in line " + std::to_string(first->first_line) : "above, in another form")
            }
        );
        take_out(index, s.name);
    }

    void drop_header(std::size_t index, const mistake& found)
    {
        const statement& s = text_.statements()[index];
        report(mistake_in_header(s, found));
        take_out(index, guessed_name(s));
    }

    void drop_key(std::size_t index, const mistake& found)
    {
        const statement& s = text_.statements()[index];
        if (const std::optional<mistake> m = mistake_in_key(s, found))
            report(*m);
        else
            keep_bare(s);
        take_out(index, {});
    }

    /// For whoever knows the key.
    void keep_bare(const statement& s)
    {
        const auto dot = s.name.rfind('.');
        std::string path =
            s.section == statement::no_index ? "" : guessed_name(text_.statements()[s.section]);
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

    /// `path`: of a header, where what stands under it seems to belong.
    void take_out(std::size_t index, const std::string& path)
    {
        const std::string replaced = text_.take_out(index);
        if (!replaced.empty())
            stray_paths_.emplace(replaced, path);
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

    const std::string& name_; // of the text, for messages
    mended_text text_;
    std::size_t errors_ = 0;
    std::map<std::string, std::string> stray_paths_; // by replaced header: what it stood for
    document result_;
};

/// A text that is not parsed, for what stands there.
document refused(std::string_view toml, std::size_t where, const std::string& name, const char* why)
{
    const auto line = 1 + std::count(toml.begin(), toml.begin() + where, '\n');
    document result;
    result.problems.push_back({{name, static_cast<unsigned>(line), 1}, why});
    return result;
}

} // namespace

document parse_document(std::string_view toml, const std::string& name)
{
    if (toml.starts_with("\xef\xbb\xbf")) // the byte order mark has no column
        toml.remove_prefix(3);
    if (const auto i = toml.find('\0'); i != toml.npos)
        return refused(
            toml, i, name, "this line has a byte of value 0; a conf file is text in UTF-8"
        );
    if (const auto i = find_unshiftable(toml);
        i != toml.npos) // it could not be told from a shifted one
        return refused(toml, i, name, "this line has a character for private use, above U+FFFFF");
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
