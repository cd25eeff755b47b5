// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/late_text.hpp>

#include <concepts>
#include <exception>
#include <forward_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

/// Several errors that happened beside each other. Mirrors ExceptionGroup.
///
/// An error in it may be a group again, and stays one. The errors that are no groups are its
/// leaves; to catch by type is to ask for leaves, as `except*` does in Python:
///
///     catch (const rill::exception_group& group) {
///         if (auto rest = group.handle<parse_error>(report))
///             throw *rest;
///     }
///
/// Copying it is cheap and does not throw. Thread safety: distinct objects safe, copies included.
class exception_group : public std::runtime_error {
public:
    /// std::invalid_argument if there are no exceptions, or one of them is null.
    explicit exception_group(std::vector<std::exception_ptr> exceptions);
    exception_group(std::string message, std::vector<std::exception_ptr> exceptions);

    /// Built when it is asked for, the first time.
    const char* what() const noexcept override;

    // No moves: a group that has been moved from would be empty.
    exception_group(const exception_group&) noexcept = default;
    exception_group& operator=(const exception_group&) noexcept = default;

    /// What went wrong as a whole; may be empty. what() adds count and errors, nested groups in
    /// brackets: "shutdown: 2 errors: no route; [1 error: disk full]".
    const std::string& message() const noexcept { return contents_->message; }

    /// In the order given, a task group's in order of completion; never empty.
    const std::vector<std::exception_ptr>& exceptions() const noexcept
    {
        return contents_->exceptions.front();
    }

    /// All errors, also those of nested groups, in the order in which what() lists them.
    std::vector<std::exception_ptr> leaves() const;

    /// The leaves of type E or derived from it, and the others; either is empty if it has none.
    /// Both keep the messages and the nesting. Mirrors ExceptionGroup.split.
    template <class E>
    std::pair<std::optional<exception_group>, std::optional<exception_group>> split() const;

    /// Calls `f(const E&)` for each leaf of type E or derived from it, in order, and gives the
    /// others; empty if there are none. What `f` throws leaves at once. Mirrors `except*`.
    template <class E, std::invocable<const E&> F>
    std::optional<exception_group> handle(F f) const;

private:
    /// The errors of one group. In a node of a list, which can be handed on without memory.
    using errors = std::forward_list<std::vector<std::exception_ptr>>;

    struct contents {
        contents(std::string m, std::vector<std::exception_ptr> e)
            : message(std::move(m))
        {
            exceptions.push_front(std::move(e));
        }

        ~contents();

        std::string message;
        errors exceptions;
        detail::late_text text;
    };

    static std::vector<std::exception_ptr> checked(std::vector<std::exception_ptr> exceptions);
    static std::optional<exception_group> as_group(const std::exception_ptr& error);
    void describe_to(std::string& text) const;
    std::pair<std::optional<exception_group>, std::optional<exception_group>>
    split_by(bool (*matches)(const std::exception_ptr& leaf)) const;
    std::optional<exception_group> part(std::vector<std::exception_ptr> exceptions) const;

    std::shared_ptr<const contents> contents_; // shared by the copies; never null
};

// Implementation

inline exception_group::exception_group(std::vector<std::exception_ptr> exceptions)
    : exception_group(std::string(), std::move(exceptions))
{}

template <class E>
std::pair<std::optional<exception_group>, std::optional<exception_group>>
exception_group::split() const
{
    static_assert(
        !std::derived_from<E, exception_group>,
        "a group is split by the type of its leaves, and a group is none"
    );
    return split_by([](const std::exception_ptr& leaf) {
        try {
            std::rethrow_exception(leaf);
        } catch (const E&) {
            return true;
        } catch (...) {
            return false;
        }
    });
}

template <class E, std::invocable<const E&> F>
std::optional<exception_group> exception_group::handle(F f) const
{
    static_assert(
        std::is_void_v<std::invoke_result_t<F&, const E&>>,
        "what f returns would be lost; a coroutine would never run: collect what it should await"
    );
    const auto [matching, others] = split<E>();
    if (!matching)
        return others;
    for (const std::exception_ptr& e : matching->leaves()) {
        try {
            std::rethrow_exception(e);
        } catch (const E& error) {
            f(error);
        }
    }
    return others;
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/exception_group.ipp>
#endif
