// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/described/table.hpp>
#include <rill/detail/described/units.hpp>

#include <iterator>
#include <limits>

namespace rill::described {

namespace {

struct unit {
    std::string_view name;
    std::int64_t value;
};

constexpr std::int64_t second = 1'000'000'000;

// From large to small; format_duration uses them in this order.
constexpr unit durations[] = {
    {"d", 86'400 * second},
    {"h", 3'600 * second},
    {"m", 60 * second},
    {"s", second},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1},
};

constexpr unit sizes[] = {
    {"TiB", std::int64_t{1} << 40},
    {"GiB", std::int64_t{1} << 30},
    {"MiB", std::int64_t{1} << 20},
    {"KiB", std::int64_t{1} << 10},
    {"B", 1},
};

constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

constexpr bool is_unit_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// A decimal number, exact: digits / 10^decimals.
struct number {
    std::int64_t digits = 0;
    std::int64_t scale = 1;
};

/// Takes a number off the front of `text`; empty if there is none or it has too many digits.
std::optional<number> take_number(std::string_view& text)
{
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 10 - 1;
    number taken;
    bool any = false;
    bool fraction = false;
    while (!text.empty() && (is_digit(text.front()) || (text.front() == '.' && any && !fraction))) {
        if (text.front() == '.') {
            fraction = true;
            any = false; // a digit must follow
        } else {
            if (taken.digits > most || taken.scale > most)
                return std::nullopt;
            taken.digits = taken.digits * 10 + (text.front() - '0');
            taken.scale *= fraction ? 10 : 1;
            any = true;
        }
        text.remove_prefix(1);
    }
    if (!any)
        return std::nullopt;
    return taken;
}

std::string_view take_letters(std::string_view& text)
{
    std::size_t count = 0;
    while (count < text.size() && is_unit_letter(text[count]))
        ++count;
    const auto letters = text.substr(0, count);
    text.remove_prefix(count);
    return letters;
}

/// number × unit if that is whole and fits.
std::optional<std::int64_t> product(number n, std::int64_t unit)
{
    __extension__ using wide = __int128;
    const wide scaled = static_cast<wide>(n.digits) * unit;
    if (scaled % n.scale != 0 || scaled / n.scale > std::numeric_limits<std::int64_t>::max())
        return std::nullopt;
    return static_cast<std::int64_t>(scaled / n.scale);
}

} // namespace

std::optional<std::int64_t> parse_duration(std::string_view text)
{
    const bool negative = text.starts_with('-');
    if (negative)
        text.remove_prefix(1);
    if (text.empty())
        return std::nullopt;

    std::int64_t total = 0;
    auto next = std::begin(durations);
    while (!text.empty()) {
        const auto amount = take_number(text);
        const auto name = take_letters(text);
        while (next != std::end(durations) && next->name != name)
            ++next;
        if (!amount || next == std::end(durations))
            return std::nullopt;
        const auto part = product(*amount, next->value);
        if (!part || __builtin_add_overflow(total, *part, &total))
            return std::nullopt;
        ++next;
    }
    return negative ? -total : total;
}

std::string format_duration(std::int64_t nanoseconds)
{
    if (nanoseconds == 0)
        return "0s";
    if (nanoseconds == never)
        return "never";
    for (const unit& u : durations) {
        if (u.name == "d" || nanoseconds % u.value != 0)
            continue;
        const auto count = nanoseconds / u.value;
        if (u.name == "m" && count == 1) // "60s" is what people write
            continue;
        return std::to_string(count) + std::string{u.name};
    }
    return {}; // not reached: everything is whole in nanoseconds
}

std::optional<std::int64_t> parse_size(std::string_view text)
{
    const auto amount = take_number(text);
    if (!amount)
        return std::nullopt;
    for (const unit& u : sizes)
        if (u.name == text)
            return product(*amount, u.value);
    return std::nullopt;
}

std::string format_size(std::int64_t bytes)
{
    if (bytes == 0)
        return "0B";
    for (const unit& u : sizes)
        if (bytes % u.value == 0)
            return std::to_string(bytes / u.value) + std::string{u.name};
    return {}; // not reached: everything is whole in bytes
}

} // namespace rill::described
