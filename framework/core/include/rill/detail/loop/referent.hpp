// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

namespace rill::RILL_FORM::detail {

/// Throws invalid_state: "rill: this end of a channel refers to nothing, as one does that was
/// moved from".
[[noreturn]] void throw_refers_to_nothing(const char* handle);

/// What a handle's function works with. Where that is null, the handle is at fault, and named.
template <class Pointer>
const Pointer& referent(const Pointer& of, const char* handle)
{
    if (!of) [[unlikely]]
        throw_refers_to_nothing(handle);
    return of;
}

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/referent.ipp>
#endif
