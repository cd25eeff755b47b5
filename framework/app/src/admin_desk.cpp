// SPDX-License-Identifier: BSL-1.0
#include "admin_desk.hpp"

#include "introspection_json.hpp"

#include <rill/error.hpp>
#include <rill/log.hpp>
#include <rill/timeout.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace rill::app::detail {

namespace {

using namespace std::chrono_literals;

constexpr auto silence = 10min; // of a client, before it is cut

/// Commands are words of a fixed few, so they are looked for and not parsed.
bool asks_for(std::string_view line, std::string_view command)
{
    const std::string quoted = "\"" + std::string(command) + "\"";
    return line.find("\"command\"") != std::string_view::npos &&
           line.find(quoted) != std::string_view::npos;
}

awaitable<void> write_line(stream_writer& to, const json_object& object)
{
    to.write(object.text() + "\n");
    co_await to.drain();
}

awaitable<void> write_line(stream_writer& to, const char* kind, const json_object& object)
{
    json_object line;
    line.add(kind, object);
    co_await write_line(to, line);
}

awaitable<void> write_end(stream_writer& to, std::size_t lines)
{
    json_object count;
    count.add("count", lines);
    co_await write_line(to, "end", count);
}

json_object no_answer(const std::string& loop)
{
    json_object o;
    o.add("name", loop).add("answers", false);
    o.add("silent_ms", std::chrono::milliseconds(patience).count());
    return o;
}

std::int64_t milliseconds_since(time_point t)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - t).count();
}

} // namespace

awaitable<void> admin_desk::serve(stream client)
{
    try {
        co_await answer_all(client);
    } catch (const system_error& error) {
        if (error.code() == condition::cancelled)
            throw;
        log::info("a client of the admin socket is gone", {{"reason", error.what()}});
    }
}

awaitable<void> admin_desk::answer_all(stream& client)
{
    for (;;) {
        const std::string line = co_await timeout(silence, client.reader().read_line());
        if (line.empty())
            co_return;
        co_await answer(line, client.writer());
    }
}

awaitable<void> admin_desk::answer(const std::string& line, stream_writer& to)
{
    if (asks_for(line, "info"))
        co_await write_info(to);
    else if (asks_for(line, "loops"))
        co_await write_loops(to);
    else if (asks_for(line, "tasks"))
        co_await write_tasks(to);
    else
        co_await write_line(
            to, json_object().add("error", R"(the commands are "info", "loops" and "tasks")")
        );
}

awaitable<void> admin_desk::write_info(stream_writer& to)
{
    json_object info;
    info.add("protocol", 1)
        .add("program", program_)
        .add("pid", ::getpid())
        .add("rill", RILL_VERSION)
        .add("debug", !loops_.empty() && loops_.front().loop->get_debug())
        .add("uptime_ms", milliseconds_since(began_));
    co_await write_line(to, "info", info);
    co_await write_end(to, 1);
}

awaitable<void> admin_desk::write_loops(stream_writer& to)
{
    for (const observed_loop& loop : loops_) {
        const auto seen = co_await ask_for_statistics(loop);
        json_object line =
            seen ? to_json(loop.name, *seen, clock::now() - began_) : no_answer(loop.name);
        co_await write_line(to, "loop", line);
    }
    co_await write_end(to, loops_.size());
}

awaitable<void> admin_desk::write_tasks(stream_writer& to)
{
    std::size_t lines = 0;
    for (const observed_loop& loop : loops_) {
        const auto tasks = co_await ask_for_tasks(loop);
        if (!tasks)
            continue;
        for (const task_info& t : *tasks)
            co_await write_line(to, "task", to_json(loop.name, t));
        lines += tasks->size();
    }
    co_await write_end(to, lines);
}

} // namespace rill::app::detail
