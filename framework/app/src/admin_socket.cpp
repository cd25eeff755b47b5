// SPDX-License-Identifier: BSL-1.0
//
// A client sends a line {"command":"info"}, "loops" or "tasks"; the answer is a line for each thing
// asked for, and then {"end":{"count":N}}, or a line {"error":"..."}. One connection serves any
// number of commands, one after another.
#include "admin_socket.hpp"

#include "introspection_json.hpp"

#include <rill/cancel_scope.hpp>
#include <rill/error.hpp>
#include <rill/log.hpp>
#include <rill/thread_future.hpp>
#include <rill/timeout.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace rill::app::detail {

namespace {

using namespace std::chrono_literals;

constexpr auto patience = 1s;        // with a loop that is asked
constexpr auto time_for_tasks = 30s; // of one that answers: a snapshot leaves it time for its work
constexpr auto silence = 10min;      // of a client, before it is cut
constexpr std::size_t most_clients = 8;
constexpr std::size_t longest_command = 1024;

template <class T, class F>
awaitable<std::optional<T>> ask(const observed_loop& of, F question, duration limit)
{
    std::optional<T> answer;
    const auto wait = [&]() -> awaitable<void> {
        auto asked = wrap_future(run_coroutine_threadsafe(*of.loop, std::move(question)));
        answer.emplace(co_await std::move(asked));
    };
    try {
        co_await move_on_after(limit, wait);
    } catch (const std::logic_error&) { // the loop has ended meanwhile
    }
    co_return answer;
}

/// All tasks but the one that looks.
awaitable<std::vector<task_info>> look()
{
    loop_snapshot seen = co_await snapshot();
    const std::uint64_t me = describe(*current_task()).id;
    std::erase_if(seen.tasks, [=](const task_info& t) { return t.id == me; });
    co_return std::move(seen.tasks);
}

awaitable<loop_statistics> count()
{
    co_return statistics_of(this_loop());
}

/// A directory of this user's alone: in one that others may write to, they could put a socket of
/// their own in the place of ours.
void make_private_directory(const std::filesystem::path& directory)
{
    const std::string path = directory.string();
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        throw std::system_error(errno, std::system_category(), "making " + path);
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) ||
        found.st_uid != ::geteuid() || (found.st_mode & 0077) != 0)
        throw std::runtime_error(path + " is not a directory of this user's alone");
}

/// A service that was killed leaves its socket behind; the next one to start takes it away.
void remove_sockets_of_the_dead(const std::filesystem::path& directory)
{
    std::error_code ignored;
    for (const auto& file : std::filesystem::directory_iterator(directory, ignored)) {
        const std::string name = file.path().stem().string();
        pid_t process = 0;
        const char* const end = name.data() + name.size();
        const bool is_number = std::from_chars(name.data(), end, process).ptr == end && process > 0;
        if (is_number && file.path().extension() == ".sock" && ::kill(process, 0) != 0 &&
            errno == ESRCH)
            std::filesystem::remove(file.path(), ignored);
    }
}

/// The file that a server makes within its life is this user's alone.
class private_files {
public:
    private_files()
        : before_(::umask(0177))
    {}

    ~private_files() { ::umask(before_); }

    private_files(const private_files&) = delete;
    private_files& operator=(const private_files&) = delete;

private:
    mode_t before_;
};

bool is_of_this_user(stream& client)
{
    ucred peer{};
    socklen_t size = sizeof peer;
    const int fd = client.socket().native_handle();
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    return peer.uid == ::geteuid() || peer.uid == 0;
}

} // namespace

awaitable<std::optional<loop_statistics>> ask_for_statistics(const observed_loop& of)
{
    return ask<loop_statistics>(of, &count, patience);
}

awaitable<std::optional<std::vector<task_info>>> ask_for_tasks(const observed_loop& of)
{
    const bool answers = (co_await ask_for_statistics(of)).has_value();
    if (!answers)
        co_return std::nullopt;
    co_return co_await ask<std::vector<task_info>>(of, &look, time_for_tasks);
}

awaitable<void> log_tasks(const std::vector<observed_loop>& loops)
{
    constexpr std::size_t most_lines = 1000; // for each loop: the log's queue is bounded
    for (const observed_loop& loop : loops) {
        const auto tasks = co_await ask_for_tasks(loop);
        if (!tasks) {
            log::warning("a loop does not answer", {{"loop", loop.name}});
            continue;
        }
        log::info("tasks", {{"loop", loop.name}, {"tasks", tasks->size()}});
        for (std::size_t i = 0; i < std::min(most_lines, tasks->size()); ++i) {
            const task_info& t = (*tasks)[i];
            log::info(
                "task",
                {{"loop", loop.name},
                 {"id", t.id},
                 {"parent", t.parent.value_or(0)},
                 {"what", rill::detail::line_of(t)}}
            );
        }
        if (tasks->size() > most_lines)
            log::info(
                "further tasks are not listed, rill-top shows them",
                {{"loop", loop.name}, {"tasks", tasks->size() - most_lines}}
            );
    }
}

