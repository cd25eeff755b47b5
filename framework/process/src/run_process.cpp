// SPDX-License-Identifier: BSL-1.0
#include "process_parts.hpp"
#include "run_to_end.hpp"

#include <rill/cancel_scope.hpp>
#include <rill/cleanup.hpp>
#include <rill/detail/process_detail.hpp>
#include <rill/extend_watch.hpp>
#include <rill/run_process.hpp>

#include <utility>

namespace rill {

namespace process_detail {

namespace {

/// What it says last is what matters as a rule.
std::string end_of(const std::string& errors)
{
    constexpr std::size_t most = 1000;
    std::size_t end = errors.size();
    while (end > 0 && errors[end - 1] == '\n')
        --end;
    const std::size_t begin = end > most ? end - most : 0;
    return (begin > 0 ? "…" : "") + errors.substr(begin, end - begin);
}

[[noreturn]] void throw_error(error_code ec, const std::string& how, completed_process p)
{
    std::string what = "'" + p.command + "' " + how;
    if (const std::string errors = end_of(p.stderr_); !errors.empty())
        what += ": " + errors;
    throw process_error(ec, std::move(what), std::move(p));
}

} // namespace

command with_usual_streams(command c)
{
    command_plan& plan = command_access::plan(c);
    plan.set_default(0, null);
    plan.set_default(1, piped);
    plan.set_default(2, piped);
    return c;
}

awaitable<completed_process> run_to_end(process p, command_plan plan)
{
    std::optional<completed_process> done;
    bool too_long = false;
    const auto talk = [&]() -> awaitable<void> {
        const auto whole = [&]() -> awaitable<void> { done = co_await p.communicate(); };
        try {
            co_await move_on_after(plan.timeout, whole);
        } catch (const limit_overrun_error&) {
            too_long = true;
        }
    };
    const auto close = [&] { return p.close(); };
    co_await with_cleanup(talk, close, plan.grace + std::chrono::seconds(5));
    if (done)
        co_return std::move(*done);
    auto& parts = *process_access::parts_of(p);
    completed_process cut = parts.completed();
    cut.stdout_ = std::move(parts.kept[0]);
    cut.stderr_ = std::move(parts.kept[1]);
    if (too_long)
        throw_error(
            asio::error::message_size,
            "gave more than " + std::to_string(plan.max_output) + " bytes",
            std::move(cut)
        );
    throw_error(
        asio::error::timed_out, "had not ended in " + extend::text_of(plan.timeout), std::move(cut)
    );
}

void throw_failed(completed_process p)
{
    const std::string how = to_string(p);
    throw_error(process_errc::failed, how, std::move(p));
}

} // namespace process_detail

awaitable<completed_process> run_process(command c)
{
    c = process_detail::with_usual_streams(std::move(c));
    const auto plan = process_detail::command_access::plan(c);
    process p = co_await create_subprocess_exec(std::move(c));
    completed_process done = co_await process_detail::run_to_end(std::move(p), plan);
    if (plan.check && done.returncode != 0)
        process_detail::throw_failed(std::move(done));
    co_return done;
}

} // namespace rill
