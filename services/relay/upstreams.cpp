// SPDX-License-Identifier: BSL-1.0
#include "upstreams.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace relay {

void upstream::on_connected() noexcept
{
    ++connected_;
    ill_until_ = well;
}

void upstream::on_failed(rill::time_point ill_until) noexcept
{
    ++failed_;
    ill_until_ = ill_until;
}

bool upstream::is_to_be_tried(rill::time_point now, rill::time_point next) noexcept
{
    rill::time_point until = ill_until_;
    return until != well && until <= now && ill_until_.compare_exchange_strong(until, next);
}

upstream_use::upstream_use(upstream& of) noexcept
    : of_(&of)
{
    ++of_->active_;
}

upstream_use::upstream_use(upstream_use&& other) noexcept
    : of_(std::exchange(other.of_, nullptr))
{}

upstream_use::~upstream_use()
{
    if (of_)
        --of_->active_;
}

upstreams::upstreams(const upstream_settings& settings)
    : settings_(settings)
{
    for (const std::string& server : settings.servers)
        all_.emplace_back(server);
}

namespace {

/// Beginning with the next one's turn; or, of those that have the fewest connections, with that.
void put_in_order(std::vector<upstream*>& servers, std::size_t turn, balance by)
{
    if (servers.empty())
        return;
    const auto first = static_cast<std::ptrdiff_t>(turn % servers.size());
    std::rotate(servers.begin(), servers.begin() + first, servers.end());
    if (by == balance::round_robin)
        return;
    std::vector<std::pair<std::size_t, upstream*>> loads; // other threads change them meanwhile
    for (upstream* u : servers)
        loads.emplace_back(u->active(), u);
    const auto least =
        std::min_element(loads.begin(), loads.end(), [](const auto& a, const auto& b) {
            return a.first < b.first;
        });
    std::rotate(servers.begin(), servers.begin() + (least - loads.begin()), servers.end());
}

} // namespace

std::vector<upstream*> upstreams::for_next_client(rill::time_point now)
{
    std::vector<upstream*> order;
    std::vector<upstream*> well;
    std::vector<upstream*> ill;
    for (upstream& u : all_)
        if (u.is_well())
            well.push_back(&u);
        else if (order.empty() && u.is_to_be_tried(now, now + settings_.retry_after))
            order.push_back(&u);
        else
            ill.push_back(&u);
    const std::size_t turn = next_++;
    put_in_order(well, turn, settings_.balance);
    put_in_order(ill, turn, settings_.balance);
    order.insert(order.end(), well.begin(), well.end());
    order.insert(order.end(), ill.begin(), ill.end());
    order.resize(std::min(order.size(), settings_.tries));
    return order;
}

} // namespace relay
