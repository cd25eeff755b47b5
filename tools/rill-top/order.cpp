// SPDX-License-Identifier: BSL-1.0
#include "order.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <string>
#include <tuple>

namespace top {

namespace {

bool waits(const task_info& task) noexcept
{
    return task.state == task_state::waiting || task.state == task_state::cancelling;
}

double activity(const snapshot& of, const rates& r, position task)
{
    // What has no rate comes after what has one, by its steps.
    const auto rate = r.steps_of(task);
    return rate ? *rate : -1 / (1 + static_cast<double>(of.tasks[task].steps));
}

char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool contains(std::string_view text, std::string_view part)
{
    const auto same = [](char a, char b) { return lower(a) == lower(b); };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

} // namespace

std::string_view to_string(sort_order order)
{
    switch (order) {
    case sort_order::id: return "id";
    case sort_order::longest_wait: return "longest wait";
    case sort_order::steps: return "steps per second";
    case sort_order::name: return "name";
    case sort_order::age: return "age";
    }
    return "";
}

sort_order next_order(sort_order order)
{
    switch (order) {
    case sort_order::longest_wait: return sort_order::steps;
    case sort_order::steps: return sort_order::name;
    case sort_order::name: return sort_order::age;
    default: return sort_order::longest_wait;
    }
}

std::vector<position> in_order(const snapshot& of, const rates& r, sort_order order)
{
    const auto& tasks = of.tasks;
    std::vector<position> result(tasks.size());
    std::iota(result.begin(), result.end(), position(0));
    const auto sort_by = [&](auto key) {
        std::sort(result.begin(), result.end(), [&](position a, position b) {
            return std::tuple(key(a), std::string_view(tasks[a].loop), tasks[a].id) <
                   std::tuple(key(b), std::string_view(tasks[b].loop), tasks[b].id);
        });
    };
    switch (order) {
    case sort_order::id: sort_by([](position) { return 0; }); break;
    case sort_order::longest_wait:
        sort_by([&](position i) {
            return std::pair(!waits(tasks[i]), UINT64_MAX - tasks[i].since_ms);
        });
        break;
    case sort_order::steps: sort_by([&](position i) { return -activity(of, r, i); }); break;
    case sort_order::name:
        sort_by([&](position i) { return std::string_view(tasks[i].name); });
        break;
    case sort_order::age: sort_by([&](position i) { return tasks[i].id; }); break;
    }
    return result;
}

bool matches(const task_info& task, std::string_view text)
{
    return contains(task.name, text) || contains(task.loop, text) ||
           contains(to_string(task.state), text) || contains(task.group, text) ||
           contains(task.where, text) || contains(task.waits_for, text);
}

std::vector<position> with_ancestors(
    const snapshot& of,
    const relations& related,
    const std::vector<position>& order,
    std::string_view text
)
{
    std::vector<bool> kept(of.tasks.size(), false);
    for (const position task : order)
        if (matches(of.tasks[task], text))
            for (position at = task; at != nobody && !kept[at]; at = related.parent(at))
                kept[at] = true;
    std::vector<position> result;
    std::copy_if(order.begin(), order.end(), std::back_inserter(result), [&](position task) {
        return kept[task];
    });
    return result;
}

std::vector<position>
matching(const snapshot& of, const std::vector<position>& order, std::string_view text)
{
    std::vector<position> result;
    std::copy_if(order.begin(), order.end(), std::back_inserter(result), [&](position task) {
        return matches(of.tasks[task], text);
    });
    return result;
}

} // namespace top
