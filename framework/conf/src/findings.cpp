// SPDX-License-Identifier: BSL-1.0
#include "findings.hpp"

#include "described.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <tuple>
#include <utility>

namespace rill::conf::detail {

namespace {

constexpr std::size_t most_problems = 100;

} // namespace

void findings::add(origin where, const std::string& message)
{
    here_.push_back({std::move(where), visible(message)});
}

void findings::add(std::vector<problem> more)
{
    for (problem& p : more)
        add(std::move(p.where), p.message);
}

void findings::end_file()
{
    std::sort(here_.begin(), here_.end(), [](const problem& a, const problem& b) {
        return std::tie(a.where.line, a.where.column, a.message) <
               std::tie(b.where.line, b.where.column, b.message);
    });
    end_source();
}

void findings::end_source()
{
    std::move(here_.begin(), here_.end(), std::back_inserter(before_));
    here_.clear();
}

std::vector<problem> findings::take()
{
    if (before_.size() > most_problems) {
        const auto more = before_.size() - most_problems;
        before_.resize(most_problems);
        before_.push_back(
            {before_.back().where, "and " + std::to_string(more) + " more that are not shown"}
        );
    }
    return std::move(before_);
}

} // namespace rill::conf::detail
