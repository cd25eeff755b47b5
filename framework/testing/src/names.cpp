// SPDX-License-Identifier: BSL-1.0
#include "name_table.hpp"

#include <rill/testing/names.hpp>

namespace rill::RILL_FORM::testing {

names& names::set(const std::string& name, const std::vector<std::string>& addresses)
{
    simulation::name_table::entry& entry = table_->known[name] = {};
    for (const std::string& a : addresses)
        entry.addresses.push_back(table_->address_from(a));
    return *this;
}

names& names::fail(const std::string& name, error_code why)
{
    table_->known[name] = {{}, why};
    return *this;
}

names& names::latency(duration d)
{
    table_->latency = d;
    return *this;
}

names& names::keep(duration d)
{
    table_->keep = d;
    return *this;
}

std::size_t names::look_ups() const noexcept
{
    return table_->look_ups;
}

} // namespace rill::RILL_FORM::testing
