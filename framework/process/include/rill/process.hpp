// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/command.hpp>
#include <rill/completed_process.hpp>
#include <rill/detail/child.hpp>
#include <rill/pipe_end.hpp>
#include <rill/process_error.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <string>

namespace rill {

/// A program that this one has started, and our ends of its pipes. Mirrors asyncio's Process.
///
/// It belongs to its process object: destroyed while the program runs, that kills it with its whole
/// group at once, closes the pipes, and has the loop take its status later, without a wait. The end
/// of the loop does the same, and so does the kernel should this program be killed, or the thread end
/// that started it. Only a detached one goes on.
///
/// Where it ought to have time to end by itself, leave its scope through close(), which `with` does
/// on every way out:
///
///     auto p = co_await rill::create_subprocess_exec(c);
///     co_await rill::with(std::move(p), talk); // awaitable<T> talk(rill::process&)
///
/// Nothing here needs SIGCHLD, or touches what the program does with it, and children of others are
/// left to them.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class process {
public:
    process(process&&) noexcept;
    process& operator=(process&&) noexcept;
    ~process();

    pid_t pid() const noexcept;

    // Its standard streams: std::logic_error unless they are pipes. A reader's limit holds the child up.
    // They may be used after it has ended.

    pipe_writer& stdin_();
    pipe_reader& stdout_();
    pipe_reader& stderr_();

    /// Waits until it has ended, and gives its exit status, or minus the number of the signal that
    /// ended it. Many may wait, also afterwards. Mirrors Process.wait, but does not wait for the pipes:
    /// a grandchild may hold them. 255, and a warning in the log, if somebody else has taken the status.
    ///
    /// Cancellation: total; the process goes on.
    auto wait(std::source_location where = std::source_location::current())
    {
        return extend::wait_operation<void(error_code, int), process_detail::exit_wait>(
            std::in_place, child(), where
        );
    }

    /// Completes with void(error_code, int).
    template <asio::completion_token_for<void(error_code, int)> Token>
    auto async_wait(Token&& token)
    {
        return wait(std::source_location()).initiate(std::forward<Token>(token));
    }

    /// Looks whether it has ended: its returncode then.
    std::optional<int> poll() noexcept;

    /// As wait or poll has found it; empty before.
    std::optional<int> returncode() const noexcept;

    /// All zero until it has ended.
    const process_usage& usage() const noexcept;

    // To the process alone. False, and nobody is signalled, if it had ended; its number may be
    // another's by then. system_error for a signal that does not exist.

    bool send_signal(int number);
    bool terminate(); ///< SIGTERM
    bool kill();      ///< SIGKILL

    /// Writes the input and closes it, reads both outputs at the same time, waits for the end, and
    /// gives what was read. Mirrors Process.communicate.
    ///
    /// The input is `input`, or what the command's stdin_ says, or nothing. A child that does not read
    /// all of it is no error. Outputs that are no pipes are empty; those with a sink go there. An
    /// output lasts until nobody holds its pipe: a grandchild may outlive the child with it.
    ///
    /// Errors: limit_overrun_error if an output is longer than max_output; what a sink throws.
    /// std::logic_error for an `input` where standard input is no pipe. The process goes on then.
    /// Cancellation: the process goes on, and nothing that was read is lost: the next communicate
    /// gives it with the rest.
    awaitable<completed_process> communicate();
    awaitable<completed_process> communicate(std::string input);

    /// Ends it: SIGTERM to its whole group, and if it is there after the time of grace, SIGKILL.
    /// Returns once it has ended and its status is taken, whoever was left of its group is killed, and
    /// the pipes are closed; what the readers hold stays there. Of one that is detached, or whose
    /// returncode was known, it closes the pipes alone. May be repeated.
    ///
    /// Cancellation: the process is killed at once, with its group, and the loop takes its status.
    awaitable<void> close();

private:
    friend process_detail::process_access;

    struct parts;

    explicit process(std::shared_ptr<parts> p) noexcept;

    boost::intrusive_ptr<process_detail::child> child() const;

    std::shared_ptr<parts> parts_;
};

/// Starts a program. Mirrors asyncio.create_subprocess_exec.
///
/// It runs when this returns. Its start takes a fraction of a millisecond of the loop's thread, and
/// waits for nothing; others have their turn before it.
///
/// Errors: spawn_error, and nothing is left of it.
/// Cancellation: total.
awaitable<process> create_subprocess_exec(command c);

/// The same of what a shell makes of `text`; see shell_command. Mirrors
/// asyncio.create_subprocess_shell.
awaitable<process> create_subprocess_shell(std::string text);

} // namespace rill
