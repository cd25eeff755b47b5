// SPDX-License-Identifier: BSL-1.0
#include "protocol.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <utility>

namespace top {

namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, task_state>, 6> states{{
    {"ready", task_state::ready},
    {"running", task_state::running},
    {"waiting", task_state::waiting},
    {"new", task_state::fresh},
    {"cancelling", task_state::cancelling},
    {"done", task_state::done},
}};

std::string_view kind_of(const json::value& value)
{
    switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "true or false";
    case json::kind::string: return "a string";
    case json::kind::array: return "a list";
    case json::kind::object: return "an object";
    default: return "another number";
    }
}

// What each type is called in an error, and how it is taken from a JSON value.

template <class T>
struct taken_as;

template <>
struct taken_as<std::string> {
    static constexpr const char* name = "a string";

    static bool take(const json::value& value, std::string& to)
    {
        const auto* string = value.if_string();
        if (string)
            to.assign(string->data(), string->size());
        return string;
    }
};

template <>
struct taken_as<bool> {
    static constexpr const char* name = "true or false";

    static bool take(const json::value& value, bool& to)
    {
        const auto* truth = value.if_bool();
        if (truth)
            to = *truth;
        return truth;
    }
};

template <class Integer>
    requires std::is_same_v<Integer, std::uint64_t> || std::is_same_v<Integer, std::int64_t>
struct taken_as<Integer> {
    static constexpr const char* name =
        std::is_unsigned_v<Integer> ? "a whole number, not negative" : "a whole number";

    static bool take(const json::value& value, Integer& to)
    {
        error_code ec;
        const auto number = value.is_number() ? value.to_number<Integer>(ec) : Integer();
        if (value.is_number() && !ec)
            to = number;
        return value.is_number() && !ec;
    }

private:
    using error_code = boost::system::error_code;
};

/// An object of the line, and where it stands in it, for errors.
class fields {
public:
    fields(const json::value& value, std::string path)
        : path_(std::move(path))
        , object_(value.if_object())
    {
        if (!object_)
            throw wrong(path_, "an object", value);
    }

    template <class T>
    void require(std::string_view key, T& to) const
    {
        const json::value* value = object_->if_contains(key);
        if (!value)
            throw protocol_error(path_of(key) + " is missing");
        take(*value, [&] { return path_of(key); }, to);
    }

    template <class T>
    void allow(std::string_view key, T& to) const
    {
        if (object_->contains(key))
            require(key, to);
    }

    template <class T>
    void allow(std::string_view key, std::optional<T>& to) const
    {
        if (object_->contains(key))
            require(key, to.emplace());
    }

    template <class T>
    void allow(std::string_view key, std::vector<T>& to) const
    {
        const json::value* value = object_->if_contains(key);
        if (!value)
            return;
        const auto* list = value->if_array();
        if (!list)
            throw wrong(path_of(key), "a list", *value);
        to.reserve(list->size());
        for (const json::value& item : *list) {
            const std::size_t index = to.size();
            const auto path = [&] { return path_of(key) + "[" + std::to_string(index) + "]"; };
            take(item, path, to.emplace_back());
        }
    }

    void allow(std::string_view key, std::map<std::string, std::string>& to) const
    {
        const json::value* value = object_->if_contains(key);
        if (!value)
            return;
        const fields inner(*value, path_of(key));
        for (const auto& [name, item] : *inner.object_)
            take(item, [&] { return inner.path_of(name); }, to[std::string(name)]);
    }

private:
    static protocol_error wrong(const std::string& path, const char* type, const json::value& value)
    {
        return protocol_error(
            path + " must be " + type + ", and is " + std::string(kind_of(value))
        );
    }

    std::string path_of(std::string_view key) const { return path_ + "." + std::string(key); }

    /// `path` is called for what needs the text only: there are many fields, and few errors.
    template <class Path, class T>
    static void take(const json::value& value, const Path& path, T& to)
    {
        if constexpr (requires { taken_as<T>::name; }) {
            if (!taken_as<T>::take(value, to))
                throw wrong(path(), taken_as<T>::name, value);
        } else {
            read(fields(value, path()), to);
        }
    }

    std::string path_;
    const json::object* object_;
};

void read(const fields& from, service_info& to)
{
    from.require("protocol", to.protocol);
    from.require("program", to.program);
    from.require("pid", to.pid);
    from.allow("rill", to.rill);
    from.allow("debug", to.debug);
    from.allow("uptime_ms", to.uptime_ms);
}

