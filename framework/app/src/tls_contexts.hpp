// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/tls_context.hpp>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace rill::app::detail {

/// The contexts of a process whose files are read again on SIGHUP. Any thread may use them.
class tls_contexts {
public:
    /// Once for all copies of a context. `where`: what the log calls it.
    void add(const tls_context& context, std::string where);

    /// For connections to come. Says in the log what came of it; where files cannot be used nothing
    /// changes.
    void reload();

private:
    std::mutex mutex_;
    std::vector<std::pair<std::string, tls_context>> all_;
};

} // namespace rill::app::detail
