// SPDX-License-Identifier: BSL-1.0
#include "name_table.hpp"

#include "fabric.hpp"

#include <rill/sleep.hpp>

#include <algorithm>
#include <utility>

namespace rill::RILL_FORM::testing::simulation {

awaitable<name_answer> name_table::look_up(std::string name)
{
    ++look_ups;
    if (latency > duration::zero())
        co_await sleep(latency);
    entry found = find(name);
    if (!found.error && found.addresses.empty())
        found.error = asio::error::host_not_found;
    if (found.error)
        throw system_error(found.error, "looking up \"" + name + "\"");
    co_return name_answer{std::move(found.addresses), keep};
}

awaitable<std::string> name_table::name_of(asio::ip::address address)
{
    ++look_ups;
    if (latency > duration::zero())
        co_await sleep(latency);
    for (const auto& [name, entry] : known)
        if (std::ranges::find(entry.addresses, address) != entry.addresses.end())
            co_return name;
    const auto host = net ? net->owner_of(address) : nullptr;
    if (!host)
        throw system_error(
            asio::error::host_not_found, "looking up \"" + address.to_string() + '"'
        );
    co_return host->name;
}

name_table::entry name_table::find(const std::string& name) const
{
    if (!net)
        return {{}, asio::error::network_down};
    if (const auto at = known.find(name); at != known.end())
        return at->second;
    if (name == "localhost")
        return {{asio::ip::address_v4::loopback()}, {}};
    const auto host = net->find(name);
    return host ? entry{{host->v4}, {}} : entry();
}

asio::ip::address name_table::address_from(const std::string& text) const
{
    error_code not_numeric;
    const auto address = asio::ip::make_address(text, not_numeric);
    return not_numeric ? net->find_or_make(text)->v4 : address;
}

} // namespace rill::RILL_FORM::testing::simulation
