// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/command_plan.hpp>
#include <rill/process_error.hpp>

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

namespace rill::process_detail {

/// What a child tells when it cannot become its program.
struct child_failure {
    spawn_step step;
    int error; // zero: nothing has failed
};

/// Where it tells that: in memory, if it borrows its parent's, or else through a pipe.
struct child_report {
    child_failure* memory = nullptr;
    int pipe = -1;
};

/// Everything that a child needs on its way from fork to exec, laid out before. There it may take
/// neither memory nor locks: it is the copy of one thread of many, or borrows their memory.
class child_image {
public:
    child_image(const command_plan& plan, std::vector<std::pair<int, int>> moves);

    child_image(const child_image&) = delete;
    child_image& operator=(const child_image&) = delete;

    /// In the child: it becomes its program, or tells why not and ends. All signals are blocked.
    [[noreturn]] void become(child_report report) const noexcept;

private:
    [[noreturn]] static void fail(child_report report, spawn_step step, int error) noexcept;

    static void default_signals() noexcept;
    void join_group(child_report report) const noexcept;
    void take_descriptors(child_report& report) const noexcept;
    void close_others(child_report report) const noexcept;
    void set_limits(child_report report) const noexcept;
    void enter_directory(child_report report) const noexcept;
    void change_user(child_report report) const noexcept;
    void die_with_parent(child_report report) const noexcept;
    [[noreturn]] void exec(child_report report) const noexcept;

    const command_plan& plan_;
    std::vector<std::pair<int, int>> moves_; // the child's descriptor, ours; by the former
    mutable std::vector<int> sources_;       // ours, out of the way
    std::vector<std::string> environment_;
    std::vector<std::string> candidates_; // paths of the program, to be tried in order
    std::vector<char*> argv_;
    std::vector<char*> envp_; // empty: this program's
    char** env_;
    pid_t parent_;
    bool gives_up_groups_;
};

} // namespace rill::process_detail
