// SPDX-License-Identifier: BSL-1.0
#include "sections.hpp"

#include "keys.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rill::conf::detail {

namespace {

/// What may have been meant in a section: first what it does not have yet, and of that first what
/// is of the same sort.
std::vector<std::string> names_in(const table& in, const node& section, bool is_section)
{
    std::array<std::vector<std::string>, 4> ranked;
    for (const field& f : in.fields) {
        const bool present =
            std::any_of(section.entries.begin(), section.entries.end(), [&](const entry& e) {
                return e.key == f.name;
            });
        const bool same_sort = (f.nested != nullptr) == is_section;
        ranked[(present ? 2U : 0U) + (same_sort ? 0U : 1U)].push_back(f.name);
    }
    std::vector<std::string> names;
    for (auto& rank : ranked)
        std::move(rank.begin(), rank.end(), std::back_inserter(names));
    return names;
}

/// "; 'x' belongs in [y]" if another section has a key of that name or nearly so.
std::string elsewhere(const table& all, const std::string& name)
{
    std::string near;
    for (const std::string& path : paths_of(all)) {
        const std::string section = section_of(path);
        const std::string last = section.empty() ? path : path.substr(section.size() + 1);
        const std::string home =
            section.empty() ? "above the first section" : "in [" + section + "]";
        if (last == name)
            return "; '" + name + "' belongs " + home;
        if (near.empty() && last.size() > 3 && edit_distance(name, last) == 1)
            near = "; did you mean '" + last + "' " + home + "?";
    }
    return near;
}

class section_reader {
public:
    explicit section_reader(draft& into) noexcept
        : into_(into)
    {}

    void read(const table& in, void* target, const std::string& path, const node& section)
    {
        for (const entry& e : section.entries) {
            const field* f = find_in(in, e.key);
            if (!f)
                refuse_unknown(in, target, path, section, e);
            else if (f->nested)
                read_nested(in, *f, target, path, e);
            else
                into_.set(in, *f, target, path, e.value);
        }
    }

    /// A part that stands apart is still checked, if anyone can tell where it belongs.
    void read_stray(const document::stray& stray)
    {
        if (stray.path.empty())
            return read(into_.table(), into_.object(), {}, stray.section);
        const place at = find(into_.table(), into_.object(), stray.path);
        if (at.field && at.field->nested)
            return read(*at.field->nested, at.field->in(at.object), stray.path, stray.section);
        for (const entry& e : stray.section.entries)
            if (e.value.kind == node_kind::bare)
                into_.problems.add(e.value.where, "this is not a value; texts stand in quotes");
    }

private:
    void read_nested(
        const table& in, const field& f, void* target, const std::string& path, const entry& e
    )
    {
        const std::string name = joined(path, f.name);
        if (e.value.kind == node_kind::section)
            return read(*f.nested, f.in(target), name, e.value);
        into_.damage(in);
        into_.problems.add(
            e.value.where,
            "'" + name + "' is a section; write [" + name + "] and its keys on lines of their own"
        );
    }

    void refuse_unknown(
        const table& in, void* target, const std::string& path, const node& section, const entry& e
    )
    {
        const bool is_section = e.value.kind == node_kind::section;
        const std::string meant = nearest(e.key, names_in(in, section, is_section));
        std::string message = unknown(e, path);
        if (!meant.empty())
            message += "; did you mean '" + meant + "'?";
        else if (!is_section)
            message += elsewhere(into_.table(), e.key);
        into_.problems.add(e.where, std::move(message));

        // A misspelt section's keys are checked as well.
        const field* f = meant.empty() ? nullptr : find_in(in, meant);
        if (is_section && f && f->nested)
            read(*f->nested, f->in(target), joined(path, meant), e.value);
    }

    static std::string unknown(const entry& e, const std::string& path)
    {
        const std::string what = e.value.kind == node_kind::section ? "section" : "key";
        std::string message = "unknown " + what + " '" + printable(e.key) + "'";
        if (!path.empty())
            message += " in [" + path + "]";
        return message;
    }

    draft& into_;
};

} // namespace

void read_sections(draft& into, const document& from)
{
    section_reader reader(into);
    reader.read(into.table(), into.object(), {}, from.root);
    for (const document::stray& stray : from.strays)
        reader.read_stray(stray);
}

} // namespace rill::conf::detail
