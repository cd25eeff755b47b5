// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

#include <cctype>
#include <cstddef>
#include <cstdio>
#include <source_location>
#include <string>
#include <string_view>

namespace rill::RILL_FORM::detail {

/// As people write it: "250ms", "1.5s", "20us".
std::string text_of(duration d);

/// "1 item", "3 items".
std::string counted(std::size_t n, std::string_view one, std::string_view many);

/// ", 2 wait"; empty for nobody.
std::string
and_waiting(std::size_t n, std::string_view one = "waits", std::string_view many = "wait");

/// "orders.cpp:42"; empty where the place is not known.
std::string text_of(const std::source_location& place);

/// " at orders.cpp:42"; empty where the place is not known.
std::string at(const std::source_location& place);

/// Whether the word "operator" stands at `i`: what follows belongs to the name then.
bool begins_operator(std::string_view text, std::size_t i);

/// "orders::take" of what a compiler calls "rill::awaitable<int> orders::take(queue<int>&)". What
/// g++ says of a coroutine's body, and lambdas, are cut where their function's name ends.
std::string_view name_of_function(std::string_view text);

/// Whether that is code of Rill's, Asio's or the standard library's, by the function's name: no
/// place where a user looks for his own.
bool is_of_library(std::string_view function);

bool is_of_library(const std::source_location& place);

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/describe.ipp>
#endif
