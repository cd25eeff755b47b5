// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace rill::RILL_FORM::detail {

/// The context variables that dumps of tasks show, with what makes text of their values.
class shown_variables {
public:
    struct entry {
        std::uint64_t variable;
        std::string name;
        std::string (*text_of)(const void* value);
    };

    static void add(entry e);

    static void remove(std::uint64_t variable);

    static std::vector<entry> all();

private:
    // They outlive every variable, at whatever point of the program's end that dies.
    RILL_ONE_PER_PROGRAM static std::mutex& mutex();

    RILL_ONE_PER_PROGRAM static std::vector<entry>& entries();
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/shown_variables.ipp>
#endif
