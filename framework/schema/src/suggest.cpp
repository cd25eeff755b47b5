// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/described/suggest.hpp>

#include <algorithm>
#include <array>

namespace rill::described {

namespace {

constexpr std::size_t longest = 64;

char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit)
{
    if (a.size() > longest || b.size() > longest)
        return limit;
    std::array<std::array<std::size_t, longest + 1>, 3> rows{}; // of the table, in turn
    for (std::size_t j = 0; j <= b.size(); ++j)
        rows[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto& row = rows[i % 3];
        const auto& above = rows[(i + 2) % 3];
        const auto& before = rows[(i + 1) % 3]; // the row above `above`
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = folded(a[i - 1]) == folded(b[j - 1]);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                folded(a[i - 2]) == folded(b[j - 1]))
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return std::min(limit, rows[a.size() % 3][b.size()]);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates)
{
    std::string best;
    std::size_t least = std::max<std::size_t>(1, std::min<std::size_t>(3, word.size() / 3)) + 1;
    for (const auto& candidate : candidates) {
        const auto distance = edit_distance(word, candidate);
        if (distance < least && distance < candidate.size()) {
            least = distance;
            best = candidate;
        }
    }
    if (best.empty() && word.size() >= 3) { // cut short: the only one that begins so
        for (const auto& candidate : candidates) {
            if (!candidate.starts_with(word))
                continue;
            if (!best.empty())
                return {};
            best = candidate;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates)
{
    const auto found = nearest(word, candidates);
    return found.empty() ? std::string{} : "; did you mean '" + found + "'?";
}

} // namespace rill::described
