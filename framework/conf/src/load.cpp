// SPDX-License-Identifier: BSL-1.0
#include "document.hpp"
#include "values.hpp"

#include <rill/conf/load.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <tuple>

namespace rill::conf {

namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20; // of one file
constexpr std::size_t most_files = 256;                  // in conf.d
constexpr std::size_t most_problems = 100;
constexpr std::string_view prefix = "RILL_";

} // namespace

std::string origin::text() const
{
    if (line == 0)
        return source;
    return source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string problem::text() const
{
    return where.text() + ": error: " + message;
}

sources& sources::file(std::string path)
{
    files_.push_back(std::move(path));
    return *this;
}

sources& sources::text(std::string toml, std::string name)
{
    texts_.push_back({std::move(name), std::move(toml)});
    return *this;
}

sources& sources::environment(std::vector<std::string> variables)
{
    environment_ = std::move(variables);
    return *this;
}

sources& sources::environment()
{
    std::vector<std::string> variables;
    for (char** variable = environ; variable && *variable; ++variable)
        variables.emplace_back(*variable);
    return environment(std::move(variables));
}

sources& sources::flag(std::string assignment)
{
    flags_.push_back(std::move(assignment));
    return *this;
}

/// A key or section found by its dotted path.
struct place {
    const detail::field* field = nullptr;
    void* object = nullptr; // the struct that has the field
};

/// Reads the sources one after the other into one object.
struct loader {
    const detail::table& table;
    void* object;
    const sources& from;
    report result;
    std::vector<problem> found;             // in the source that is being read
    std::set<const detail::table*> damaged; // tables with a problem: their rules are not checked
    bool broken = false;                    // some text could not be read at all

    report run()
    {
        for (const auto& path : from.files_)
            read_file_and_directory(path);
        for (const auto& document : from.texts_)
            read_toml(document.toml, document.name);
        read_environment();
        read_flags();
        if (!broken)
            check_rules(table, object, {});
        finish();
        return std::move(result);
    }

    // Problems

    void refuse(origin where, std::string message)
    {
        found.push_back({std::move(where), std::move(message)});
    }

    /// Ends a file: its problems come in the order of their places.
    void close_file()
    {
        std::sort(found.begin(), found.end(), [](const problem& a, const problem& b) {
            return std::tie(a.where.line, a.where.column, a.message) <
                   std::tie(b.where.line, b.where.column, b.message);
        });
        close_source();
    }

    /// Ends a source: its problems follow those of the sources before it.
    void close_source()
    {
        std::move(found.begin(), found.end(), std::back_inserter(result.problems));
        found.clear();
    }

    void finish()
    {
        auto& problems = result.problems;
        if (problems.size() <= most_problems)
            return;
        const auto more = problems.size() - most_problems;
        problems.resize(most_problems);
        problems.push_back(
            {problems.back().where, "and " + std::to_string(more) + " more that are not shown"}
        );
    }

    // Files

    void read_file_and_directory(const std::filesystem::path& path)
    {
        read_file(path);
        std::error_code ec;
        std::vector<std::filesystem::path> more;
        const auto directory = path.parent_path() / "conf.d";
        for (std::filesystem::directory_iterator entry{directory, ec}, end; !ec && entry != end;
             entry.increment(ec)) {
            const auto name = entry->path().filename().string();
            if (name.ends_with(".toml") && !name.starts_with('.') && more.size() <= most_files)
                more.push_back(entry->path());
        }
        if (ec && ec != std::errc::no_such_file_or_directory && ec != std::errc::not_a_directory) {
            refuse_file(directory, "cannot be read: " + ec.message());
            return;
        }
        std::sort(more.begin(), more.end());
        if (more.size() > most_files) {
            refuse_file(directory, "has more than " + std::to_string(most_files) + " files");
            return;
        }
        for (const auto& file : more)
            read_file(file);
    }

    void refuse_file(const std::filesystem::path& path, std::string message)
    {
        broken = true;
        refuse({path.string()}, std::move(message));
        close_source();
    }

    void read_file(const std::filesystem::path& path)
    {
        std::error_code ec;
        const auto status = std::filesystem::status(path, ec);
        if (!std::filesystem::exists(status))
            return refuse_file(path, "there is no such file");
        if (!std::filesystem::is_regular_file(status))
            return refuse_file(path, "is not a file");
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{
            std::fopen(path.c_str(), "rbe"), &std::fclose
        };
        if (!file)
            return refuse_file(path, std::string{"cannot be read: "} + std::strerror(errno));
        std::string toml(most_bytes + 1, '\0');
        toml.resize(std::fread(toml.data(), 1, toml.size(), file.get()));
        if (std::ferror(file.get()))
            return refuse_file(path, std::string{"cannot be read: "} + std::strerror(errno));
        result.files.push_back(path.string());
        read_toml(toml, path.string());
    }

    void read_toml(const std::string& toml, const std::string& name)
    {
        if (toml.size() > most_bytes)
            return refuse_file(name, "is larger than 1 MiB");
        auto document = detail::parse_document(toml, name);
        broken = broken || !document.problems.empty() || !document.strays.empty();
        std::move(document.problems.begin(), document.problems.end(), std::back_inserter(found));
        read_section(table, object, {}, document.root);
        for (const auto& stray : document.strays)
            read_stray(stray);
        close_file();
    }

    /// A part that stands apart is still checked, if anyone can tell where it belongs.
    void read_stray(const detail::document::stray& stray)
    {
        const auto place = stray.path.empty() ? conf::place{} : find(stray.path);
        if (stray.path.empty())
            read_section(table, object, {}, stray.section);
        else if (place.field && place.field->nested)
            read_section(
                *place.field->nested, place.field->in(place.object), stray.path, stray.section
            );
        else
            for (const auto& entry : stray.section.entries)
                if (entry.value.kind == detail::node_kind::bare)
                    refuse(entry.value.where, "this is not a value; texts stand in quotes");
    }

    void read_section(
        const detail::table& into,
        void* target,
        const std::string& path,
        const detail::node& section
    )
    {
        for (const auto& entry : section.entries) {
            const auto* field = find_in(into, entry.key);
            if (!field)
                refuse_unknown(into, target, path, section, entry);
            else if (field->nested)
                read_nested(into, *field, target, path, entry);
            else
                read_field(into, *field, target, path, entry.value);
        }
    }

    void read_nested(
        const detail::table& into,
        const detail::field& field,
        void* target,
        const std::string& path,
        const detail::entry& entry
    )
    {
        const auto name = detail::joined(path, field.name);
        if (entry.value.kind == detail::node_kind::section)
            return read_section(*field.nested, field.in(target), name, entry.value);
        damaged.insert(&into);
        refuse(
            entry.value.where,
            "'" + name + "' is a section; write [" + name + "] and its keys on lines of their own"
        );
    }

    void read_field(
        const detail::table& into,
        const detail::field& field,
        void* target,
        const std::string& path,
        const detail::node& value
    )
    {
        const auto name = detail::joined(path, field.name);
        auto read = detail::read_value(field, name, value);
        if (read.problems.empty()) {
            field.type->set(field.in(target), read.scalars);
            result.origins[name] = value.where;
            return;
        }
        damaged.insert(&into);
        std::move(read.problems.begin(), read.problems.end(), std::back_inserter(found));
    }

    void refuse_unknown(
        const detail::table& into,
        void* target,
        const std::string& path,
        const detail::node& section,
        const detail::entry& entry
    )
    {
        const bool is_section = entry.value.kind == detail::node_kind::section;
        const std::string what = is_section ? "section" : "key";
        std::string message = "unknown " + what + " '" + printable(entry.key) + "'";
        if (!path.empty())
            message += " in [" + path + "]";

        const auto candidates = names_in(into, section, is_section);
        const auto meant = detail::nearest(entry.key, candidates);
        if (meant.empty())
            message += elsewhere(entry.key, is_section);
        else
            message += "; did you mean '" + meant + "'?";
        refuse(entry.where, message);

        // A misspelt section's keys are checked as well.
        const auto* field = meant.empty() ? nullptr : find_in(into, meant);
        if (is_section && field && field->nested)
            read_section(
                *field->nested, field->in(target), detail::joined(path, meant), entry.value
            );
    }

    static std::string printable(const std::string& key)
    {
        const auto text = detail::in_quotes_briefly(key);
        return text.substr(1, text.size() - 2);
    }

    static const detail::field* find_in(const detail::table& in, std::string_view name)
    {
        for (const auto& field : in.fields)
            if (field.name == name)
                return &field;
        return nullptr;
    }

    /// What may have been meant in a section: first what it does not have yet, and of that first
    /// what is of the same sort.
    static std::vector<std::string>
    names_in(const detail::table& in, const detail::node& section, bool is_section)
    {
        std::array<std::vector<std::string>, 4> ranked;
        for (const auto& field : in.fields) {
            const bool present =
                std::any_of(section.entries.begin(), section.entries.end(), [&](const auto& entry) {
                    return entry.key == field.name;
                });
            const bool same_sort = (field.nested != nullptr) == is_section;
            ranked[(present ? 2U : 0U) + (same_sort ? 0U : 1U)].push_back(field.name);
        }
        std::vector<std::string> names;
        for (auto& rank : ranked)
            std::move(rank.begin(), rank.end(), std::back_inserter(names));
        return names;
    }

    /// "; 'x' belongs in [y]" if another section has a key of that name or nearly so.
    std::string elsewhere(const std::string& name, bool is_section) const
    {
        if (is_section)
            return {};
        std::string near;
        for (const auto& path : all_paths()) {
            const auto dot = path.rfind('.');
            const auto last = dot == std::string::npos ? path : path.substr(dot + 1);
            const auto home = dot == std::string::npos ? std::string{"above the first section"}
                                                       : "in [" + path.substr(0, dot) + "]";
            if (last == name)
                return "; '" + name + "' belongs " + home;
            if (near.empty() && last.size() > 3 && detail::edit_distance(name, last) == 1)
                near = "; did you mean '" + last + "' " + home + "?";
        }
        return near;
    }

    // Paths

    std::vector<std::string> all_paths() const
    {
        std::vector<std::string> paths;
        add_paths(table, {}, paths);
        return paths;
    }

    static void
    add_paths(const detail::table& in, const std::string& path, std::vector<std::string>& paths)
    {
        for (const auto& field : in.fields) {
            if (field.nested)
                add_paths(*field.nested, detail::joined(path, field.name), paths);
            else
                paths.push_back(detail::joined(path, field.name));
        }
    }

    place find(const std::string& path) const
    {
        place at{nullptr, object};
        const detail::table* in = &table;
        for (const auto& name : detail::split(path, ".")) {
            if (at.field)
                at.object = at.field->in(at.object);
            at.field = in ? find_in(*in, name) : nullptr;
            if (!at.field)
                return {};
            in = at.field->nested;
        }
        return at;
    }

    void assign(const std::string& path, std::string_view text, const origin& where)
    {
        const auto place = find(path);
        const auto dot = path.rfind('.');
        const auto value = detail::node_of(*place.field, text, where);
        const auto section = dot == std::string::npos ? std::string{} : path.substr(0, dot);
        read_field(table_at(section), *place.field, place.object, section, value);
    }

    const detail::table& table_at(const std::string& section) const
    {
        return section.empty() ? table : *find(section).field->nested;
    }

    // Environment

    static std::string variable_of(const std::string& path)
    {
        std::string name{prefix};
        for (const char c : path) {
            if (c == '.')
                name += "__";
            else
                name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
        return name;
    }

    void read_environment()
    {
        auto variables = from.environment_;
        std::sort(variables.begin(), variables.end());
        const auto paths = all_paths();
        for (const auto& variable : variables) {
            const auto equals = variable.find('=');
            const auto name = variable.substr(0, equals);
            if (equals == std::string::npos || !name.starts_with(prefix))
                continue;
            const origin where{"environment variable " + printable(name)};
            const auto path = std::find_if(paths.begin(), paths.end(), [&](const auto& candidate) {
                return variable_of(candidate) == name;
            });
            if (path != paths.end())
                assign(*path, std::string_view{variable}.substr(equals + 1), where);
            else
                refuse_variable(name, paths, where);
        }
        close_source();
    }

    /// RILL_ may begin names that have nothing to do with settings, so a variable is refused only
    /// if it has a section's two underscores or is nearly a key.
    void refuse_variable(
        const std::string& name, const std::vector<std::string>& paths, const origin& where
    )
    {
        std::vector<std::string> candidates;
        for (const auto& path : paths)
            candidates.push_back(variable_of(path));
        std::string meant;
        for (const auto& candidate : candidates)
            if (single_underscores(candidate) == single_underscores(name))
                meant = candidate;
        if (meant.empty() && name.find("__") != std::string::npos)
            meant = detail::nearest(name, candidates);
        else if (meant.empty())
            for (const auto& candidate : candidates)
                if (detail::edit_distance(name, candidate) == 1)
                    meant = candidate;
        if (!meant.empty())
            refuse(where, "there is no such setting; did you mean '" + meant + "'?");
        else if (name.find("__") != std::string::npos)
            refuse(where, "there is no such setting");
    }

    static std::string single_underscores(std::string_view name)
    {
        std::string out;
        for (const char c : name)
            if (c != '_' || !out.ends_with('_'))
                out += c;
        return out;
    }

    // Flags

    void read_flags()
    {
        const origin where{"command line"};
        const auto paths = all_paths();
        for (const auto& flag : from.flags_) {
            const auto equals = flag.find('=');
            const std::string path{detail::trimmed(std::string_view{flag}.substr(0, equals))};
            if (equals == std::string::npos) {
                refuse(
                    where,
                    "--set " + printable(flag) + ": expected key=value, as in server.port=8080"
                );
                continue;
            }
            if (std::find(paths.begin(), paths.end(), path) != paths.end())
                assign(path, std::string_view{flag}.substr(equals + 1), where);
            else
                refuse(
                    where,
                    "unknown key '" + printable(path) + "'" + detail::did_you_mean(path, paths)
                );
        }
        close_source();
    }

    // Conditions between keys

    void check_rules(const detail::table& of, const void* target, const std::string& path)
    {
        for (const auto& field : of.fields)
            if (field.nested)
                check_rules(*field.nested, field.in(target), detail::joined(path, field.name));
        if (damaged.contains(&of))
            return;
        for (const auto& rule : of.rules) {
            if (rule.holds.holds_for(target))
                continue;
            for (const auto& field : of.fields)
                if (field.offset == rule.offset) {
                    const auto name = detail::joined(path, field.name);
                    refuse(result.origins[name], name + " must " + rule.holds.text);
                }
        }
        close_source();
    }
};

report load(const detail::table& table, void* object, const sources& from)
{
    return loader{table, object, from, {}, {}, {}, false}.run();
}

} // namespace rill::conf
