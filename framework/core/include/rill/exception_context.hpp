// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <exception>
#include <functional>
#include <string>

namespace rill::RILL_FORM {

/// What is known about an error that nobody is left to catch. Mirrors the context dictionary of
/// loop.call_exception_handler. Texts are empty where something is not known, or does not apply.
struct exception_context {
    std::string message;          // what was going on, in one sentence
    std::exception_ptr exception; // null where there is only the message
    std::string task = {};        // name of the task concerned
    std::string place = {};       // where the task or future was created: "orders.cpp:42"
    std::string registered = {};  // where the callback concerned was registered
    std::string connection = {};  // the connection or descriptor concerned, in words
    std::string trace = {}; // in debug mode, the calls that made what is concerned, a line each
};

/// One line: the message, in brackets what it concerns, and what the exception says. The trace, if
/// there is one, follows on lines of its own.
std::string to_string(const exception_context& context);

/// It runs where the error is met, with the context variables of the task or callback that failed.
using exception_handler = std::function<void(const exception_context&)>;

// Implementation

namespace detail {

/// "message (task 'reader', created at orders.cpp:42): reason".
std::string what_is_concerned(const exception_context& context);

} // namespace detail

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/exception_context.ipp>
#endif
