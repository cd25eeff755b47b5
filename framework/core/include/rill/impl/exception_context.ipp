// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/exception_context.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL std::string what_is_concerned(const exception_context& context)
{
    std::string text;
    const auto add = [&text](const char* before, const std::string& value, const char* after) {
        if (!value.empty())
            text += (text.empty() ? "" : ", ") + (before + value + after);
    };
    add("task '", context.task, "'");
    add("created at ", context.place, "");
    add("registered at ", context.registered, "");
    add("connection ", context.connection, "");
    return text.empty() ? text : " (" + text + ")";
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL std::string to_string(const exception_context& context)
{
    const std::string line = context.message + detail::what_is_concerned(context);
    const std::string trace =
        context.trace.empty() ? std::string() : "\n  made by:" + context.trace;
    if (!context.exception)
        return line + trace;
    try {
        std::rethrow_exception(context.exception);
    } catch (const std::exception& e) {
        const char* what = e.what(); // that of a broken class may be null
        return line + ": " + (what ? what : "an exception without a text") + trace;
    } catch (...) {
        return line + ": an exception that is no std::exception" + trace;
    }
}

} // namespace rill::RILL_FORM
