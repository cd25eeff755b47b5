// SPDX-License-Identifier: BSL-1.0
#include "log_line.hpp"

#include "escape.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace rill::app::detail {

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
void append_plain(const log::field& field, bool json, std::string& out)
{
    switch (field.type()) {
    case log::field::kind::integer: return append_number(field.integer(), out);
    case log::field::kind::natural: return append_number(field.natural(), out);
    case log::field::kind::boolean: out += field.natural() != 0 ? "true" : "false"; return;
    case log::field::kind::real:
        if (json && !std::isfinite(field.real()))
            out += "null";
        else
            append_number(field.real(), out);
        return;
    case log::field::kind::text: return;
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
        append_quoted(text, out);
}

bool is_text(const log::field& field)
{
    return field.type() == log::field::kind::text;
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

std::string text_line(std::string_view message, log::fields fields, std::string_view task)
{
    std::string line;
    append_escaped(cut(message, line), line);
    for (const auto& field : fields) {
        (line += ' ') += field.key();
        line += '=';
        if (is_text(field))
            append_word(cut(field.text(), line), line);
        else
            append_plain(field, false, line);
    }
    if (!task.empty()) {
        line += " task=";
        append_word(cut(task, line), line);
    }
    return line;
}

std::string json_line(std::string_view message, log::fields fields, std::string_view task)
{
    std::string line;
    const auto append_member = [&line](std::string_view key, std::string_view text) {
        line += line.empty() ? "" : ",";
        append_quoted(key, line);
        line += ':';
        append_quoted(cut(text, line), line);
    };
    if (!task.empty())
        append_member("task", task);
    append_member("message", message);
    for (const auto& field : fields) {
        if (is_text(field)) {
            append_member(field.key(), field.text());
            continue;
        }
        line += ',';
        append_quoted(field.key(), line);
        line += ':';
        append_plain(field, true, line);
    }
    return line;
}

} // namespace rill::app::detail
