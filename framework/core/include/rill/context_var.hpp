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

// Implementation

template <class T>
const T* context_var<T>::find(const detail::context_ptr& box) const noexcept
{
    const auto* value = box && box->values ? box->values->find(id_) : nullptr;
    return value ? static_cast<const T*>(value->get()) : nullptr;
}

template <class T>
void context_var<T>::show()
{
    detail::shown_variables::add({id_, name_, &text_of});
    shown_ = true;
}

template <class T>
std::string context_var<T>::text_of(const void* value)
{
    const T& v = *static_cast<const T*>(value);
    if constexpr (std::convertible_to<const T&, std::string_view>)
        return std::string(std::string_view(v));
    else if constexpr (requires { to_string(v); })
        return std::string(to_string(v));
    else if constexpr (requires { std::to_string(v); })
        return std::to_string(v);
    else
        return {};
}

template <class T>
T context_var<T>::get() const
{
    if (const T* value = find(detail::current_context()))
        return *value;
    if (!default_)
        throw std::out_of_range("rill::context_var: '" + name_ + "' has no value and no default");
    return *default_;
}

template <class T>
T context_var<T>::get(T fallback) const
{
    const T* value = find(detail::current_context());
    return value ? *value : fallback;
}

template <class T>
std::optional<T> context_var<T>::get(const context& c) const
{
    const T* value = find(context_access::box(c));
    return value ? std::optional<T>(*value) : std::nullopt;
}

template <class T>
typename context_var<T>::token context_var<T>::set(T value) const
{
    detail::context_ptr& box = detail::current_context();
    if (!box)
        box.reset(new detail::context_box);
    token t;
    t.where = box;
    if (const auto* before = box->values ? box->values->find(id_) : nullptr)
        t.before = *before;
    detail::assign(*box, id_, std::make_shared<const T>(std::move(value)));
    return t;
}

template <class T>
void context_var<T>::reset(token t) const
{
    if (t.where != detail::current_context())
        throw std::logic_error("rill::context_var: '" + name_ + "' was set in another context");
    detail::assign(*t.where, id_, std::move(t.before));
}

template <class T>
class context_var<T>::scope {
public:
    scope(const context_var& variable, T value)
        : variable_(variable)
        , token_(variable.set(std::move(value)))
    {}

    ~scope() { detail::assign(*token_.where, variable_.id_, std::move(token_.before)); }

    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

private:
    const context_var& variable_;
    token token_;
};

template <class T>
typename context_var<T>::scope context_var<T>::scoped(T value) const
{
    return scope(*this, std::move(value));
}

template <class F>
decltype(auto) context::run(F&& f) const
{
    struct swapped {
        explicit swapped(detail::context_ptr box)
            : current(detail::current_context())
            , other(std::move(box))
        {
            current.swap(other);
        }

        ~swapped() { current.swap(other); }

        detail::context_ptr& current;
        detail::context_ptr other;
    };

    const swapped scope(box_);
    return std::forward<F>(f)();
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/context_var.ipp>
#endif
