// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/command_plan.hpp>
#include <rill/standard_stream.hpp>

#include <sys/resource.h>
#include <sys/types.h>

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace rill {

/// A program, its arguments, and how it is to run: `command("git", "log", "-1").cwd(dir)`. Mirrors
/// the arguments of asyncio.create_subprocess_exec and subprocess.run.
///
/// It is a value, and says nothing until it is started; it may be started several times. What is not
/// said here is as for this program: environment, directory, user, limits. Arguments reach the
/// program as they are, byte for byte; there is no shell in between. Anything but text and paths
/// does not compile.
class command {
public:
    /// A program with a "/" is that file; else it is searched for in PATH, the child's own if that is
    /// set here. std::invalid_argument for an empty one, and for text with a zero byte, here and
    /// below.
    template <class Program, class... Arguments>
        requires std::constructible_from<std::string, const Program&> &&
                 (std::constructible_from<std::string, const Arguments&> && ...)
    explicit command(const Program& program, const Arguments&... arguments)
    {
        set_program(std::string(program));
        (arg(std::string(arguments)), ...);
    }

    command& arg(std::string argument);

    // Standard streams: inherited, unless said otherwise. run_process and run_pipeline have others.

    command& stdin_(standard_stream from);
    command& stdout_(standard_stream to);
    command& stderr_(standard_stream to);

    /// The child has `fd` of this program as `number`: sd_listen_fds and the like. It stays open
    /// here. No other descriptor reaches the child.
    command& descriptor(int number, int fd);

    // Where it runs

    /// A relative path of the program is looked for there.
    command& cwd(std::filesystem::path directory);

    /// Adds to the environment, or replaces.
    command& env(const std::string& name, const std::string& value);
    command& env_remove(const std::string& name);

    /// Nothing of this program's: what follows is all there is.
    command& env_clear();

    /// Supplementary groups go, unless they are said, where this program may give them up.
    command& user(uid_t id);
    command& group(gid_t id);
    command& groups(std::vector<gid_t> ids);

    /// One of RLIMIT_…, for both limits.
    command& resource_limit(int resource, rlim_t most);

    /// As setsid. Mirrors start_new_session.
    command& new_session();

    /// A process group of its own, whose signals come from here alone; or that of this program, which
    /// a terminal signals. The default is its own, except where standard input is inherited: a child
    /// that is not in the terminal's foreground group could not read from it. Mirrors process_group.
    command& new_group(bool own = true);

    /// Called in the child, right before the program takes its place; not zero is an errno, and the
    /// start fails. It may do what a signal handler may, and nothing else: no memory, no locks, none of
    /// Rill. Mirrors preexec_fn.
    command& before_exec(std::function<int()> f);

    // How long it lives

    /// It outlives this program, in a session of its own, and the process object too. Others die with
    /// it, even if it is killed; see process.
    command& detached();

    /// What run_process and run_pipeline allow it; then it is ended. `forever`.
    command& timeout(duration limit);

    /// Between the SIGTERM and the SIGKILL of a process that is ended. 3 s.
    command& grace(duration time);

    // What comes back

    /// Whether run_process and run_pipeline throw unless it ends with status 0. True.
    command& check(bool on);

    /// How much communicate keeps of each output, in bytes. 64 MiB.
    command& max_output(std::size_t bytes);

    /// The limit of its readers; see stream_reader. A child that writes more is held up until it is
    /// read.
    command& read_limit(std::size_t bytes);

private:
    friend process_detail::command_access;

    void set_program(std::string program);

    process_detail::command_plan plan_;
};

/// What the shell makes of `text`: `sh -c`. Nothing of it is quoted, so what comes from outside does
/// not belong in there: give it as an argument of a command, or in the environment.
command shell_command(const std::string& text);

/// As one would type it in a shell: "git log '--format=%h %s'".
std::string to_string(const command& c);

} // namespace rill
