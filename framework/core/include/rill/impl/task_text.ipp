// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/describe.hpp>
#include <rill/detail/watch/task_text.hpp>
#include <rill/introspect.hpp>

#include <chrono>
#include <ostream>

namespace rill::RILL_FORM::detail {

RILL_DECL std::string printable(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool in_utf8 =
            !out.empty() && out.back() == '\xc2'; // then below 0xa0 it is control, too
        if (byte >= 0x20 && byte != 0x7f && !(in_utf8 && byte < 0xa0)) {
            out += c;
            continue;
        }
        if (in_utf8 && byte >= 0x80) {
            out.pop_back();
            out += "\\xc2";
        }
        constexpr const char* hex = "0123456789abcdef";
        out += "\\x";
        out += hex[byte >> 4];
        out += hex[byte & 15];
    }
    return out;
}

RILL_DECL std::string state_of(const task_info& t)
{
    std::string line = to_string(t.state);
    if (t.state == activity::waiting || t.state == activity::ready)
        line += " " + text_of(std::chrono::round<std::chrono::microseconds>(t.since));
    if (!t.waits_for.empty())
        line += (t.state == activity::ended ? ", " : " for ") + printable(t.waits_for);
    line += at(t.where);
    if (t.cancelling)
        line += ", cancelling";
    if (t.deadline)
        line +=
            ", " + text_of(std::chrono::round<std::chrono::microseconds>(*t.deadline)) + " left";
    for (const std::string& lock : t.holds)
        line += ", holds " + printable(lock);
    for (const auto& [name, value] : t.context)
        line += ", " + printable(name) + "=" + printable(value);
    return line;
}

RILL_DECL std::string line_of(const task_info& t)
{
    return printable(t.name) + "  " + state_of(t);
}

RILL_DECL std::string frame_of(const std::source_location& place)
{
    return printable(name_of_function(place.function_name())) + at(place);
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL void print_stack(const task_ref& t, std::ostream& to)
{
    const task_info info = describe(t);
    to << detail::line_of(info) << "\n";
    for (auto place = info.stack.rbegin(); place != info.stack.rend(); ++place)
        to << "  " << detail::frame_of(*place) << "\n";
}

RILL_DECL std::string to_string(const task_ref& t)
{
    const task_info info = describe(t);
    return "task '" + detail::printable(info.name) + "', " + detail::state_of(info);
}

} // namespace rill::RILL_FORM
