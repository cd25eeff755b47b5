// SPDX-License-Identifier: BSL-1.0
#include "client.hpp"

#include <rill/open_connection.hpp>
#include <rill/sleep.hpp>

#include <utility>

namespace top {

client::client(rill::stream stream)
    : stream_(std::move(stream))
{}

rill::awaitable<client> client::connect(std::string socket)
{
    rill::connect_options options;
    options.stream(rill::stream_options().limit(longest_line));
    co_return client(co_await rill::open_unix_connection(std::move(socket), options));
}

rill::awaitable<service_info> client::info()
{
    service_info info;
    bool told = false;
    on_line take = [&](message&& line, std::size_t) {
        if (auto* said = std::get_if<service_info>(&line)) {
            info = std::move(*said);
            told = true;
        }
    };
    co_await ask("info", std::move(take));
    if (!told)
        throw protocol_error("the answer to info has none");
    if (info.protocol != protocol_version)
        throw protocol_error(
            "the service speaks protocol " + std::to_string(info.protocol) +
            ", and this rill-top only " + std::to_string(protocol_version)
        );
    co_return info;
}

rill::awaitable<std::vector<loop_info>> client::loops()
{
    std::vector<loop_info> loops;
    on_line take = [&](message&& line, std::size_t) {
        if (auto* loop = std::get_if<loop_info>(&line))
            loops.push_back(std::move(*loop));
    };
    co_await ask("loops", std::move(take));
    co_return loops;
}

rill::awaitable<void> client::tasks(snapshot& to)
{
    std::size_t kept = 0;
    on_line take = [&](message&& line, std::size_t bytes) {
        auto* task = std::get_if<task_info>(&line);
        if (!task)
            return;
        if (to.tasks.size() >= most_tasks || kept + bytes > most_bytes) {
            ++to.left_out;
            return;
        }
        kept += bytes;
        to.tasks.push_back(std::move(*task));
    };
    co_await ask("tasks", std::move(take));
}

rill::awaitable<snapshot> client::everything()
{
    snapshot all;
    all.info = co_await info();
    all.loops = co_await loops();
    co_await tasks(all);
    co_return all;
}

rill::awaitable<void> client::ask(std::string_view command, on_line take)
{
    stream_.writer().write(request_line(command));
    co_await stream_.writer().drain();
    constexpr std::uint64_t lines_in_a_turn = 128; // then keys and signals have theirs
    for (std::uint64_t count = 0;; ++count) {
        const std::string line = co_await stream_.reader().read_line();
        if (!line.ends_with('\n'))
            throw service_error("the service closed the connection before its answer was complete");
        message said = parse_message(line);
        if (const auto* no = std::get_if<refusal>(&said))
            throw service_error("the service refuses '" + std::string(command) + "': " + no->text);
        if (const auto* end = std::get_if<answer_end>(&said)) {
            if (end->count != count)
                throw protocol_error(
                    "end.count is " + std::to_string(end->count) + ", and " +
                    std::to_string(count) + " lines have come"
                );
            co_return;
        }
        take(std::move(said), line.size());
        if (count % lines_in_a_turn == lines_in_a_turn - 1)
            co_await rill::yield();
    }
}

} // namespace top