std::string admin_socket_path(const std::string& setting)
{
    if (setting != "auto")
        return setting;
    const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
    const std::string directory = runtime && *runtime ? std::string(runtime) + "/rill"
                                                      : "/tmp/rill-" + std::to_string(::geteuid());
    return directory + "/" + std::to_string(::getpid()) + ".sock";
}

/// Answers commands.
class admin_socket::desk {
public:
    explicit desk(std::string program)
        : program_(std::move(program))
    {}

    void observe(std::vector<observed_loop> loops) { loops_ = std::move(loops); }

    /// What ends a client early is its own doing, and no failure of the service.
    awaitable<void> serve(stream client)
    {
        if (!is_of_this_user(client))
            co_return;
        try {
            co_await answer_all(client);
        } catch (const system_error& error) {
            if (error.code() == condition::cancelled)
                throw;
            log::info("a client of the admin socket is gone", {{"reason", error.what()}});
        }
    }

private:
    awaitable<void> answer_all(stream& client)
    {
        for (;;) {
            const std::string line = co_await timeout(silence, client.reader().read_line());
            if (line.empty())
                co_return;
            co_await answer(line, client.writer());
        }
    }

    /// Commands are words of a fixed few, so they are looked for and not parsed.
    static bool asks_for(std::string_view line, std::string_view command)
    {
        const std::string quoted = "\"" + std::string(command) + "\"";
        return line.find("\"command\"") != std::string_view::npos &&
               line.find(quoted) != std::string_view::npos;
    }

    awaitable<void> answer(const std::string& line, stream_writer& to)
    {
        if (asks_for(line, "info"))
            co_await write_info(to);
        else if (asks_for(line, "loops"))
            co_await write_loops(to);
        else if (asks_for(line, "tasks"))
            co_await write_tasks(to);
        else
            co_await write(
                to, json_object().add("error", R"(the commands are "info", "loops" and "tasks")")
            );
    }

    static awaitable<void> write(stream_writer& to, const json_object& object)
    {
        to.write(object.text() + "\n");
        co_await to.drain();
    }

    static awaitable<void> write(stream_writer& to, const char* kind, const json_object& object)
    {
        json_object line;
        line.add(kind, object);
        co_await write(to, line);
    }

    static awaitable<void> end(stream_writer& to, std::size_t lines)
    {
        json_object count;
        count.add("count", lines);
        co_await write(to, "end", count);
    }

    awaitable<void> write_info(stream_writer& to)
    {
        json_object info;
        info.add("protocol", 1)
            .add("program", program_)
            .add("pid", ::getpid())
            .add("rill", RILL_VERSION)
            .add("debug", !loops_.empty() && loops_.front().loop->get_debug())
            .add("uptime_ms", uptime());
        co_await write(to, "info", info);
        co_await end(to, 1);
    }

    awaitable<void> write_loops(stream_writer& to)
    {
        for (const observed_loop& loop : loops_) {
            const auto seen = co_await ask_for_statistics(loop);
            json_object line =
                seen ? to_json(loop.name, *seen, clock::now() - began_) : no_answer(loop.name);
            co_await write(to, "loop", line);
        }
        co_await end(to, loops_.size());
    }

    awaitable<void> write_tasks(stream_writer& to)
    {
        std::size_t lines = 0;
        for (const observed_loop& loop : loops_) {
            const auto tasks = co_await ask_for_tasks(loop);
            if (!tasks)
                continue;
            for (const task_info& t : *tasks)
                co_await write(to, "task", to_json(loop.name, t));
            lines += tasks->size();
        }
        co_await end(to, lines);
    }

    static json_object no_answer(const std::string& loop)
    {
        json_object o;
        o.add("name", loop).add("answers", false);
        o.add("silent_ms", std::chrono::milliseconds(patience).count());
        return o;
    }

    std::int64_t uptime() const
    {
        return std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began_).count();
    }

    std::string program_;
    std::vector<observed_loop> loops_;
    time_point began_ = clock::now();
};

admin_socket::admin_socket(const std::string& path, std::string program)
    : desk_(std::make_unique<desk>(std::move(program)))
{
    if (path.empty())
        return;
    server_options options;
    options.max_connections(most_clients);
    options.limit(longest_command);
    const auto serve = [this](stream client) { return desk_->serve(std::move(client)); };
    try {
        if (path == admin_socket_path("auto")) {
            const auto directory = std::filesystem::path(path).parent_path();
            make_private_directory(directory);
            remove_sockets_of_the_dead(directory);
        }
        const private_files only_ours;
        server_.emplace(serve, listen_address::parse("unix:" + path), options);
    } catch (const std::exception& e) {
        log::warning(
            "there is no admin socket, rill-top cannot attach",
            {{"path", path}, {"error", e.what()}}
        );
    }
}

admin_socket::~admin_socket() = default;

void admin_socket::observe(std::vector<observed_loop> loops)
{
    desk_->observe(std::move(loops));
}

awaitable<void> admin_socket::end()
{
    if (server_)
        co_await server_->drain(duration::zero());
}

} // namespace rill::app::detail
