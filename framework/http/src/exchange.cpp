// SPDX-License-Identifier: BSL-1.0
#include "exchange.hpp"

#include "request_access.hpp"
#include "response_access.hpp"

#include <rill/extend_net.hpp>

#include <algorithm>
#include <utility>

namespace rill::http::detail {

namespace {

constexpr std::size_t least_read = 4 * 1024; // a read has at least this much room

} // namespace

exchange::exchange(server_facts& server, extend::buffer_pool& pool)
    : server_(server)
    , deadlines_(server.limit, server.clock)
    , old_at_(server.end_of_age())
    , in_(pool)
    , out_(pool)
    , parser_(server.limit)
    , content_(server.limit)
    , request_(request_access::make())
{}

exchange::~exchange()
{
    if (counted_)
        --server_.lingering;
}

exchange::action exchange::next()
{
    switch (state_) {
    case state::idle:
    case state::head:
    case state::between: return next_request();
    case state::offered: return action::offer;
    case state::before_content:
    case state::content: return next_content();
    case state::asked: return action::ask;
    case state::full: return make_room();
    case state::closing: return finish();
    case state::lingering: return linger();
    case state::over: break;
    }
    return action::close;
}

void exchange::late()
{
    if (state_ == state::head && parser_.begun())
        refuse(408, "the head took too long to arrive");
    else if (state_ == state::content)
        refuse(408, "the content took too long to arrive");
    else
        gone();
}

// The request

exchange::action exchange::next_request()
{
    const auto of_head = parser_.parse(in_.view());
    if (of_head == progress::more)
        return wait_for_head();
    if (of_head == progress::refused)
        return refuse(parser_.status(), parser_.reason());
    deadlines_.request_begun();
    const auto& head = parser_.result();
    const bool awaits_content = head.expect_continue && in_.size() == head.size;
    const auto of_content = content_.begin(head, in_);
    if (of_content == progress::complete)
        return ask();
    if (of_content == progress::refused)
        return refuse(content_.status(), content_.reason());
    if (awaits_content) {
        bind_request({});
        state_ = state::offered;
        return action::offer;
    }
    state_ = state::before_content;
    return next_content();
}

void exchange::wanted()
{
    out_.append("HTTP/1.1 100 Continue\r\n\r\n");
    state_ = state::before_content;
}

// RFC 9110 section 10.1.1: the peer may send the content all the same, or not; so it is the end.
void exchange::unwanted(response r)
{
    refuse(std::move(r));
}

exchange::action exchange::wait_for_head()
{
    if (!out_.empty())
        return write();
    const auto before = std::exchange(state_, in_.empty() ? state::idle : state::head);
    if (state_ == before)
        return action::read;
    if (state_ == state::idle)
        become_idle();
    else
        deadlines_.head_begun();
    return action::read;
}

/// From here on the connection holds no memory that grows with its requests.
void exchange::become_idle() noexcept
{
    deadlines_.request_due();
    parser_.give_back_memory();
    request_access::give_back_memory(request_);
}

exchange::action exchange::next_content()
{
    if (state_ == state::before_content) {
        if (!out_.empty())
            return write();
        state_ = state::content;
        content_read_ = 0;
        deadlines_.content_begun();
    }
    if (too_slow_)
        return refuse(408, "the content came too slowly");
    const auto of_content = content_.take(in_);
    if (of_content == progress::complete)
        return ask();
    if (of_content == progress::refused)
        return refuse(content_.status(), content_.reason());
    return action::read;
}

std::span<char> exchange::space(std::size_t wanted, memory from)
{
    const std::size_t room = state_ == state::content ? content_.room(in_) : least_read;
    return in_.lend(std::min(wanted, room), from);
}

/// Content is on its way, and has its memory already.
void exchange::nothing_came() noexcept
{
    in_.take_back();
    if (state_ != state::content)
        in_.park();
}

void exchange::received(std::size_t n)
{
    if (state_ == state::lingering)
        deadlines_.linger_due();
    in_.commit(n);
    if (state_ != state::content)
        return;
    content_read_ += n;
    too_slow_ = deadlines_.too_slow(content_read_);
    deadlines_.content_due();
}

// The answer

exchange::action exchange::ask()
{
    bind_request({in_.data() + content_.offset(), content_.size()});
    state_ = state::asked;
    deadlines_.answer_due();
    return action::ask;
}

void exchange::bind_request(std::string_view content)
{
    request_access::bind(request_, parser_.result(), in_.data(), content);
}

bool exchange::peer_is(extend::peer_state what) noexcept
{
    using enum extend::peer_state;
    if (!asked() || peer_left_)
        return false;
    peer_left_ = what == lost || (what == ended && request_access::cancel_on_disconnect(request_));
    return peer_left_;
}

/// Puts the response behind those that wait to be written, and the request away.
void exchange::answer(response& r)
{
    if (peer_left_)
        return drop_answer();
    ++answered_;
    ++server_.requests;
    const auto& head = parser_.result();
    const reply to{head.method == method::head, may_live_on(r), head.http_1_1};
    out_.add(r, to, server_.date_line());
    in_.consume(content_.message_end());
    parser_.reset();
    if (!to.keep_alive)
        state_ = state::closing;
    else
        state_ = out_.full(server_.limit.pipelined) ? state::full : state::between;
}

/// A peer that has only ended may still read what was answered before.
void exchange::drop_answer() noexcept
{
    in_.clear();
    state_ = state::closing;
}

/// The connection's place is given away only if nothing else ends it.
bool exchange::may_live_on(const response& r) noexcept
{
    const auto& limit = server_.limit;
    const bool spent =
        limit.requests_per_connection > 0 && answered_ >= limit.requests_per_connection;
    return parser_.result().keep_alive && !response_access::close(r) && !spent &&
           !server_.stopping && server_.clock.now() < old_at_ && !server_.give_place();
}

/// Answers without asking. What the peer has sent stays in in_, and is not looked at any more.
exchange::action exchange::refuse(int status, std::string_view reason)
{
    refusal_ = {status, reason};
    refuse(problem(status, reason));
    return finish();
}

std::optional<why_refused> exchange::take_refusal() noexcept
{
    if (refusal_.status == 0)
        return std::nullopt;
    return std::exchange(refusal_, {});
}

void exchange::refuse(response r)
{
    ++server_.refused;
    const reply to{parser_.result().method == method::head, false, true};
    out_.add(r, to, server_.date_line());
    state_ = state::closing;
}

void exchange::sent(std::size_t n)
{
    out_.sent(n);
    if (n > 0)
        write_due_ = false; // it has more time
}

exchange::action exchange::write() noexcept
{
    if (!std::exchange(write_due_, true))
        deadlines_.write_due();
    return action::write;
}

exchange::action exchange::make_room()
{
    if (!out_.empty())
        return write();
    state_ = state::between;
    if (in_.empty())
        return next_request();
    deadlines_.nothing_due();
    return action::pause; // a peer that always has a request must not keep others from running
}

// The end

/// A socket that is closed with unread bytes resets the connection, and the peer may never see the
/// response. So the peer is told that nothing more comes, and what it sends is read for a while.
exchange::action exchange::finish()
{
    if (!out_.empty())
        return write();
    if (in_.empty() || server_.lingering >= server_.limit.unread_connections) {
        state_ = state::over;
        return action::close;
    }
    state_ = state::lingering;
    counted_ = true;
    ++server_.lingering;
    deadlines_.linger_begun();
    return action::end_writing;
}

exchange::action exchange::linger()
{
    unread_ += in_.size();
    in_.clear();
    if (unread_ < server_.limit.unread_body)
        return action::read;
    state_ = state::over;
    return action::close;
}

void exchange::end_idleness(time_point when) noexcept
{
    if (state_ == state::idle)
        deadlines_.no_later_than(when);
}

} // namespace rill::http::detail
