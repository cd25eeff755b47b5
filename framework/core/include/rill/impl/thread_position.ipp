// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/thread_position.hpp>

#include <pthread.h>

namespace rill::RILL_FORM::detail {

RILL_DECL void forget_position_in_child()
{
    [[maybe_unused]] static const int installed =
        ::pthread_atfork(nullptr, nullptr, [] { current = thread_position{}; });
}

} // namespace rill::RILL_FORM::detail
