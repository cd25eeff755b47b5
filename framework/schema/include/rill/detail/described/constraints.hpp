// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/described/table.hpp>

#include <string>
#include <vector>

namespace rill::described {

// What a field's value has to be, in words and as a check. A sentence begins with the key, "port
// must ", and goes on with a rule from here, "be an integer from 1 to 65535".

/// The rule that a value of the right type breaks: its range, its steps, its own check; empty if
/// there is none. Of a list, for one item.
std::string violated_rule(const field& field, const scalar& value);

/// The rule for a value that has another type or form.
std::string rule_of_type(const field& field);

/// "an integer from 1 to 65535", "a duration of at least 1s", "a list, each item …".
std::string expected(const field& field);

/// A good value, as it stands in a conf file; the field's own example, or a general one.
std::string example_of(const field& field);

/// The words a field's value is chosen from; empty if it is not chosen.
std::vector<std::string> choices_of(const field& field);

/// Whether `text` is one of them, or there are none.
bool is_chosen(const field& field, const std::string& text);

/// A value as a sentence has it: no quotes around durations and sizes.
std::string plain(kind kind, const scalar& value);

/// Whether values of this kind stand in quotes where they are written as text.
bool is_quoted(kind kind);

} // namespace rill::described
