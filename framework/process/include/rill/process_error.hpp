// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/completed_process.hpp>
#include <rill/error.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rill {

/// What starting a process goes through, in this order.
enum class spawn_step : std::uint8_t {
    open,        // the files and pipes of its standard streams
    fork,        // the child
    session,     // its session or process group
    descriptors, // which it is to have, and no others
    limits,      // of its resources
    cwd,         // its directory
    groups,      // its supplementary groups, then
    group,       // its group, then
    user,        // its user
    parent,      // this program has ended meanwhile
    before_exec, // the program's own function
    exec,        // the program takes its place
};

/// Why a process did not start. Its text names the command, the step and the cause:
///
///     cannot start 'git log': its directory '/none': No such file or directory
///
/// Its code is the cause, so FileNotFoundError is `e.code() == std::errc::no_such_file_or_directory`
/// with the step exec. Nothing of the process is left.
class spawn_error : public detail::worded_error {
public:
    spawn_error(error_code ec, std::string what, spawn_step step);

    spawn_step step() const noexcept;

private:
    spawn_step step_;
};

/// Beside the codes of others.
enum class process_errc : std::uint8_t {
    failed = 1, // it has ended, and not with status 0
};

const boost::system::error_category& process_category() noexcept;
error_code make_error_code(process_errc e) noexcept;

/// How a process of run_process or run_pipeline failed. Mirrors subprocess.CalledProcessError and
/// TimeoutExpired. Its text names the command, says how it ended, and has the end of its standard
/// error:
///
///     'git log' ended with status 128: fatal: not a git repository
///
/// Its code is process_errc::failed, timed_out where its time was up, or message_size where an output
/// was longer than max_output. In either case the process has ended.
class process_error : public detail::worded_error {
public:
    process_error(error_code ec, std::string what, completed_process process);

    /// As it ended, with what it had given.
    const completed_process& process() const noexcept;

private:
    std::shared_ptr<const completed_process> process_; // copies must not throw
};

} // namespace rill

template <>
struct boost::system::is_error_code_enum<rill::process_errc> : std::true_type {};
