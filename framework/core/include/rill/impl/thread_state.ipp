// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/thread_state.hpp>

#include <pthread.h>

namespace rill::RILL_FORM::detail {

RILL_DECL void forget_thread_state_in_child()
{
    [[maybe_unused]] static const int installed =
        ::pthread_atfork(nullptr, nullptr, [] { current = thread_state{}; });
}

} // namespace rill::RILL_FORM::detail
