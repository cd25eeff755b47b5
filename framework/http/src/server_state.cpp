// SPDX-License-Identifier: BSL-1.0
#include "server_state.hpp"

#include "connection.hpp"

#include <rill/extend.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace rill::http::detail {

namespace {

/// The router that a handler is or refers to; null if that is something else.
const router* router_of(const handler& h) noexcept
{
    if (const auto* r = h.target<router>())
        return r;
    if (const auto* r = h.target<std::reference_wrapper<router>>())
        return &r->get();
    const auto* r = h.target<std::reference_wrapper<const router>>();
    return r ? &r->get() : nullptr;
}

} // namespace

server_state::server_state(handler h, const settings& s)
    : timer_node(&on_due)
    , handle(std::move(h))
    , facts(s)
    , router_(router_of(handle))
{}

server_state::~server_state()
{
    if (timer_node::armed())
        core_->disarm(*this);
}

server_facts& server_state::facts_on(extend::loop_core& core)
{
    if (size_ == 0) {
        core_ = &core;
        tick();
    }
    return facts;
}

std::optional<response> server_state::refusal(request& r) const
{
    return router_ ? router_->refusal(r) : std::nullopt;
}

void server_state::add(connection& c) noexcept
{
    busy_.push_back(c);
    ++size_;
}

void server_state::remove(connection& c) noexcept
{
    unlink(c);
    if (--size_ == 0 && timer_node::armed())
        core_->disarm(*this);
}

void server_state::now_idle(connection& c) noexcept
{
    unlink(c);
    idle_.push_back(c);
}

void server_state::now_busy(connection& c) noexcept
{
    unlink(c);
    busy_.push_back(c);
}

void server_state::unlink(connection& c) noexcept
{
    extend::hook<in_server>& place = c;
    place.unlink();
}

template <class F>
void server_state::for_each(F f)
{
    busy_.for_each(f);
    idle_.for_each(f);
}

void server_state::on_due(timer_node& node)
{
    static_cast<server_state&>(node).tick();
}

void server_state::tick()
{
    const auto now = core_->now();
    facts.clock.move_to(now);
    facts.wall_time = std::chrono::system_clock::to_time_t(core_->wall_now());
    core_->arm(*this, now + facts.clock.tick());
    for_each([now](connection& c) { c.look_at_time(now); });
}

void server_state::stop(duration idle_grace)
{
    facts.stopping = true;
    const auto now = facts.clock.now();
    const auto when = idle_grace > duration::zero() ? facts.clock.in(idle_grace) : now;
    idle_.for_each([now, when](connection& c) { c.end_idleness(when, now); });
}

} // namespace rill::http::detail
