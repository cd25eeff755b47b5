// SPDX-License-Identifier: BSL-1.0
#include "accept_failure.hpp"

#include "server_journal.hpp"

#include <boost/asio/error.hpp>

#include <cerrno>
#include <exception>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

bool is_shortage(int error) noexcept
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

} // namespace

accept_failure::accept_failure(server_journal& journal) noexcept
    : journal_(journal)
    , reserve_(open_reserve())
{}

void accept_failure::begin(error_code why) noexcept
{
    waited_ = false;
    shortage_ = is_shortage(why.value());
    if (shortage_) {
        ++journal_.statistics.out_of_resources;
        reserve_.reset();
    } else {
        ++journal_.statistics.accept_errors;
    }
    if (std::exchange(reported_, why) != why)
        journal_.report(
            "accepting connections is suspended, new ones wait",
            std::make_exception_ptr(system_error(why, "accept"))
        );
}

bool accept_failure::may_try_again() noexcept
{
    if (!std::exchange(waited_, true))
        return false;
    if (!reserve_)
        reserve_ = open_reserve();
    return reserve_ || !shortage_;
}

} // namespace rill::RILL_FORM::net_detail
