// SPDX-License-Identifier: BSL-1.0
#include "launch.hpp"
#include "orphans.hpp"
#include "process_parts.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

namespace rill::process_detail {

namespace {

/// A command's standard streams on their way into a child.
class stream_setup {
public:
    explicit stream_setup(const command& c)
        : plan_(command_access::plan(c))
        , name_(to_string(c))
    {
        for (int number = 0; number < 3; ++number)
            add(number, plan_.stream_of(number));
        moves_.insert(moves_.end(), plan_.descriptors.begin(), plan_.descriptors.end());
    }

    /// The child's descriptors, and which of ours they are.
    const std::vector<std::pair<int, int>>& moves() const noexcept { return moves_; }

    const std::string& name() const noexcept { return name_; }

    /// Our end of a pipe; none if the stream is something else.
    unique_fd take_ours(int number) noexcept { return std::move(ours_[number]); }

private:
    void add(int number, const standard_stream& stream)
    {
        const auto& kind = stream.what();
        if (stream.is_piped())
            add_pipe(number);
        else if (std::holds_alternative<null_t>(kind))
            add_file(number, "/dev/null", O_RDWR);
        else if (const auto* file = std::get_if<standard_stream::file>(&kind))
            add_file(number, file->path.string(), flags_for(number, file->append));
        else if (const auto* fd = std::get_if<standard_stream::descriptor>(&kind))
            moves_.emplace_back(number, fd->number);
    }

    static int flags_for(int number, bool append)
    {
        if (number == STDIN_FILENO)
            return O_RDONLY;
        return O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC);
    }

    void add_pipe(int number)
    {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            throw_spawn_error(errno, spawn_step::open, name_, "a pipe");
        const bool reads = number == STDIN_FILENO;
        ours_[number].reset(ends[reads ? 1 : 0]);
        add_theirs(number, ends[reads ? 0 : 1]);
    }

    void add_file(int number, const std::string& path, int flags)
    {
        const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
        if (fd < 0)
            throw_spawn_error(errno, spawn_step::open, name_, "the file '" + path + "'");
        add_theirs(number, fd);
    }

    void add_theirs(int number, int fd)
    {
        theirs_[number].reset(fd);
        moves_.emplace_back(number, fd);
    }

    const command_plan& plan_;
    std::string name_;
    unique_fd ours_[3];
    unique_fd theirs_[3]; // until it runs
    std::vector<std::pair<int, int>> moves_;
};

boost::intrusive_ptr<child>
start(loop_core& core, const command_plan& plan, const stream_setup& streams)
{
    launched started = launch(plan, streams.moves(), streams.name());
    const pid_t pid = started.pid;
    const auto life = plan.detached ? child::life::detached : child::life::with_us;
    try {
        return new child(
            core, pid, std::move(started.pidfd), plan.own_group(), life, streams.name()
        );
    } catch (...) { // no memory, or the reactor takes no more
        kill_and_reap(pid);
        throw;
    }
}

} // namespace

process spawn(loop_core& core, const command& c)
{
    const command_plan& plan = command_access::plan(c);
    reap_orphans();
    stream_setup streams(c);
    const auto p = std::make_shared<process_access::parts>();
    p->grace = plan.grace;
    p->max_output = plan.max_output;
    const auto pipe = [&](int number) {
        return std::make_shared<pipe_end>(core.executor(), streams.take_ours(number));
    };
    if (plan.stream_of(0).is_piped()) {
        p->input.emplace(pipe(0), write_options().write_stall(forever));
        p->source = plan.stream_of(0);
    }
    for (int i = 0; i < 2; ++i)
        if (plan.stream_of(i + 1).is_piped()) {
            p->outputs[i].emplace(pipe(i + 1), plan.read_limit);
            p->sinks[i] = plan.stream_of(i + 1);
        }
    p->child = start(core, plan, streams);
    return process_access::make(p);
}

} // namespace rill::process_detail
