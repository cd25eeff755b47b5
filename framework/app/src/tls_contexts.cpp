// SPDX-License-Identifier: BSL-1.0
#include "tls_contexts.hpp"

#include <rill/log.hpp>

#include <exception>

namespace rill::app::detail {

void tls_contexts::add(const tls_context& context, std::string where)
{
    const std::lock_guard lock(mutex_);
    all_.emplace_back(std::move(where), context);
}

void tls_contexts::reload()
{
    auto all = [this] {
        const std::lock_guard lock(mutex_);
        return all_;
    }();
    for (auto& [where, context] : all)
        try {
            context.reload();
            log::info("the certificate has been read again", {{"address", where}});
        } catch (const std::exception& error) {
            log::error(
                "the certificate stays as it was", {{"address", where}, {"error", error.what()}}
            );
        }
}

} // namespace rill::app::detail
