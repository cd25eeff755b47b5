// SPDX-License-Identifier: BSL-1.0
#include "process_parts.hpp"

#include <rill/cancel_scope.hpp>
#include <rill/sleep.hpp>

#include <csignal>
#include <stdexcept>
#include <utility>

namespace rill {

namespace {

template <class Stream>
Stream& checked(std::optional<Stream>& stream, const char* name)
{
    if (!stream)
        throw std::logic_error(std::string("rill::process: its ") + name + " is no pipe");
    return *stream;
}

} // namespace

/// What was read and not consumed stays in the readers.
void process::parts::close_pipes()
{
    if (input)
        input->abort();
    error_code ignored;
    for (auto& output : outputs)
        if (output)
            output->stream().close(ignored);
}

void process::parts::let_go() noexcept
{
    if (input && !child->is_detached())
        input->abort();
    child->let_go();
}

process::process(std::shared_ptr<parts> p) noexcept
    : parts_(std::move(p))
{}

process::process(process&&) noexcept = default;

process& process::operator=(process&& other) noexcept
{
    const process before(std::move(*this));
    parts_ = std::move(other.parts_);
    return *this;
}

process::~process()
{
    if (parts_)
        parts_->let_go();
}

boost::intrusive_ptr<process_detail::child> process::child() const
{
    return parts_->child;
}

pid_t process::pid() const noexcept
{
    return parts_->child->pid();
}

pipe_writer& process::stdin_()
{
    return checked(parts_->input, "standard input");
}

pipe_reader& process::stdout_()
{
    return checked(parts_->outputs[0], "standard output");
}

pipe_reader& process::stderr_()
{
    return checked(parts_->outputs[1], "standard error");
}

std::optional<int> process::poll() noexcept
{
    parts_->child->look();
    return returncode();
}

std::optional<int> process::returncode() const noexcept
{
    return parts_->child->returncode();
}

const process_usage& process::usage() const noexcept
{
    return parts_->child->usage();
}

bool process::send_signal(int number)
{
    return parts_->child->signal(number);
}

bool process::terminate()
{
    return send_signal(SIGTERM);
}

bool process::kill()
{
    return send_signal(SIGKILL);
}

awaitable<completed_process> process::communicate()
{
    return process_detail::communicate(parts_);
}

awaitable<completed_process> process::communicate(std::string input)
{
    stdin_();
    parts_->source = from_text(std::move(input));
    return process_detail::communicate(parts_);
}

namespace {

/// Kills what it holds on every way out but the good one.
class ending {
public:
    explicit ending(boost::intrusive_ptr<process_detail::child> c) noexcept
        : child_(std::move(c))
    {}

    ~ending() { child_->end_group(SIGKILL); }

    ending(const ending&) = delete;
    ending& operator=(const ending&) = delete;

private:
    boost::intrusive_ptr<process_detail::child> child_;
};

awaitable<void> end(boost::intrusive_ptr<process_detail::child> child, duration grace)
{
    if (child->is_detached() || child->returncode())
        co_return;
    const ending kill(child);
    const auto ended = [&] {
        return extend::wait_operation<void(error_code, int), process_detail::exit_wait>(
            std::in_place, child, std::source_location::current()
        );
    };
    child->end_group(SIGTERM);
    if (child->look())
        co_return;
    const auto patience = [&]() -> awaitable<void> { co_await ended(); };
    if (co_await move_on_after(grace, patience))
        co_return;
    child->end_group(SIGKILL);
    co_await ended();
}

} // namespace

awaitable<void> process::close()
{
    const auto p = parts_;
    co_await end(p->child, p->grace);
    p->close_pipes();
}

awaitable<process> create_subprocess_exec(command c)
{
    const asio::any_io_executor here = co_await asio::this_coro::executor;
    co_await yield(); // a start is a long step, and many of them must not be one
    co_return process_detail::spawn(extend::loop_core::of(here), c);
}

awaitable<process> create_subprocess_shell(std::string text)
{
    return create_subprocess_exec(shell_command(text));
}

} // namespace rill
