// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "look_up_threads.hpp"

#include <rill/awaitable.hpp>
#include <rill/name_source.hpp>

#include <string>
#include <vector>

namespace rill::RILL_FORM::net_detail {

/// What the system knows of `host`, a name: at least one address. system_error, with the name, if
/// there is none, or if too many look-ups wait already (try_again).
///
/// One that is cancelled, or whose loop ends, is dropped; if it has begun it ends whenever the system
/// is done with it, unheard.
awaitable<std::vector<asio::ip::address>>
look_up_addresses(look_up_threads& threads, std::string host);

/// The same for the name of the host that has `address`.
awaitable<std::string> look_up_name_of(look_up_threads& threads, asio::ip::address address);

/// Asks the system.
class system_names final : public name_source {
public:
    awaitable<name_answer> look_up(std::string name) override;
    awaitable<std::string> name_of(asio::ip::address address) override;
};

} // namespace rill::RILL_FORM::net_detail
