// SPDX-License-Identifier: BSL-1.0
#include "introspection_json.hpp"

#include <rill/extend_watch.hpp>

#include <chrono>

namespace rill::app::detail {

namespace {

using extend::name_of_function;
using extend::text_of;

std::int64_t in_ms(duration d)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

std::int64_t in_us(duration d)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}

void add_place(json_object& to, std::string_view key, const std::source_location& place)
{
    if (const std::string text = text_of(place); !text.empty())
        to.add(key, text);
}

json_object frame(const std::source_location& place)
{
    json_object f;
    f.add("function", name_of_function(place.function_name()));
    add_place(f, "where", place);
    return f;
}

json_object slow(const slow_step_info& step)
{
    json_object s;
    s.add("us", in_us(step.took)).add("ago_ms", in_ms(step.ago)).add("steps", step.steps);
    if (!step.task.empty())
        s.add("task", step.task);
    add_place(s, "where", step.where);
    return s;
}

struct bucket {
    std::uint64_t below_us;
    std::uint64_t count;
};

std::vector<bucket> histogram(const loop_statistics& s)
{
    std::vector<bucket> buckets;
    for (std::size_t i = 0; i < s.lag.size(); ++i)
        buckets.push_back({1ull << i, s.lag[i]});
    return buckets;
}

json_object bucket_of_lag(const bucket& b)
{
    json_object o;
    o.add("below_us", b.below_us).add("count", b.count);
    return o;
}

} // namespace

json_object to_json(const std::string& loop, const loop_statistics& s, duration uptime)
{
    json_object lag;
    lag.add("p50", in_us(s.lag_percentile(0.5)))
        .add("p99", in_us(s.lag_percentile(0.99)))
        .add("max", in_us(s.longest_turn));
    json_object o;
    o.add("name", loop)
        .add("answers", true)
        .add("tasks", s.tasks)
        .add("turns", s.turns)
        .add("steps", s.steps)
        .add("ready", s.ready)
        .add("timers", s.timers)
        .add("io", s.io)
        .add("busy_ms", in_ms(s.busy))
        .add("uptime_ms", in_ms(uptime))
        .add("lag_us", lag)
        .add_array("lag_histogram", histogram(s), &bucket_of_lag)
        .add_array("slowest", s.slowest, &slow);
    return o;
}

json_object to_json(const std::string& loop, const task_info& t)
{
    json_object o;
    o.add("loop", loop).add("id", t.id).add("name", t.name);
    if (t.parent)
        o.add("parent", *t.parent);
    add_place(o, "group", t.group);
    add_place(o, "created", t.created);
    o.add("state", to_string(t.state)).add("cancelling", t.cancelling);
    if (!t.waits_for.empty())
        o.add("waits_for", t.waits_for);
    add_place(o, "where", t.where);
    o.add("since_ms", in_ms(t.since)).add("steps", t.steps);
    if (t.deadline)
        o.add("deadline_ms", in_ms(*t.deadline));
    o.add_array("stack", t.stack, &frame);
    if (!t.holds.empty())
        o.add_array("holds", t.holds, [](const std::string& lock) { return lock; });
    if (!t.context.empty()) {
        json_object context;
        for (const auto& [name, value] : t.context)
            context.add(name, value);
        o.add("context", context);
    }
    if (!t.awaited_by.empty())
        o.add_array("awaited_by", t.awaited_by, [](std::uint64_t id) { return id; });
    return o;
}

} // namespace rill::app::detail
