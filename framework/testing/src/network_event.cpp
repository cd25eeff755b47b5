// SPDX-License-Identifier: BSL-1.0
#include <rill/testing/network_event.hpp>

#include <array>
#include <chrono>
#include <cstdio>

namespace rill::RILL_FORM::testing {

namespace {

const char* word_for(network_event::kind what)
{
    using kind = network_event::kind;
    switch (what) {
    case kind::listen: return "listen";
    case kind::connect: return "connect";
    case kind::refuse: return "refuse";
    case kind::accept: return "accept";
    case kind::data: return "data";
    case kind::fin: return "fin";
    case kind::lost: return "lost";
    case kind::retransmit: return "retransmit";
    case kind::deliver: return "deliver";
    case kind::reset: return "reset";
    case kind::time_out: return "timed out";
    case kind::partition: return "partition";
    case kind::heal: return "heal";
    case kind::crash: return "crash";
    case kind::restart: return "restart";
    }
    return "";
}

/// In seconds, with microseconds.
std::string text_of(duration d)
{
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(d).count();
    std::array<char, 32> text;
    std::snprintf(
        text.data(),
        text.size(),
        "%lld.%06lld",
        static_cast<long long>(us / 1'000'000),
        static_cast<long long>(us % 1'000'000)
    );
    return text.data();
}

bool has_bytes(network_event::kind what)
{
    using kind = network_event::kind;
    return what == kind::data || what == kind::deliver || what == kind::lost ||
           what == kind::retransmit;
}

} // namespace

std::string to_string(const network_event& e)
{
    std::string text = text_of(e.when) + ' ' + e.from;
    if (!e.to.empty())
        text += " > " + e.to;
    text += ' ';
    text += word_for(e.what);
    if (has_bytes(e.what))
        text += ' ' + std::to_string(e.bytes);
    return text;
}

} // namespace rill::RILL_FORM::testing
