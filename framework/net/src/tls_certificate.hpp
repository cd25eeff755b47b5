// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/tls_info.hpp>

#include <string>

namespace rill::RILL_FORM::net_detail {

std::string subject_of(const x509_st& certificate);

tls_certificate describe(const x509_st& certificate);

/// For error texts: "'CN=a.example', issued by 'CN=Test CA', for a.example and b.example, valid from
/// 2026-01-01 00:00:00 to 2026-02-01 00:00:00 UTC".
std::string in_words(const x509_st& certificate);

} // namespace rill::RILL_FORM::net_detail
