// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <mutex>
#include <string>

namespace rill::RILL_FORM::detail {

/// A text that is built when somebody asks for it, once; any thread may ask.
///
/// What tells of an error is made far more often than it is read, and where errors are nested each
/// level would hold the text of all levels below.
class late_text {
public:
    late_text() = default;

    late_text(const late_text&) = delete;
    late_text& operator=(const late_text&) = delete;

    /// What `build()` gave; empty where there was no memory for it.
    template <class F>
    const std::string& get(F build) const noexcept
    {
        static const std::string nothing;
        try {
            std::call_once(asked_, [&] { text_ = build(); });
        } catch (...) {
            return nothing;
        }
        return text_;
    }

private:
    mutable std::once_flag asked_;
    mutable std::string text_;
};

} // namespace rill::RILL_FORM::detail
