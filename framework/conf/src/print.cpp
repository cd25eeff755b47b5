// SPDX-License-Identifier: BSL-1.0
#include "values.hpp"

#include <rill/conf/print.hpp>

namespace rill::conf {

namespace {

constexpr std::size_t width = 90; // of a comment in the reference file

bool has_values(const detail::table& table)
{
    for (const auto& field : table.fields)
        if (!field.nested)
            return true;
    return false;
}

// The settings in effect

void print_values(
    const detail::table& table,
    const void* object,
    const std::string& path,
    const report& report,
    std::string& out
)
{
    for (const auto& field : table.fields) {
        if (field.nested)
            continue;
        detail::scalars scalars;
        field.type->get(field.in(object), scalars);
        const auto origin = report.origins.find(detail::joined(path, field.name));
        const auto where =
            origin == report.origins.end() ? std::string{"default"} : origin->second.text();
        if (field.type->optional && scalars.empty())
            out += "# " + field.name + " is not set\n";
        else
            out += field.name + " = " +
                   (field.secret ? "\"***\"" : detail::toml_of(field, scalars)) + "  # " + where +
                   "\n";
    }
}

void print_table(
    const detail::table& table,
    const void* object,
    const std::string& path,
    const report& report,
    std::string& out
)
{
    if (has_values(table)) {
        if (!path.empty())
            out += (out.empty() ? "[" : "\n[") + path + "]\n";
        print_values(table, object, path, report, out);
    }
    for (const auto& field : table.fields)
        if (field.nested)
            print_table(
                *field.nested, field.in(object), detail::joined(path, field.name), report, out
            );
}

// The reference file

/// Appends `text` as comment lines of at most `width` columns.
void comment(std::string_view text, std::string& out)
{
    std::size_t column = 0;
    for (const auto& word : detail::split(text, " ")) {
        if (column > 0 && column + 1 + word.size() > width) {
            out += '\n';
            column = 0;
        }
        out += column == 0 ? "# " : " ";
        out += word;
        column += (column == 0 ? 2 : 1) + word.size();
    }
    out += '\n';
}

std::string capitalised(std::string text)
{
    if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
        text.front() = static_cast<char>(text.front() - 'a' + 'A');
    return text;
}

/// "An integer from 1 to 65535 (connections)." where it tells more than the value shown does.
std::string constraint(const detail::field& field)
{
    const bool bounded = field.lowest || field.highest;
    const bool chosen = !choices_of(field).empty();
    if (!bounded && !chosen && field.unit.empty() && !field.check)
        return {};
    std::string text = capitalised(expected(field));
    if (!field.unit.empty())
        text += ", in " + field.unit;
    if (field.check)
        text = bounded || chosen || !field.unit.empty() ? text + "; must " + field.check->text
                                                        : "Must " + field.check->text;
    return text + ".";
}

void describe_field(const detail::field& field, const void* object, std::string& out)
{
    if (!field.help.empty())
        comment(field.help, out);
    if (const auto text = constraint(field); !text.empty())
        comment(text, out);
    if (field.secret)
        comment("Secret: printed as ***.", out);
    detail::scalars scalars;
    field.type->get(field.in(object), scalars);
    if (field.type->optional && scalars.empty()) {
        const auto example = example_of(field);
        comment("Not set unless given, as in:", out);
        out += "# " + field.name + " = " + (example.empty() ? "\"\"" : example) + "\n";
    } else {
        out += field.name + " = " + detail::toml_of(field, scalars) + "\n";
    }
}

void describe_table(
    const detail::table& table, const void* object, const std::string& path, std::string& out
)
{
    if (has_values(table) || !table.about.empty()) {
        if (!path.empty()) {
            out += "\n";
            if (!table.about.empty())
                comment(table.about, out);
            out += "[" + path + "]\n";
        }
        bool first = true;
        for (const auto& field : table.fields) {
            if (field.nested)
                continue;
            if (!first || path.empty())
                out += "\n";
            first = false;
            describe_field(field, object, out);
        }
    }
    for (const auto& field : table.fields)
        if (field.nested)
            describe_table(*field.nested, field.in(object), detail::joined(path, field.name), out);
}

} // namespace

std::string print_config(const detail::table& table, const void* object, const report& report)
{
    std::string out;
    print_table(table, object, {}, report, out);
    return out;
}

std::string reference(const detail::table& table, const void* defaults)
{
    std::string out;
    if (!table.about.empty())
        comment(table.about, out);
    comment("Every key is optional; the value shown is its default.", out);
    describe_table(table, defaults, {}, out);
    return out;
}

} // namespace rill::conf
