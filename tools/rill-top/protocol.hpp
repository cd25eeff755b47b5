// SPDX-License-Identifier: BSL-1.0
//
// The lines that a service and rill-top exchange over the admin socket. A client sends one line
// for each command; the service answers with lines of JSON and an end, or with an error. One
// connection serves any number of commands, one after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace top {

/// The protocol that this program speaks.
inline constexpr std::uint64_t protocol_version = 1;

/// Who answers.
struct service_info {
    std::uint64_t protocol = protocol_version;
    std::string program;
    std::uint64_t pid = 0;
    std::string rill; // its version
    bool debug = false;
    std::uint64_t uptime_ms = 0;
};

/// The delays that were shorter than this, and not shorter than the bucket before it.
struct lag_bucket {
    std::uint64_t below_us = UINT64_MAX; // not sent: without a bound
    std::uint64_t count = 0;
};

struct slow_step {
    std::uint64_t us = 0;
    std::string task;
    std::string where;
    std::uint64_t ago_ms = 0;
};

/// Percentiles in microseconds.
struct lag {
    std::uint64_t p50 = 0;
    std::uint64_t p99 = 0;
    std::uint64_t max = 0;
};

/// A loop. Of one that does not answer, only silent_ms and running are known.
struct loop_info {
    std::string name;
    bool answers = true;
    std::uint64_t silent_ms = 0;
    std::string running; // what keeps it from answering; empty: not known

    std::uint64_t tasks = 0;
    std::uint64_t turns = 0;
    std::uint64_t steps = 0;
    std::uint64_t ready = 0;
    std::uint64_t timers = 0;
    std::uint64_t io = 0;
    std::uint64_t busy_ms = 0;
    std::uint64_t uptime_ms = 0;
    top::lag lag_us;
    std::vector<lag_bucket> lag_histogram;
    std::vector<slow_step> slowest;
};

/// A coroutine on the stack of a task.
struct stack_frame {
    std::string function;
    std::string where;
};

enum class task_state : std::uint8_t { ready, running, waiting, fresh, cancelling, done };

/// As the protocol writes it; `fresh` is "new".
std::string_view to_string(task_state state);

struct task_info {
    std::string loop;
    std::uint64_t id = 0; // unique within the loop
    std::string name;     // may be empty
    std::optional<std::uint64_t> parent;
    std::string group;
    task_state state = task_state::waiting;
    std::string waits_for;
    std::string where;
    std::uint64_t since_ms = 0;              // it has been in this state
    std::optional<std::int64_t> deadline_ms; // from now; negative: it has passed
    std::uint64_t steps = 0;
    std::vector<stack_frame> stack;
    std::vector<std::string> holds;
    std::map<std::string, std::string> context;
    std::vector<std::uint64_t> awaited_by;
    bool cancelling = false;
};

/// Closes an answer.
struct answer_end {
    std::uint64_t count = 0; // the lines before this one
};

/// What the service answers to a command that it cannot serve.
struct refusal {
    std::string text;
};

/// A line of a kind that this program does not know, from a newer service.
struct unknown_line {};

using message = std::variant<unknown_line, service_info, loop_info, task_info, answer_end, refusal>;

/// What a service sent is not what the protocol says. what() names the key and what is wrong.
class protocol_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Reads one line, with or without its end. Keys that are not known are ignored, since newer
/// services may send more; bytes that are no UTF-8 are kept as they are. Throws protocol_error.
message parse_message(std::string_view line);

/// The line that asks for "info", "loops" or "tasks".
std::string request_line(std::string_view command);

} // namespace top
