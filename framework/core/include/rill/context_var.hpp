// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/context.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/watch/shown_variables.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {

/// One count for the variables of all types: contexts may outlive a variable, so that its address
/// would not do.
RILL_ONE_PER_PROGRAM std::uint64_t next_variable() noexcept;

void assign(context_box& box, std::uint64_t variable, context_values::value v);

} // namespace detail

/// Marks a context variable whose values dumps of tasks show; see introspect.hpp.
struct shown_t {};

inline constexpr shown_t shown{};

/// A type whose values can be shown: text, numbers, and what to_string() takes.
template <class T>
concept showable = std::convertible_to<const T&, std::string_view> || requires(const T& value) {
    to_string(value);
} || requires(const T& value) { std::to_string(value); };

/// A variable that each task has its own value of: a request's id, its user, its deadline. Mirrors
/// contextvars.ContextVar.
///
/// A task gets a copy of its creator's values, and so do callbacks (call_soon and the like, done
/// callbacks) and calls in other threads; what they set does not show elsewhere. Coroutines and
/// generators that are awaited share the values of whoever awaits them. Plain functions see them as
/// well: a log line knows its request. Outside of loops, the values belong to the thread.
///
/// Declare it at namespace scope, where it outlives those who use it.
template <class T>
class context_var {
public:
    explicit context_var(std::string name)
        : name_(std::move(name))
    {}

    context_var(std::string name, T default_value)
        : name_(std::move(name))
        , default_(std::move(default_value))
    {}

    /// Its values appear in dumps of tasks and in what the admin socket serves: no secrets.
    context_var(std::string name, shown_t)
        requires showable<T>
        : name_(std::move(name))
    {
        show();
    }

    context_var(std::string name, T default_value, shown_t)
        requires showable<T>
        : name_(std::move(name))
        , default_(std::move(default_value))
    {
        show();
    }

    ~context_var()
    {
        if (shown_)
            detail::shown_variables::remove(id_);
    }

    context_var(const context_var&) = delete;
    context_var& operator=(const context_var&) = delete;

    const std::string& name() const noexcept { return name_; }

    /// The value here and now, or else the default; std::out_of_range, naming the variable, if
    /// there is neither. asyncio throws LookupError.
    T get() const;

    /// The value here and now, or else `fallback`.
    T get(T fallback) const;

    /// The value in `c`; empty where it has none.
    std::optional<T> get(const context& c) const;

    /// What the variable was before a set(); reset() goes back to it.
    class token {
        friend class context_var;
        detail::context_ptr where;
        detail::context_values::value before;
    };

    /// Sets it for what runs from now on in this context.
    token set(T value) const;

    /// Undoes a set(). std::logic_error if it was in another context.
    void reset(token t) const;

    /// Set as long as it lives: `auto id = request_id.scoped(next_id());`
    class [[nodiscard]] scope;
    scope scoped(T value) const;

private:
    const T* find(const detail::context_ptr& box) const noexcept;
    void show();
    static std::string text_of(const void* value);

    std::string name_;
    std::uint64_t id_ = detail::next_variable();
    std::optional<T> default_;
    bool shown_ = false;
};

/// A context with the current values, which later changes do not touch. Mirrors
/// contextvars.copy_context.
context copy_context();

} // namespace rill::RILL_FORM

#include <rill/impl/context_var.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/context_var.ipp>
#endif
