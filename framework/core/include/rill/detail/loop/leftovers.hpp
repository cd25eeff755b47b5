// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/outcome_handle.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/handle.hpp>

#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

namespace rill::RILL_FORM::detail {

/// The tasks that a shutdown finds, and what becomes of them. `Turn` runs the loop for one turn and
/// gives false where nothing is left that could run.
template <class Turn>
class leftovers {
public:
    using kind = bool (*)(const task_state&);

    static bool any(const task_state&) { return true; }

    /// Work that neither shields itself nor serves the others.
    static bool ordinary(const task_state& t) { return !t.shielded && !t.background; }

    static bool shielded(const task_state& t) { return t.shielded; }

    leftovers(loop_core& core, Turn turn)
        : core_(core)
        , turn_(turn)
    {}

    /// Cancels the tasks of a kind, those that come meanwhile too, and runs until all have ended.
    /// What they threw then goes to the exception handler, unless somebody else has seen it.
    void end(kind which)
    {
        std::vector<state_ref<task_state>> told;
        std::uint64_t last = 0;
        while (exist(which)) {
            if (last != core_.registry.last_task_number())
                tell(which, std::exchange(last, core_.registry.last_task_number()), told);
            if (!turn())
                break;
        }
        run_what_is_ready();
        for (const auto& task : told)
            task->report_unretrieved();
    }

    /// Runs until no task of a kind is left, or the time is up.
    void await(kind which, duration at_most)
    {
        wait_while([&] { return exist(which); }, at_most);
    }

    /// Runs as long as `waiting()` holds, or until the time is up. False if it was.
    template <class Condition>
    bool wait_while(Condition waiting, duration at_most)
    {
        bool expired = at_most <= duration(0);
        local_callback limit;
        if (!expired && waiting()) {
            const time_point when = deadline_after(core_.now(), at_most);
            auto callback = make_callback(core_, when, [&] { expired = true; });
            limit.is(handle(callback));
            callback->start_later(callback);
        }
        while (waiting() && !expired && turn())
            continue;
        return !waiting();
    }

private:
    /// One that refers to local variables, so it must not outlive them: not even where there was no
    /// memory to start it, and it stands in the loop's queue all the same.
    class local_callback {
    public:
        local_callback() = default;
        ~local_callback() { handle_.cancel(); }

        local_callback(const local_callback&) = delete;
        local_callback& operator=(const local_callback&) = delete;

        void is(handle h) noexcept { handle_ = std::move(h); }

    private:
        handle handle_;
    };

    /// Callbacks of the tasks' ends among it.
    void run_what_is_ready()
    {
        bool done = false;
        const auto last = make_callback(core_, core_.now(), [&done] { done = true; });
        local_callback known;
        known.is(handle(last));
        last->start_soon(last);
        while (!done && turn())
            continue;
    }

    bool exist(kind which) const
    {
        for (const task_state* t = core_.registry.tasks.front(); t;
             t = core_.registry.tasks.next(*t))
            if (which(*t))
                return true;
        return false;
    }

    void tell(kind which, std::uint64_t after, std::vector<state_ref<task_state>>& told)
    {
        const std::size_t first = told.size();
        core_.registry.tasks.for_each([&](task_state& t) {
            if (t.number() > after && which(t))
                told.emplace_back(t);
        });
        const auto why = make_reason(cancel_origin::shutdown, "the loop shuts down");
        for (std::size_t i = first; i < told.size(); ++i)
            if (!told[i]->done())
                told[i]->request_cancel(why);
    }

    /// An error that ends a run does not end a shutdown.
    bool turn()
    {
        try {
            return turn_();
        } catch (...) {
            core_.report({"a fatal error during the shutdown", std::current_exception()});
            return true;
        }
    }

    loop_core& core_;
    Turn turn_;
};

} // namespace rill::RILL_FORM::detail
