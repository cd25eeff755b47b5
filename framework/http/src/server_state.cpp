// SPDX-License-Identifier: BSL-1.0
#include "server_state.hpp"

#include "connection.hpp"

#include <algorithm>
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
    make_places();
}

void server_state::begin_waiting()
{
    ++waiting_;
    ++facts.places_wanted;
    place_made_.warning(
        "as many connections as are allowed, and a client waits: an idle one makes room",
        {{"connections", size_}}
    );
    make_places();
}

/// Who has just come, or just been answered, is spared: he may have sent a request by now, which
/// nobody has read yet.
void server_state::make_places()
{
    const auto now = facts.clock.now();
    while (facts.places_wanted > 0 && !idle_.empty()) {
        connection& longest = *idle_.front();
        if (now - longest.idle_since().value_or(now) < 2 * facts.clock.tick())
            return;
        --facts.places_wanted;
        now_busy(longest); // with its end, and none for the next who waits
        longest.end_idleness(now, now);
    }
}

void server_state::end_waiting() noexcept
{
    --waiting_;
    facts.places_wanted = std::min(facts.places_wanted, waiting_);
}

void server_state::log_refusal(const why_refused& why, stream_socket& peer)
{
    error_code ec;
    const endpoint from = peer.remote_endpoint(ec);
    refused_.warning(
        "request refused",
        {{"peer", ec ? "gone" : to_string(from)}, {"status", why.status}, {"reason", why.reason}}
    );
}

void server_state::stop(duration idle_grace)
{
    facts.stopping = true;
    const auto now = facts.clock.now();
    const auto when = idle_grace > duration::zero() ? facts.clock.in(idle_grace) : now;
    idle_.for_each([now, when](connection& c) { c.end_idleness(when, now); });
}

} // namespace rill::http::detail
