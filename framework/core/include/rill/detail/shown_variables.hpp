// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace rill::detail {

/// The context variables that dumps of tasks show, with what makes text of their values.
class shown_variables {
public:
    struct entry {
        std::uint64_t variable;
        std::string name;
        std::string (*text_of)(const void* value);
    };

    static void add(entry e)
    {
        const std::lock_guard lock(mutex());
        entries().push_back(std::move(e));
    }

    static void remove(std::uint64_t variable)
    {
        const std::lock_guard lock(mutex());
        std::erase_if(entries(), [=](const entry& e) { return e.variable == variable; });
    }

    static std::vector<entry> all()
    {
        const std::lock_guard lock(mutex());
        return entries();
    }

private:
    // They outlive every variable, at whatever point of the program's end that dies.
    static std::mutex& mutex()
    {
        static auto* const m = new std::mutex;
        return *m;
    }

    static std::vector<entry>& entries()
    {
        static auto* const all = new std::vector<entry>;
        return *all;
    }
};

} // namespace rill::detail
