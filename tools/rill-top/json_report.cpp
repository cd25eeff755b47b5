// SPDX-License-Identifier: BSL-1.0
#include "json_report.hpp"

#include "order.hpp"
#include "text.hpp"
#include "tree.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <string_view>

namespace top {

namespace {

namespace json = boost::json;

std::string escaped(char32_t unit)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "\\u";
    for (const int shift : {12, 8, 4, 0})
        text += digits[unit >> shift & 0xf];
    return text;
}

/// JSON with every character beyond ASCII escaped; they occur in strings only.
std::string in_ascii(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const decoded next = first_character(text);
        if (!next.valid)
            result += escaped(0xfffd);
        else if (next.character < 0x7f)
            result += text.front();
        else if (next.character < 0x10000)
            result += escaped(next.character);
        else
            result += escaped(0xd7c0 + (next.character >> 10)) +
                      escaped(0xdc00 + (next.character & 0x3ff));
        text.remove_prefix(next.bytes);
    }
    return result;
}

std::string line_of(const json::value& value)
{
    return in_ascii(json::serialize(value));
}

json::object json_of(const service_info& info)
{
    return {
        {"protocol", info.protocol},
        {"program", info.program},
        {"pid", info.pid},
        {"rill", info.rill},
        {"debug", info.debug},
        {"uptime_ms", info.uptime_ms},
    };
}

json::array json_of(const std::vector<lag_bucket>& histogram)
{
    json::array buckets;
    for (const lag_bucket& bucket : histogram) {
        json::object o{{"count", bucket.count}};
        if (bucket.below_us != UINT64_MAX)
            o["below_us"] = bucket.below_us;
        buckets.push_back(std::move(o));
    }
    return buckets;
}

json::array json_of(const std::vector<slow_step>& steps)
{
    json::array list;
    for (const slow_step& step : steps)
        list.push_back(
            {{"us", step.us}, {"task", step.task}, {"where", step.where}, {"ago_ms", step.ago_ms}}
        );
    return list;
}

json::object json_of(const loop_info& loop)
{
    json::object o{{"name", loop.name}, {"answers", loop.answers}};
    if (!loop.answers) {
        o["silent_ms"] = loop.silent_ms;
        if (!loop.running.empty())
            o["running"] = loop.running;
        return o;
    }
    o["tasks"] = loop.tasks;
    o["turns"] = loop.turns;
    o["steps"] = loop.steps;
    o["ready"] = loop.ready;
    o["timers"] = loop.timers;
    o["io"] = loop.io;
    o["busy_ms"] = loop.busy_ms;
    o["uptime_ms"] = loop.uptime_ms;
    o["lag_us"] = {{"p50", loop.lag_us.p50}, {"p99", loop.lag_us.p99}, {"max", loop.lag_us.max}};
    o["lag_histogram"] = json_of(loop.lag_histogram);
    o["slowest"] = json_of(loop.slowest);
    return o;
}

json::object json_of(const task_info& task)
{
    json::object o{{"loop", task.loop}, {"id", task.id}, {"name", task.name}};
    if (task.parent)
        o["parent"] = *task.parent;
    if (!task.group.empty())
        o["group"] = task.group;
    o["state"] = to_string(task.state);
    if (!task.waits_for.empty())
        o["waits_for"] = task.waits_for;
    if (!task.where.empty())
        o["where"] = task.where;
    o["since_ms"] = task.since_ms;
    if (task.deadline_ms)
        o["deadline_ms"] = *task.deadline_ms;
    o["steps"] = task.steps;
    json::array stack;
    for (const stack_frame& frame : task.stack)
        stack.push_back({{"function", frame.function}, {"where", frame.where}});
    o["stack"] = std::move(stack);
    o["holds"] = json::array(task.holds.begin(), task.holds.end());
    json::object context;
    for (const auto& [name, value] : task.context)
        context[name] = value;
    o["context"] = std::move(context);
    o["awaited_by"] = json::array(task.awaited_by.begin(), task.awaited_by.end());
    o["cancelling"] = task.cancelling;
    return o;
}

json::array deadlocks_of(const snapshot& of, const relations& related)
{
    json::array list;
    for (const auto& cycle : related.cycles()) {
        json::array ids;
        for (const position task : cycle)
            ids.push_back(of.tasks[task].id);
        list.push_back({{"loop", of.tasks[cycle.front()].loop}, {"tasks", std::move(ids)}});
    }
    return list;
}

/// Items on lines of their own, made one after another: there may be 100 000 of them.
class list_text {
public:
    void add(const json::value& item) { text_ += (text_.empty() ? "\n" : ",\n") + line_of(item); }

    std::string text() && { return "[" + std::move(text_) + "\n]"; }

private:
    std::string text_;
};

std::string loops_list(const snapshot& of)
{
    list_text loops;
    for (const loop_info& loop : of.loops)
        loops.add(json_of(loop));
    return std::move(loops).text();
}

std::string document_start(const snapshot& of, const relations& related)
{
    return "{\"info\":" + line_of(json_of(of.info)) +
           ",\n\"deadlocks\":" + line_of(deadlocks_of(of, related));
}

std::string document_end(const snapshot& of)
{
    return ",\n\"left_out\":" + std::to_string(of.left_out) + "}\n";
}

} // namespace

std::string tasks_json(const snapshot& of)
{
    const relations related(of);
    list_text tasks;
    for (const position i : in_order(of, {}, sort_order::id))
        tasks.add(json_of(of.tasks[i]));
    return document_start(of, related) + ",\n\"tasks\":" + std::move(tasks).text() +
           document_end(of);
}

std::string tree_json(const snapshot& of)
{
    const relations related(of);
    list_text tasks;
    for (const tree_row& row : tree_rows(of, related, in_order(of, {}, sort_order::id))) {
        if (row.what != tree_row::kind::task)
            continue;
        json::object task = json_of(of.tasks[row.index]);
        task["depth"] = row.depth;
        tasks.add(std::move(task));
    }
    return document_start(of, related) + ",\n\"loops\":" + loops_list(of) +
           ",\n\"tasks\":" + std::move(tasks).text() + document_end(of);
}

std::string loops_json(const snapshot& of)
{
    return "{\"info\":" + line_of(json_of(of.info)) + ",\n\"loops\":" + loops_list(of) + "}\n";
}

std::string services_json(const std::vector<found_service>& services)
{
    list_text list;
    for (const found_service& service : services) {
        json::object o{{"pid", service.pid}, {"socket", service.socket}};
        if (service.problem.empty())
            o["info"] = json_of(service.info);
        else
            o["error"] = service.problem;
        list.add(std::move(o));
    }
    return "{\"services\":" + std::move(list).text() + "}\n";
}

} // namespace top
