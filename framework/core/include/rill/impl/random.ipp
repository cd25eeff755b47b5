// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/random.hpp>

#include <sys/random.h>

namespace rill::RILL_FORM {

RILL_DECL random_source::random_source() noexcept
{
    if (::getrandom(&state_, sizeof state_, GRND_NONBLOCK) != sizeof state_)
        state_ = reinterpret_cast<std::uintptr_t>(this); // the machine has only just started
}

RILL_DECL random_source::result_type random_source::operator()() noexcept
{
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

RILL_DECL double random_source::fraction() noexcept
{
    return static_cast<double>((*this)() >> 11) * 0x1p-53;
}

} // namespace rill::RILL_FORM
