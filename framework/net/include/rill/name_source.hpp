// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/detail/needs_net.hpp>

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>
#include <vector>

namespace rill {

namespace asio = boost::asio;

/// What is known of a name.
struct name_answer {
    std::vector<asio::ip::address> addresses; ///< In the order in which they should be tried.
    std::optional<duration> keep; ///< How long they hold; empty: as long as resolver_options says.
};

/// Where a resolver asks for the names that it does not know: the system as a rule; DNS servers, a
/// service registry or a test where a program has one of its own. See resolver_options::source.
class name_source {
public:
    virtual ~name_source() = default;

    /// The addresses of `name`, which is in lower case, and no address itself.
    ///
    /// Errors: a system_error that names it. host_not_found and no_data say that there is nothing to
    /// be found, and are kept as answers are; others are of the moment.
    /// Cancellation: total. It is asked once for all who want the same name at the same time, and
    /// cancelled when none of them wants it any more.
    virtual awaitable<name_answer> look_up(std::string name) = 0;

    /// The name of the host that has `address`.
    ///
    /// Errors: a system_error that names it; host_not_found if it has none that is known, as here.
    /// Cancellation: total.
    virtual awaitable<std::string> name_of(asio::ip::address address);
};

} // namespace rill
