// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <exception>
#include <functional>
#include <string>

namespace rill {

/// What is known about an error that nobody is left to catch. Mirrors the context dictionary of
/// loop.call_exception_handler.
struct exception_context {
    std::string message;          // what was going on, in one sentence
    std::exception_ptr exception; // null where there is only the message
    std::string task = {};        // name of the task concerned; empty outside of tasks
    std::string place = {};       // where the task or future was created: "orders.cpp:42"
};

/// One line: the message, the task's name, where it was created and what the exception says.
std::string to_string(const exception_context& context);

using exception_handler = std::function<void(const exception_context&)>;

// Implementation

inline std::string to_string(const exception_context& context)
{
    std::string line = context.message;
    if (!context.task.empty())
        line += " (task '" + context.task + "'";
    if (!context.place.empty())
        line += std::string(context.task.empty() ? " (" : ", ") + "created at " + context.place;
    if (!context.task.empty() || !context.place.empty())
        line += ")";
    if (!context.exception)
        return line;
    try {
        std::rethrow_exception(context.exception);
    } catch (const std::exception& e) {
        return line + ": " + e.what();
    } catch (...) {
        return line + ": an exception that is no std::exception";
    }
}

} // namespace rill
