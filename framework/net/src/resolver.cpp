// SPDX-License-Identifier: BSL-1.0
#include "host_name.hpp"
#include "hosts_file.hpp"
#include "look_up.hpp"
#include "name_cache.hpp"
#include "sockets.hpp"

#include <rill/detail/net_detail.hpp>
#include <rill/detail/network_backend.hpp>
#include <rill/detail/resolver.hpp>
#include <rill/single_flight.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace rill {

namespace net_detail {

namespace {

using asio::ip::address;
using asio::ip::tcp;
using addresses = std::vector<address>;

/// It is the name that is wrong, and not the moment.
bool is_final(const error_code& ec)
{
    return ec == asio::error::host_not_found || ec == asio::error::no_data;
}

/// What needs no look-up.
addresses without_asking(const std::string& host)
{
    if (host.empty())
        return {asio::ip::address_v4::any(), asio::ip::address_v6::any()};
    error_code not_numeric;
    const address numeric = asio::ip::make_address(host, not_numeric);
    return not_numeric ? addresses() : addresses(1, numeric);
}

std::vector<endpoint> at_port(const addresses& all, unsigned short port)
{
    std::vector<endpoint> result;
    for (const address& a : all) {
        const endpoint complete = tcp::endpoint(a, port);
        if (std::find(result.begin(), result.end(), complete) == result.end())
            result.push_back(complete);
    }
    return result;
}

} // namespace

struct resolver::state {
    state(std::shared_ptr<name_source> own, const resolver_options& o)
        : options(o)
        , source(o.asked ? o.asked : std::move(own))
        , hosts(o.hosts)
        , cache(o.most)
    {
        flights.emplace("look-up");
    }

    const resolver_options options;
    const std::shared_ptr<name_source> source;
    hosts_file hosts;
    name_cache cache;
    std::optional<single_flight<std::string, addresses>> flights; // empty once the resolver is gone

    /// Asks, and keeps what comes of it.
    static awaitable<addresses> ask(std::shared_ptr<state> self, std::string name)
    {
        loop_core& core = loop_core::of(co_await asio::this_coro::executor);
        try {
            name_answer answer = co_await self->source->look_up(name);
            if (answer.addresses.empty())
                throw_error(asio::error::host_not_found, "looking up \"" + name + "\"");
            const duration keep = answer.keep.value_or(self->options.kept_for);
            self->keep(name, {answer.addresses, nullptr}, core.now(), keep);
            co_return std::move(answer.addresses);
        } catch (const system_error& e) {
            if (is_final(e.code()))
                self->keep(
                    name,
                    {{}, std::current_exception()},
                    core.now(),
                    self->options.failures_kept_for
                );
            throw;
        }
    }

    void keep(const std::string& name, name_cache::entry what, time_point now, duration d)
    {
        if (d > duration::zero())
            cache.put(name, std::move(what), deadline_after(now, d));
    }

    static awaitable<addresses> find(std::shared_ptr<state> self, std::string host)
    {
        if (addresses known = without_asking(host); !known.empty())
            co_return known;
        if (!is_possible_name(host))
            throw_error(asio::error::host_not_found, "looking up a name that none can be");
        const std::string name = lower_case(host);
        loop_core& core = loop_core::of(co_await asio::this_coro::executor);
        if (addresses listed = self->hosts.find(name, core.now()); !listed.empty())
            co_return listed;
        if (const name_cache::entry* kept = self->cache.find(name, core.now())) {
            if (kept->error)
                std::rethrow_exception(kept->error);
            co_return kept->addresses;
        }
        const auto asking = [self, name] { return ask(self, name); };
        co_return co_await self->flights->run(name, asking);
    }

    static awaitable<std::vector<endpoint>>
    endpoints(std::shared_ptr<state> self, std::string host, unsigned short port)
    {
        co_return at_port(co_await find(std::move(self), std::move(host)), port);
    }
};

resolver::resolver(std::shared_ptr<name_source> source, const resolver_options& options)
    : source_(std::move(source))
    , state_(std::make_shared<state>(source_, options))
{}

resolver::~resolver()
{
    state_->flights.reset();
}

awaitable<std::vector<endpoint>> resolver::endpoints_of(std::string host, unsigned short port)
{
    return state::endpoints(state_, std::move(host), port);
}

awaitable<std::string> resolver::name_of(asio::ip::address address)
{
    const std::shared_ptr<name_source> source = state_->source; // another may be set meanwhile
    co_return co_await source->name_of(address);
}

void resolver::configure(const resolver_options& options)
{
    state_ = std::make_shared<state>(source_, options);
}

void resolver::forget(const std::string& host)
{
    state_->cache.forget(lower_case(host));
}

network_service::network_service(asio::execution_context& context)
    : service(context)
    , names_(std::make_shared<system_names>(), resolver_options())
{}

} // namespace net_detail

awaitable<std::string> name_source::name_of(asio::ip::address address)
{
    net_detail::throw_error(
        asio::error::host_not_found, "looking up \"" + address.to_string() + '"'
    );
    co_return std::string();
}

void set_resolver(const rill::loop& loop, const resolver_options& options)
{
    auto& core = extend::loop_core::of(asio::any_io_executor(loop.get_executor()));
    net_detail::network_service::of(core).names().configure(options);
}

awaitable<std::vector<endpoint>> look_up(std::string host, unsigned short port)
{
    auto& core = extend::loop_core::of(co_await asio::this_coro::executor);
    auto& names = net_detail::network_service::of(core).names();
    co_return co_await names.endpoints_of(std::move(host), port);
}

awaitable<std::string> look_up_name(asio::ip::address address)
{
    auto& core = extend::loop_core::of(co_await asio::this_coro::executor);
    auto& names = net_detail::network_service::of(core).names();
    co_return co_await names.name_of(address);
}

} // namespace rill
