// SPDX-License-Identifier: BSL-1.0
#include "shortage.hpp"

#include "server_journal.hpp"

#include <rill/sleep.hpp>

#include <chrono>
#include <exception>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

using namespace std::chrono_literals;

constexpr duration backoff = 100ms; // between two looks whether there are descriptors again

} // namespace

shortage::shortage(server_journal& journal) noexcept
    : journal_(journal)
    , reserve_(open_reserve())
{}

awaitable<void> shortage::wait(error_code why)
{
    ++journal_.counters.out_of_resources;
    reserve_.reset();
    if (!std::exchange(reported_, true))
        journal_.report(
            "accepting connections is suspended, new ones wait",
            std::make_exception_ptr(system_error(why, "accept"))
        );
    while (!reserve_) {
        co_await sleep(backoff);
        reserve_ = open_reserve();
    }
}

} // namespace rill::RILL_FORM::net_detail
