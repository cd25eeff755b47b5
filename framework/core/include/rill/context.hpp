// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace rill::RILL_FORM {

namespace detail {

/// The values of a context's variables. Shared by contexts until one of them changes.
class context_values : public boost::intrusive_ref_counter<context_values> {
public:
    using value = std::shared_ptr<const void>;

    /// Null where `variable` has no value.
    const value* find(std::uint64_t variable) const noexcept;

    /// A copy in which `variable` has the value `v`; a null one takes it out.
    boost::intrusive_ptr<context_values> with(std::uint64_t variable, value v) const;

private:
    std::vector<std::pair<std::uint64_t, value>> entries_; // a handful, so a search is a scan
};

/// What a context refers to. Null pointers to one stand for a context without values.
struct context_box : boost::intrusive_ref_counter<context_box> {
    boost::intrusive_ptr<context_values> values;
};

using context_ptr = boost::intrusive_ptr<context_box>;

/// A context with the same values, which later changes of either do not touch.
context_ptr copy_of(const context_ptr& other);

} // namespace detail

/// A set of values of context variables, to hand to create_task or to run code in. Mirrors
/// contextvars.Context.
///
/// Copies of the object are the same context; copy_context() makes another one. One thread at a
/// time may use it.
class context {
public:
    /// Empty: every variable has its default.
    context()
        : box_(new detail::context_box)
    {}

    /// Calls f() with this as the current context, and gives its result. Mirrors Context.run.
    /// Include context_var.hpp to use it.
    template <class F>
    decltype(auto) run(F&& f) const;

    friend bool operator==(const context& a, const context& b) noexcept { return a.box_ == b.box_; }

private:
    friend context copy_context();
    template <class T>
    friend class context_var;
    friend struct context_access;

    explicit context(detail::context_ptr box)
        : box_(std::move(box))
    {}

    detail::context_ptr box_; // never null
};

/// The library's own way in.
struct context_access {
    static const detail::context_ptr& box(const context& c) noexcept { return c.box_; }

    static context of(detail::context_ptr box) { return context(std::move(box)); }
};

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/context.ipp>
#endif
