// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/thread_position.hpp>

#include <boost/asio/execution_context.hpp>

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

    debug_watch* const* const variables_ = &nobody_watches; // one of them stands for all
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/sole_copy.ipp>
#endif
