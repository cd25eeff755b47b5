// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/intrusive_list.hpp>

#include <cassert>
#include <cstdint>
#include <string>

namespace rill::RILL_FORM::detail {

class loop_core;
class task_state;

struct in_loop; // tag: a place in one of the loop's own lists

enum class act {
    run,      // do it; the node may be gone when this returns
    due,      // its deadline has come, and it is armed no longer
    drop,     // the loop dies: give up what the node holds, without calling it
    cancel,   // its task or slot asks it to end early; a node that is ready already takes no notice
    won,      // of an operation in a race: it completes, so the others must not
    describe, // of an operation: say in words what it waits for
    name_task, // of an operation that waits on behalf of a task: say whose
};

/// Where act::describe wants its text. The thread's own: debug mode has a name for what another thread
/// uses than the loop's.
RILL_ONE_PER_PROGRAM inline constinit thread_local std::string* describing = nullptr;

/// Something that a loop will run: a wake-up, a callback, the start of a task.
///
/// It is in exactly one of the loop's lists, ready or pending, from the moment it is handed over
/// until it runs or is dropped. Apart from that it can be armed: it hears when a deadline has come.
class ready_node : public hook<in_loop> {
public:
    using action = void (*)(ready_node&, act);

    explicit ready_node(action a) noexcept
        : action_(a)
    {}

    bool ready() const noexcept { return ready_; }

    bool armed() const noexcept { return timer_ != unarmed; }

protected:
    friend class loop_core;
    friend class timer_queue;

    ~ready_node() { assert(!armed() && "an object dies while it is armed"); }

    static constexpr std::uint32_t unarmed = UINT32_MAX;

    action action_;
    task_state* task_ = nullptr;    // the task whose step this is; null outside of tasks
    bool ready_ = false;            // in the ready queue, or past it
    bool raced_ = false;            // of an operation: it is told with act::won when it completes
    bool told_ = false;             // of an operation: somebody asked it to end early
    std::uint8_t failure_ = 0;      // of an operation: why it ends without what it waited for
    std::uint32_t timer_ = unarmed; // its place among the deadlines
};

} // namespace rill::RILL_FORM::detail
