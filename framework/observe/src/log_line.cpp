// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/log/escape.hpp>
#include <rill/log_line.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace rill::log {

namespace {

template <class Number>
void append_number(Number value, std::string& out)
{
    std::array<char, 32> buffer{};
    out.append(
        buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr
    );
}

/// A value that is no text. JSON has no nan and no infinity.
void append_plain(const field& field, bool json, std::string& out)
{
    switch (field.type()) {
    case field::kind::integer: return append_number(field.integer(), out);
    case field::kind::natural: return append_number(field.natural(), out);
    case field::kind::boolean: out += field.natural() != 0 ? "true" : "false"; return;
    case field::kind::real:
        if (json && !std::isfinite(field.real()))
            out += "null";
        else
            append_number(field.real(), out);
        return;
    case field::kind::text: return;
    }
}

/// Whether a text can stand without quotes and still be told from what follows.
bool is_word(std::string_view text)
{
    for (const char c : text)
        if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f ||
            c == '"' || c == '=' || c == '\\')
            return false;
    return !text.empty();
}

void append_word(std::string_view text, std::string& out)
{
    if (is_word(text))
        out += text;
    else
        detail::append_quoted(text, out);
}

bool is_text(const field& field)
{
    return field.type() == field::kind::text;
}

/// What of a text still fits into a line; escaped it may grow, so this is a bound on the order.
std::string_view fitting(std::string_view text, const std::string& line)
{
    const auto room = line.size() < longest_line ? longest_line - line.size() : 0;
    std::size_t end = std::min(text.size(), room);
    while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return text.substr(0, end);
}

/// The text, cut if the line would grow too long.
std::string cut(std::string_view text, const std::string& line)
{
    const auto head = fitting(text, line);
    return std::string{head} + (head.size() < text.size() ? "…" : "");
}

} // namespace

std::string text_line(const record& of)
{
    std::string line;
    detail::append_escaped(cut(of.message, line), line);
    for (const auto& field : of.fields) {
        (line += ' ') += field.key();
        line += '=';
        if (is_text(field))
            append_word(cut(field.text(), line), line);
        else
            append_plain(field, false, line);
    }
    if (!of.task.empty()) {
        line += " task=";
        append_word(cut(of.task, line), line);
    }
    return line;
}

std::string json_members(const record& of)
{
    std::string line;
    const auto append_member = [&line](std::string_view key, std::string_view text) {
        line += line.empty() ? "" : ",";
        detail::append_quoted(key, line);
        line += ':';
        detail::append_quoted(cut(text, line), line);
    };
    if (!of.task.empty())
        append_member("task", of.task);
    append_member("message", of.message);
    for (const auto& field : of.fields) {
        if (is_text(field)) {
            append_member(field.key(), field.text());
            continue;
        }
        line += ',';
        detail::append_quoted(field.key(), line);
        line += ':';
        append_plain(field, true, line);
    }
    return line;
}

} // namespace rill::log
