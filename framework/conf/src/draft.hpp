// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "described.hpp"
#include "document.hpp"
#include "findings.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rill::conf::detail {

/// The object that is being loaded: what has been set so far, and what could not be.
class draft {
public:
    draft(const detail::table& table, void* object) noexcept
        : table_(table)
        , object_(object)
    {}

    const detail::table& table() const noexcept { return table_; }

    void* object() const noexcept { return object_; }

    findings problems;
    std::vector<problem> warnings;
    std::map<std::string, origin> origins; // by path, of what has been set

    /// Sets a field of `target`, the struct at `path`, or adds the problems of the value.
    void
    set(const detail::table& in,
        const field& field,
        void* target,
        const std::string& path,
        const node& value);

    /// The same by the path of a key that exists, and with a text as it stands outside of files.
    void set(const std::string& path, std::string_view text, const origin& where);

    /// Something that belongs into this table could not be set.
    void damage(const detail::table& t) { damaged_.insert(&t); }

    /// Adds the conditions between keys that do not hold.
    void check_rules();

private:
    void check_rules(const detail::table& of, const void* target, const std::string& path);

    /// Where one of its keys was set, and with the values of all of them.
    void report(
        const rule& broken, const detail::table& of, const void* target, const std::string& path
    );

    const detail::table& table_;
    void* object_;                           // a struct that table_ describes
    std::set<const detail::table*> damaged_; // their rules are not checked
};

} // namespace rill::conf::detail
