// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/handle.hpp>
#include <rill/loop.hpp>

#include <chrono>
#include <functional>
#include <utility>

namespace mutants {

/// Calls `idle` once nobody has called touch() for a minute.
///
/// Broken: timer leak. Its deadline outlives it.
template <bool Broken>
class idle_watch {
public:
    idle_watch(rill::loop loop, std::function<void()> idle)
        : loop_(std::move(loop))
        , idle_(std::move(idle))
    {
        touch();
    }

    ~idle_watch()
    {
        if constexpr (!Broken)
            deadline_.cancel();
    }

    idle_watch(const idle_watch&) = delete;
    idle_watch& operator=(const idle_watch&) = delete;

    void touch()
    {
        using namespace std::chrono_literals;
        deadline_.cancel();
        deadline_ = loop_.call_later(1min, idle_);
    }

private:
    rill::loop loop_;
    std::function<void()> idle_;
    rill::handle deadline_;
};

} // namespace mutants
