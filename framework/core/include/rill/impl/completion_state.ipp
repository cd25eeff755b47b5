// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/cancel_reason.hpp>
#include <rill/detail/completion_state.hpp>
#include <rill/detail/loop_core.hpp>
#include <rill/detail/operation.hpp>

#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace rill::RILL_FORM::detail {

RILL_DECL void let_go(completion_state& state) noexcept
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

    loop_core* core = state.core();
    if (!core || core->on_home_thread())
        state.release();
    else
        core->mail().post(last_reference(state));
}

} // namespace rill::RILL_FORM::detail
