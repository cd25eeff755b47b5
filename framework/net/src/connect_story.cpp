// SPDX-License-Identifier: BSL-1.0
#include "connect_story.hpp"

#include <rill/extend_watch.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

using std::chrono::milliseconds;

const char* doing(connect_phase phase)
{
    switch (phase) {
    case connect_phase::look_up: return "looking up its addresses";
    case connect_phase::connect: return "connecting";
    case connect_phase::proxy: return "talking to the proxy";
    case connect_phase::handshake: return "shaking hands over TLS";
    }
    return "";
}

/// Nobody reads nanoseconds in a message.
std::string in_words(duration d)
{
    constexpr duration fine = milliseconds(10);
    return extend::text_of(d < fine ? d : duration(std::chrono::round<milliseconds>(d)));
}

std::string in_words(const connect_attempt& a)
{
    std::string text = to_string(a.to);
    if (a.from)
        text += " from " + to_string(*a.from);
    if (a.error == asio::error::timed_out)
        return text + ": no answer in " + in_words(a.took);
    return text + ": " + a.error.message() + " after " + in_words(a.took);
}

} // namespace

connect_story::connect_story(const loop_core& core, std::string target)
    : core_(core)
    , target_(std::move(target))
{}

/// Attempts that are still under way are given up for another one.
void connect_story::begin(connect_phase phase)
{
    close_attempts();
    steps_.push_back({phase, core_.now()});
}

std::size_t connect_story::begin_attempt(const endpoint& to, const endpoint* from)
{
    attempt a;
    a.what.to = to;
    if (from)
        a.what.from = *from;
    a.begun = core_.now();
    attempts_.push_back(std::move(a));
    return attempts_.size() - 1;
}

void connect_story::end_attempt(std::size_t index, error_code ec)
{
    attempt& a = attempts_[index];
    a.over = true;
    a.what.error = error_code(ec.value(), ec.category()); // without a place in Asio's sources
    a.what.took = core_.now() - a.begun;
}

void connect_story::close_attempts()
{
    for (std::size_t i = 0; i < attempts_.size(); ++i)
        if (!attempts_[i].over)
            end_attempt(i, asio::error::timed_out);
}

void connect_story::fail_for_time(duration limit)
{
    close_attempts();
    fail(
        asio::error::timed_out,
        "timed out after " + in_words(limit) + " while " + doing(steps_.back().phase)
    );
}

void connect_story::fail_of_attempts()
{
    const error_code first = attempts_.front().what.error;
    const bool same = std::all_of(attempts_.begin(), attempts_.end(), [&](const attempt& a) {
        return a.what.error == first;
    });
    fail(first, same ? first.message() : "none of its addresses can be connected to");
}

void connect_story::fail(error_code ec, const std::string& why)
{
    std::vector<connect_attempt> all;
    for (const attempt& a : attempts_)
        all.push_back(a.what);
    throw connect_error(
        error_code(ec.value(), ec.category()),
        "connect to " + target_ + ": " + why + details(),
        steps_.back().phase,
        std::move(all)
    );
}

/// What took its time before, and what came of each address.
std::string connect_story::details() const
{
    std::vector<std::string> all;
    for (std::size_t i = 0; i + 1 < steps_.size(); ++i) {
        const duration took = steps_[i + 1].begun - steps_[i].begun;
        if (took >= milliseconds(1))
            all.push_back(std::string(doing(steps_[i].phase)) + " took " + in_words(took));
    }
    for (const attempt& a : attempts_)
        if (a.what.error)
            all.push_back(in_words(a.what));
    std::string text;
    for (const std::string& one : all)
        text += (text.empty() ? " (" : "; ") + one;
    return text.empty() ? text : text + ")";
}

} // namespace rill::RILL_FORM::net_detail
