// SPDX-License-Identifier: BSL-1.0
#include "keep_output.hpp"
#include "process_parts.hpp"

#include <rill/exception_group.hpp>
#include <rill/task_group.hpp>

#include <utility>

namespace rill::process_detail {

namespace {

using parts = process_access::parts;

/// Whether a write has failed since the child reads no more.
bool reads_no_more(const system_error& error)
{
    return error.code() == asio::error::broken_pipe ||
           error.code() == asio::error::connection_reset;
}

/// That the child reads no more is no error.
awaitable<void> feed(pipe_writer& to, const standard_stream::feeder& from)
{
    try {
        co_await from.f(to);
    } catch (const system_error& error) {
        if (!reads_no_more(error))
            throw;
    }
}

/// What is written leaves in the background, whether somebody waits or not.
awaitable<void> write_input(parts& p)
{
    auto source = std::exchange(p.source, std::nullopt);
    if (source) {
        if (auto* text = std::get_if<standard_stream::text>(&source->what()))
            p.input->write(std::move(text->bytes));
        else if (const auto* feeder = std::get_if<standard_stream::feeder>(&source->what()))
            co_await feed(*p.input, *feeder);
    }
    p.input->close();
}

awaitable<void> give_lines(pipe_reader& from, const standard_stream::line_sink& to)
{
    for (;;) {
        const std::string_view held = from.buffered();
        const std::size_t end = held.find('\n');
        const bool whole = end != std::string_view::npos;
        if (whole || held.size() >= from.limit()) {
            to.f(held.substr(0, end));
            from.consume(whole ? end + 1 : held.size());
        } else if (!co_await from.fill()) {
            break;
        }
    }
    if (!from.at_eof())
        to.f(from.buffered());
    from.consume(from.buffered().size());
}

awaitable<void> give_chunks(pipe_reader& from, const standard_stream::chunk_sink& to)
{
    for (;;) {
        const std::string_view held = co_await from.read_some();
        if (held.empty())
            break;
        co_await to.f(held);
        from.consume(held.size());
    }
}

awaitable<void> read_output(parts& p, std::size_t which)
{
    const auto& kind = p.sinks[which]->what();
    if (const auto* lines = std::get_if<standard_stream::line_sink>(&kind))
        return give_lines(*p.outputs[which], *lines);
    if (const auto* chunks = std::get_if<standard_stream::chunk_sink>(&kind))
        return give_chunks(*p.outputs[which], *chunks);
    return keep_output(*p.outputs[which], p.kept[which], p.max_output);
}

awaitable<void> converse(parts& p, task_group& group)
{
    if (p.input)
        group.create_task(write_input(p), "standard input");
    if (p.outputs[1]) {
        auto errors = group.create_task(read_output(p, 1), "standard error");
        if (p.outputs[0])
            co_await read_output(p, 0);
        co_await std::move(errors);
    } else if (p.outputs[0]) {
        co_await read_output(p, 0);
    }
    wait_operation<void(error_code, int), exit_wait> end(
        std::in_place, p.child, std::source_location::current()
    );
    co_await std::move(end);
    group.cancel(); // an input that nobody reads any more
}

} // namespace

awaitable<completed_process> communicate(std::shared_ptr<parts> p)
{
    const auto all = [&](task_group& group) { return converse(*p, group); };
    try {
        co_await with_task_group(all);
    } catch (const exception_group& errors) {
        std::rethrow_exception(errors.exceptions().front()); // the others came of it
    }
    completed_process done = p->completed();
    done.stdout_ = std::exchange(p->kept[0], {});
    done.stderr_ = std::exchange(p->kept[1], {});
    co_return done;
}

} // namespace rill::process_detail
