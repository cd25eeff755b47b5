// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/tls_context.hpp>

#include <string>

namespace rill::app::detail {

// Versions of TLS as settings write them.

inline constexpr auto a_tls_version = "be \"1.2\" or \"1.3\"";

inline bool is_tls_version(const std::string& text)
{
    return text == "1.2" || text == "1.3";
}

inline tls_version tls_version_of(const std::string& text)
{
    return text == "1.3" ? tls_version::v1_3 : tls_version::v1_2;
}

} // namespace rill::app::detail
