// SPDX-License-Identifier: BSL-1.0
#include "traffic.hpp"

#include <rill/log.hpp>

namespace relay {

void traffic::operator+=(const traffic& other) noexcept
{
    for (counter traffic::* c :
         {&traffic::connections,
          &traffic::not_connected,
          &traffic::timed_out,
          &traffic::over_budget,
          &traffic::failed,
          &traffic::from_clients,
          &traffic::from_servers})
        this->*c += (other.*c).get();
}

void log_traffic(const traffic& t, const upstreams& servers)
{
    rill::log::info(
        "relayed so far",
        {{"connections", t.connections.get()},
         {"not_connected", t.not_connected.get()},
         {"timed_out", t.timed_out.get()},
         {"over_budget", t.over_budget.get()},
         {"failed", t.failed.get()},
         {"bytes_from_clients", t.from_clients.get()},
         {"bytes_from_servers", t.from_servers.get()}}
    );
    for (const upstream& u : servers.all())
        rill::log::info(
            "server so far",
            {{"address", to_string(u.address())},
             {"active", u.active()},
             {"connected", u.connected()},
             {"failed", u.failed()}}
        );
}

} // namespace relay
