// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <boost/asio/execution_context.hpp>

#include <array>

namespace rill::RILL_FORM::detail {

namespace asio = boost::asio;

/// Refuses a second copy of core's variables on one execution context.
///
/// Shared libraries have copies of their own where the dynamic linker does not bring them together:
/// loaded with RTLD_LOCAL, say, by a program that does not export its own. Each would find a loop
/// of its own in the context, and take the other's tasks for none.
class sole_copy final : public asio::execution_context::service {
public:
    // By this Asio finds the service by the name of its type, which all copies share, and not by
    // the address of the id, which is one of those variables.
    using key_type = sole_copy;

    static inline asio::execution_context::id id; // for Asio without typeid

    explicit sole_copy(asio::execution_context& context)
        : service(context)
    {}

    /// std::logic_error if the context belongs to another copy.
    static void require(asio::execution_context& context);

private:
    void shutdown() noexcept override {}

    /// Where this copy has what a program has one of. Whoever has a loop has all of them, also those
    /// that it does not use: libraries that find its loop find them in the same place.
    using places = std::array<const void*, 5>;

    static places here();

    const places places_ = here();
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/sole_copy.ipp>
#endif
