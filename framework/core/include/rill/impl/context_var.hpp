// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/context_var.hpp>

namespace rill::RILL_FORM {

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
