// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/needs_net.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace rill {

/// How many a pool keeps, and for how long.
class pool_options {
public:
    pool_options() {}

    /// Shown in messages, log lines and dumps.
    pool_options& name(std::string text)
    {
        title = std::move(text);
        return *this;
    }

    /// At least so many are open, whether they are needed or not, and never more than `most`, those
    /// included that are being opened.
    pool_options& connections(std::size_t at_least, std::size_t at_most)
    {
        least = at_least;
        most = at_most;
        return *this;
    }

    /// For so long acquire() waits. `forever`: as long as its caller does.
    pool_options& acquire_timeout(duration d)
    {
        wait_limit = d;
        return *this;
    }

    /// For opening one.
    pool_options& open_timeout(duration d)
    {
        open_limit = d;
        return *this;
    }

    /// For a check, and for bringing one back into order.
    pool_options& check_timeout(duration d)
    {
        check_limit = d;
        return *this;
    }

    /// One that nobody has used for longer is checked before it is given to somebody. Zero: each
    /// time.
    pool_options& check_after(duration d)
    {
        trusted_for = d;
        return *this;
    }

    /// One that nobody has used for so long is closed, as long as there are more than the least.
    pool_options& idle_timeout(duration d)
    {
        idle_limit = d;
        return *this;
    }

    /// One that was opened so long ago, or up to a tenth of that less, so that what was opened
    /// together does not end together, is closed. It is not taken away from whoever uses it.
    pool_options& max_age(duration d)
    {
        age_limit = d;
        return *this;
    }

    std::string title;
    std::size_t least = 0;
    std::size_t most = 10;
    duration wait_limit = std::chrono::seconds(30);
    duration open_limit = std::chrono::seconds(30);
    duration check_limit = std::chrono::seconds(5);
    duration trusted_for = std::chrono::seconds(30);
    duration idle_limit = std::chrono::minutes(10);
    duration age_limit = std::chrono::hours(1);
};

} // namespace rill
