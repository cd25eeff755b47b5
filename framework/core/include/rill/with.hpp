// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cleanup.hpp>
#include <rill/detail/form.hpp>

#include <concepts>
#include <source_location>

namespace rill::RILL_FORM {

/// What must be awaited to be closed properly. Where closing need not wait, a destructor does it.
template <class R>
concept async_closable = requires(R& resource) {
    { resource.close() } -> std::same_as<awaitable<void>>;
};

/// Runs `body(resource)` and awaits `resource.close()` on every way out. Mirrors `async with`.
///
/// Closing is protected as with_cleanup does: cancellations wait until it has ended, for at most
/// `grace`. The resource lives until this has returned.
template <async_closable Resource, class Body>
awaitable<detail::body_result_t<Body, Resource>> with(
    Resource resource,
    Body body,
    duration grace = std::chrono::seconds(5),
    std::source_location where = std::source_location::current()
)
{
    const auto use = [&] { return detail::start_body(body, resource); };
    const auto close = [&] { return resource.close(); };
    co_return co_await with_cleanup(use, close, grace, where);
}

} // namespace rill::RILL_FORM
