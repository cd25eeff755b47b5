// SPDX-License-Identifier: BSL-1.0
#include <rill/connect_options.hpp>

namespace rill {

/// One for all: reading the trust store takes milliseconds, and sessions are kept in it.
connect_options& connect_options::tls()
{
    static const tls_context system = tls_context::client();
    return tls(system);
}

} // namespace rill