void read(const fields& from, lag& to)
{
    from.allow("p50", to.p50);
    from.allow("p99", to.p99);
    from.allow("max", to.max);
}

void read(const fields& from, lag_bucket& to)
{
    from.allow("below_us", to.below_us);
    from.require("count", to.count);
}

void read(const fields& from, slow_step& to)
{
    from.require("us", to.us);
    from.allow("task", to.task);
    from.allow("where", to.where);
    from.allow("ago_ms", to.ago_ms);
}

void read(const fields& from, loop_info& to)
{
    from.require("name", to.name);
    from.allow("answers", to.answers);
    from.allow("silent_ms", to.silent_ms);
    from.allow("running", to.running);
    from.allow("tasks", to.tasks);
    from.allow("turns", to.turns);
    from.allow("steps", to.steps);
    from.allow("ready", to.ready);
    from.allow("timers", to.timers);
    from.allow("io", to.io);
    from.allow("busy_ms", to.busy_ms);
    from.allow("uptime_ms", to.uptime_ms);
    from.allow("lag_us", to.lag_us);
    from.allow("lag_histogram", to.lag_histogram);
    from.allow("slowest", to.slowest);
}

void read(const fields& from, stack_frame& to)
{
    from.allow("function", to.function);
    from.allow("where", to.where);
}

task_state read_state(const fields& from)
{
    std::string name;
    from.require("state", name);
    for (const auto& [known, state] : states)
        if (known == name)
            return state;
    throw protocol_error("task.state is '" + name + "', which is no state of a task");
}

void read(const fields& from, task_info& to)
{
    from.require("loop", to.loop);
    from.require("id", to.id);
    to.state = read_state(from);
    from.allow("name", to.name);
    from.allow("parent", to.parent);
    from.allow("group", to.group);
    from.allow("waits_for", to.waits_for);
    from.allow("where", to.where);
    from.allow("since_ms", to.since_ms);
    from.allow("deadline_ms", to.deadline_ms);
    from.allow("steps", to.steps);
    from.allow("stack", to.stack);
    from.allow("holds", to.holds);
    from.allow("context", to.context);
    from.allow("awaited_by", to.awaited_by);
    from.allow("cancelling", to.cancelling);
}

void read(const fields& from, answer_end& to)
{
    from.require("count", to.count);
}

template <class T>
std::optional<message> read_if(const json::object& line, std::string_view key)
{
    const json::value* value = line.if_contains(key);
    if (!value)
        return std::nullopt;
    T what;
    read(fields(*value, std::string(key)), what);
    return message(std::move(what));
}

json::value parse_json(std::string_view line, json::storage_ptr memory)
{
    json::parse_options options;
    options.allow_invalid_utf8 = true; // names are the service's own; they are escaped where shown
    boost::system::error_code ec;
    json::value value = json::parse(line, ec, std::move(memory), options);
    if (ec)
        throw protocol_error("a line is no JSON: " + ec.message());
    return value;
}

} // namespace

std::string_view to_string(task_state state)
{
    for (const auto& [name, known] : states)
        if (known == state)
            return name;
    return "unknown";
}

message parse_message(std::string_view line)
{
    while (line.ends_with('\n') || line.ends_with('\r'))
        line.remove_suffix(1);
    std::array<unsigned char, 4096> first_bytes; // most lines need no more
    json::monotonic_resource memory(first_bytes.data(), first_bytes.size());
    const json::value value = parse_json(line, &memory);
    const json::object* object = value.if_object();
    if (!object)
        throw protocol_error("a line must be an object, and is " + std::string(kind_of(value)));

    if (const json::value* error = object->if_contains("error")) {
        if (!error->is_string())
            throw protocol_error("error must be a string, and is " + std::string(kind_of(*error)));
        return refusal{std::string(error->get_string())};
    }
    if (auto task = read_if<task_info>(*object, "task"))
        return std::move(*task);
    if (auto loop = read_if<loop_info>(*object, "loop"))
        return std::move(*loop);
    if (auto info = read_if<service_info>(*object, "info"))
        return std::move(*info);
    if (auto end = read_if<answer_end>(*object, "end"))
        return std::move(*end);
    return unknown_line();
}

std::string request_line(std::string_view command)
{
    return json::serialize(json::object{{"command", command}}) + "\n";
}

} // namespace top
