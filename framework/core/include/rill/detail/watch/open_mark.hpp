// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <string>

namespace rill::RILL_FORM::detail {

/// In debug mode: something is open as long as this lives, and a loop that ends before it says so.
class open_mark {
public:
    /// Of a loop in debug mode.
    open_mark(loop_core& core, std::string what);

    ~open_mark();

    open_mark(const open_mark&) = delete;
    open_mark& operator=(const open_mark&) = delete;

private:
    loop_core& core_;
    mailbox_ptr mail_; // tells whether the loop is still there
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/open_mark.ipp>
#endif
