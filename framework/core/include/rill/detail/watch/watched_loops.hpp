// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace rill::RILL_FORM::detail {

class debug_watch;
class loop_core;

/// The loops that are in debug mode, for objects that are used without their loop hearing of it: a
/// lock that is free, a queue with room. Whoever uses one may be in any thread, and the loop gone.
class watched_loops {
public:
    RILL_ONE_PER_PROGRAM static watched_loops& instance()
    {
        static watched_loops all;
        return all;
    }

    /// Whether there is one. All that it costs where there is none.
    static bool any() noexcept { return count_.load(std::memory_order_relaxed) > 0; }

    /// While it lives, `core` is among them.
    class entry {
    public:
        entry(const loop_core& core, debug_watch& watch);
        ~entry();

        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;

    private:
        friend watched_loops;

        const loop_core* core_;
        debug_watch* watch_;
    };

    /// `what`, an object of this loop, is used by this thread.
    void note_use(const loop_core* core, const std::string& what);

private:
    RILL_ONE_PER_PROGRAM static inline std::atomic<int> count_ = 0;

    std::mutex mutex_; // held while somebody looks at one of them
    std::vector<const entry*> all_;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/watched_loops.ipp>
#endif
