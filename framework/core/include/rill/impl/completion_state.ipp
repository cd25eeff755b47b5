// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/completion_state.hpp>

namespace rill::RILL_FORM::detail {

RILL_DECL void send_home(loop_core& core, completion_state& state) noexcept
{
    struct last_reference {
        explicit last_reference(completion_state& s) noexcept
            : state(&s)
        {}

        last_reference(last_reference&& other) noexcept
            : state(std::exchange(other.state, nullptr))
        {}

        ~last_reference()
        {
            if (state)
                state->release();
        }

        void operator()() const noexcept {}

        completion_state* state;
    };

    core.mail().post(last_reference(state));
}

} // namespace rill::RILL_FORM::detail
