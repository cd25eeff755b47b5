// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/detail/watch/shown_variables.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rill::RILL_FORM {

struct task_info;
enum class activity;

namespace detail {

/// Asio's name for an operation that is awaited with use_awaitable; empty for others.
std::string_view asio_operation(std::string_view function);

/// Makes task_infos. Locks and the variables to be shown are looked up once, at its beginning.
class task_reader {
public:
    explicit task_reader(loop_core& core);

    /// Time has passed.
    void look_again() { now_ = core_.now(); }

    task_info read(task_state& task) const;

    static std::string outcome_of(const completion_state& state);

private:
    static activity activity_of(const task_state& task);

    static void read_stack(const task_state& task, task_info& info);

    static void read_wait(const task_state& task, task_info& info);

    static std::string what_of_asio(const task_state& task);

    void read_deadline(const task_state& task, task_info& info) const;

    void read_context(task_state& task, task_info& info) const;

    /// A value of the user's must not keep anybody from seeing the tasks.
    static std::string text_of_value(const shown_variables::entry& variable, const void* value);

    loop_core& core_;
    std::vector<shown_variables::entry> variables_;
    std::unordered_multimap<std::uint64_t, std::string> locks_; // by the holder's number
    time_point now_;
};

} // namespace detail
} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/task_reader.ipp>
#endif
