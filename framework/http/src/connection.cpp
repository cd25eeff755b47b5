// SPDX-License-Identifier: BSL-1.0
#include "connection.hpp"

#include "request_access.hpp"
#include "response_access.hpp"

#include <rill/detail/stream_traits.hpp>
#include <rill/sleep.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <exception>
#include <span>
#include <utility>

namespace rill::http::detail {

namespace {

constexpr auto with_code = asio::as_tuple(asio::deferred); // awaited without a frame of its own

constexpr std::size_t least_read = 4 * 1024;    // a read has at least this much room
constexpr std::size_t large_read = 64 * 1024;   // room for more of a body than is there
constexpr std::size_t large_content = 8 * 1024; // from here on content is not copied
constexpr std::size_t gather_bytes = 64 * 1024; // responses that are gathered before a write

} // namespace

connection::connection(
    std::shared_ptr<server_state> server, stream peer, rill::detail::task_state& task
)
    : ready_node(&on_ready)
    , server_(std::move(server))
    , stream_(std::move(peer))
    , socket_(stream_.socket())
    , task_(task)
    , in_(rill::detail::buffer_pool::of(socket_.get_executor()))
    , out_(rill::detail::buffer_pool::of(socket_.get_executor()))
    , parser_(server_->limit)
    , chunks_(server_->limit)
    , request_(request_access::make())
{
    task_.enter(scope_);
    server_->add(*this, *task_.core());
    begun_ = server_->now();
    deadline_ = server_->in(server_->limit.first_byte);
    old_at_ = server_->end_of_age();
}

connection::~connection()
{
    ready_node::unlink();
    server_->remove(*this);
    task_.leave(scope_);
}

awaitable<void> connection::run()
{
    while (!closing_) {
        if (parse_head() == progress::more) {
            const bool arrived = co_await receive_head();
            if (!arrived)
                break;
        }
        if (const int status = parser_.status()) {
            refuse(status);
            break;
        }
        request_deadline_ = server_->in(server_->limit.request);
        if (take_body() != progress::complete) {
            const bool arrived = co_await receive_body();
            if (!arrived)
                break;
        }
        begin_answer();
        response answer;
        std::exception_ptr error;
        try {
            answer = co_await server_->handle(request_);
        } catch (...) {
            error = std::current_exception();
        }
        if (error)
            answer = failure(error);
        append(answer);
        if (may_gather())
            continue;
        const bool more_requests = !in_.empty();
        const bool sent = co_await flush();
        if (!sent)
            co_return;
        deadline_ = never; // whatever comes next sets its own
        if (more_requests)
            co_await rill::yield(); // one that never waits must not keep others from running
    }
    co_await finish();
}

// The request

progress connection::parse_head()
{
    parser_.reset();
    return parser_.parse(in_.view());
}

/// Waits for a whole head. What has been answered leaves first.
awaitable<bool> connection::receive_head()
{
    if (write_now() != written::all) {
        const bool sent = co_await flush();
        if (!sent)
            co_return false;
    }
    while (true) {
        const bool idle = in_.empty();
        const auto before = std::exchange(phase_, idle ? phase::idle : phase::head);
        if (before != phase_ && (count_ > 0 || !idle)) {
            begun_ = server_->now();
            deadline_ = server_->in(idle ? server_->limit.keep_alive_idle : server_->limit.header);
        }
        const auto got = co_await receive(least_read);
        if (got == received::late && !in_.empty())
            refuse(408);
        if (got != received::data)
            co_return false;
        if (parser_.parse(in_.view()) != progress::more)
            co_return true;
    }
}

/// Takes what there is of the content. Afterwards it lies behind the head, without chunk lines.
progress connection::take_body()
{
    const auto& head = parser_.result();
    raw_ = head.size;
    body_size_ = 0;
    body_status_ = 0;
    if (!head.has_body())
        return progress::complete;
    if (head.chunked) {
        chunks_.reset();
        return take_chunks();
    }
    if (head.content_length > server_->limit.body)
        return refuse_body(413);
    body_size_ = static_cast<std::size_t>(head.content_length);
    raw_ += body_size_;
    return in_.size() < raw_ ? progress::more : progress::complete;
}

progress connection::refuse_body(int status)
{
    body_status_ = status;
    return progress::refused;
}

/// Moves content together over the chunk lines before it.
progress connection::take_chunks()
{
    const auto content = parser_.result().size;
    while (raw_ < in_.size()) {
        const auto step = chunks_.next(in_.view().substr(raw_));
        raw_ += step.consumed;
        if (!step.payload.empty())
            std::memmove(
                in_.data() + content + body_size_, step.payload.data(), step.payload.size()
            );
        body_size_ += step.payload.size();
        if (step.state == progress::refused)
            return refuse_body(400);
        if (chunks_.announced() > server_->limit.body)
            return refuse_body(413);
        if (step.state == progress::complete)
            return progress::complete;
    }
    raw_ = content + body_size_;
    in_.truncate(raw_);
    return progress::more;
}

/// Waits for the rest of the content.
awaitable<bool> connection::receive_body()
{
    const auto& head = parser_.result();
    const auto& limit = server_->limit;
    if (!body_status_ && head.expect_continue && in_.size() == head.size)
        out_.append("HTTP/1.1 100 Continue\r\n\r\n");
    const bool sent = co_await flush();
    if (!sent)
        co_return false;
    phase_ = phase::body;
    begun_ = server_->now();
    body_read_ = 0;
    auto state = body_status_ ? progress::refused : progress::more;
    while (state == progress::more) {
        deadline_ = std::min(server_->in(limit.body_gap), request_deadline_);
        const auto before = in_.size();
        const auto got = co_await receive(body_room());
        if (got == received::nothing)
            co_return false;
        body_read_ += in_.size() - before;
        if (got == received::late || too_slow())
            state = refuse_body(408);
        else if (head.chunked)
            state = take_chunks();
        else
            state = in_.size() < raw_ ? progress::more : progress::complete;
    }
    if (state == progress::refused)
        refuse(body_status_);
    co_return state == progress::complete;
}

bool connection::too_slow() const noexcept
{
    const auto elapsed = server_->now() - begun_;
    if (elapsed <= server_->limit.body_rate_grace)
        return false;
    const auto seconds = std::chrono::duration<double>(elapsed).count();
    return static_cast<double>(body_read_) <
           static_cast<double>(server_->limit.body_rate) * seconds;
}

/// Room for the next read: as much as the body needs, in steps that a peer which promises more
/// than it sends does not make expensive.
std::size_t connection::body_room() const noexcept
{
    if (parser_.result().chunked)
        return least_read;
    return std::min(raw_ - in_.size(), std::max(large_read, in_.size()));
}

// The response

/// Answers without asking the handler. What the peer still sends is not understood any more.
void connection::refuse(int status)
{
    ++server_->refused;
    auto r = problem(status);
    const auto& head = parser_.result();
    const reply to{head.method == method::head, false, true};
    write_head(r, to, server_->date.line(std::time(nullptr)), out_);
    out_.append(content(r, to));
    closing_ = true;
    unread_ = true;
}

bool connection::may_live_on(const response& r) const noexcept
{
    const auto& limit = server_->limit;
    const bool spent = limit.requests_per_connection > 0 && count_ >= limit.requests_per_connection;
    return parser_.result().keep_alive && !response_access::close(r) && !spent &&
           !server_->stopping() && server_->now() < old_at_;
}

void connection::begin_answer()
{
    const auto content = parser_.result().size;
    request_access::bind(
        request_, parser_.result(), in_.data(), {in_.data() + content, body_size_}
    );
    if (gathered_ > 0 && !ready_node::linked())
        task_.core()->make_ready(*this); // a handler that waits holds no earlier response up
    phase_ = phase::handler;
    deadline_ = request_deadline_;
}

/// What is answered when the handler has thrown. A cancellation that is not the deadline's goes on.
response connection::failure(std::exception_ptr error)
{
    const bool late = take_lateness();
    if (is_cancellation(error)) {
        if (task_.cancelled())
            std::rethrow_exception(error);
        if (late)
            return problem(504);
    }
    task_.core()->report({"exception in an HTTP handler", error, task_.name()});
    return problem(500);
}

bool connection::may_gather() const noexcept
{
    return gathered_ < server_->limit.pipelined && large_content_.empty() &&
           out_.size() < gather_bytes;
}

/// Puts the response behind those that wait to be written, and the request away.
void connection::append(response& r)
{
    take_lateness(); // the handler has ended: completion wins over a deadline
    ++count_;
    ++gathered_;
    ++server_->requests;
    const auto& head = parser_.result();
    const reply to{head.method == method::head, may_live_on(r), head.http_1_1};
    write_head(r, to, server_->date.line(std::time(nullptr)), out_);
    const auto body = content(r, to);
    if (body.size() < large_content) {
        out_.append(body);
    } else {
        large_ = std::move(r);
        large_content_ = large_.body();
    }
    closing_ = !to.keep_alive;
    in_.consume(raw_);
}

std::size_t connection::write_some(error_code& ec)
{
    const std::array<asio::const_buffer, 2> bytes{
        asio::buffer(out_.view()), asio::buffer(large_content_)
    };
    const std::size_t used = large_content_.empty() ? 1 : 2;
    return rill::detail::try_write(socket_, std::span(bytes).first(used), ec);
}

/// Writes what the socket takes at once.
connection::written connection::write_now()
{
    while (!out_.empty() || !large_content_.empty()) {
        error_code ec;
        const auto n = write_some(ec);
        if (ec == asio::error::would_block)
            return written::blocked;
        if (ec)
            return written::failed;
        const auto first = std::min(n, out_.size());
        out_.consume(first);
        large_content_.remove_prefix(n - first);
    }
    gathered_ = 0;
    out_.park();
    if (!large_.body().empty())
        large_ = response();
    return written::all;
}

/// Writes everything. False if the peer is gone, or has not read for too long.
awaitable<bool> connection::flush()
{
    auto state = write_now();
    while (state == written::blocked) {
        phase_ = phase::write;
        deadline_ = server_->in(server_->limit.write_stall);
        const auto [ready] = co_await socket_.async_wait(asio::socket_base::wait_write, with_code);
        state = woken(ready) ? written::failed : write_now();
    }
    co_return state == written::all;
}

/// The way out of every conversation that was not broken off.
awaitable<void> connection::finish()
{
    const bool sent = co_await flush();
    if (sent && (unread_ || !in_.empty()))
        co_await linger();
}

/// A socket that is closed with unread bytes resets the connection, and the peer may never see the
/// response. So the peer is told that nothing more comes, and what it sends is read for a while.
awaitable<void> connection::linger()
{
    error_code ec;
    socket_.shutdown(asio::socket_base::shutdown_send, ec);
    phase_ = phase::linger;
    deadline_ = server_->in(server_->limit.unread_wait);
    std::size_t unread = in_.size();
    auto got = received::data;
    while (got == received::data && unread < server_->limit.unread_body) {
        in_.clear();
        got = co_await receive(least_read);
        unread += in_.size();
    }
}

// Waiting

/// Reads once, into the room that there is, at least `room` bytes. While nothing is held it reads
/// into a small place of its own: an idle connection keeps no buffer, and still needs no more than
/// one system call for a request. (Waiting for readability would cost an epoll_ctl each time.)
awaitable<connection::received> connection::receive(std::size_t room)
{
    const bool idle = in_.empty();
    if (idle)
        in_.park();
    else
        in_.prepare(room);
    const auto space =
        idle ? asio::buffer(first_bytes_) : asio::buffer(in_.free_begin(), in_.free());
    const auto [result, n] = co_await socket_.async_read_some(space, with_code);
    if (const auto ec = woken(result))
        co_return ec == asio::error::timed_out ? received::late : received::nothing;
    if (idle)
        take_first_bytes(n, room);
    else
        in_.commit(n);
    co_return received::data;
}

void connection::take_first_bytes(std::size_t n, std::size_t room)
{
    in_.prepare(n + room);
    in_.append({first_bytes_.data(), n});
    if (n < first_bytes_.size())
        return;
    error_code ignored; // an error shows at the next read
    in_.commit(rill::detail::try_read(socket_, std::span(in_.free_begin(), in_.free()), ignored));
}

/// What a wait for the socket came to: timed_out if the deadline ended it. A cancellation from
/// outside goes on.
error_code connection::woken(error_code ec)
{
    const bool late = take_lateness();
    if (!ec)
        return {};
    if (late)
        return asio::error::timed_out;
    if (ec == condition::cancelled)
        throw system_error(ec);
    return ec;
}

void connection::look_at_time(time_point now)
{
    if (now < deadline_)
        return;
    deadline_ = never;             // once; what follows sets the next one
    task_.cancel(scope_, nullptr); // what was late is known here, and nobody else asks
}

void connection::close_if_idle(time_point when)
{
    if (phase_ != phase::idle)
        return;
    deadline_ = std::min(deadline_, when);
    look_at_time(server_->now());
}

/// Whether a deadline has passed since this was asked; from here on waiting is possible again.
bool connection::take_lateness() noexcept
{
    if (!scope_.cancelled)
        return false;
    task_.uncancel(scope_);
    return true;
}

/// The loop's turn after a handler began to wait while earlier responses were gathered.
void connection::on_ready(ready_node& node, rill::detail::act what)
{
    auto& self = static_cast<connection&>(node);
    if (what == rill::detail::act::run && self.phase_ == phase::handler)
        self.write_now(); // flush() meets an error again
}

} // namespace rill::http::detail
