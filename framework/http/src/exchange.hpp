// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "content_reader.hpp"
#include "deadlines.hpp"
#include "head_parser.hpp"
#include "outbox.hpp"
#include "server_facts.hpp"

#include <rill/clock.hpp>
#include <rill/extend_net.hpp>
#include <rill/http/request.hpp>
#include <rill/http/response.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace rill::http::detail {

/// Why a request was answered without asking anybody. The words are none of the peer's.
struct why_refused {
    int status = 0;
    std::string_view reason;
};

/// The server's side of an HTTP/1 connection as a conversation: bytes in, actions out, no I/O.
///
/// Whoever drives it asks next() what to do, does it, says what came of it, and asks again:
///
///     next()         what is done               what came of it
///     read           bytes go into space()      received(), gone(), late()
///     write          unsent() leaves            sent(), gone(), late()
///     offer          is it refused anyway?      wanted(), unwanted()
///     ask            a handler gets request()   answer(), peer_is()
///     pause          others get a turn
///     end_writing    the peer is told the end
///     close          the end
///
/// Each takes no longer than until deadline(). A read or write that does is late(); a handler that
/// does is stopped, and has an answer all the same. A request is offered when its content waits for
/// 100 Continue, which is written only if it is wanted.
///
/// Who is asked what, and what is written, depends on the bytes alone, never on how they were cut
/// into reads. Responses are in the order of the requests; those of requests that came together
/// leave together, up to settings::pipelined of them. A refused request has one response, the last,
/// which says why.
class exchange final : public extend::read_place {
public:
    enum class action : std::uint8_t { read, write, offer, ask, pause, end_writing, close };

    /// A connection that has just been accepted. Both must outlive it.
    exchange(server_facts& server, extend::buffer_pool& pool);
    ~exchange();

    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    /// Until something came of it, an action is the same again; pause and end_writing count as done.
    action next();

    /// That of the action; it moves only when something came of one.
    time_point deadline() const noexcept { return deadlines_.at(); }

    /// Says once that the deadline has passed.
    bool overdue(time_point now) noexcept { return deadlines_.overdue(now); }

    /// The wait took until the deadline: a request that is still coming in gets a 408; else it is
    /// the end.
    void late();

    /// The peer has written its end, or the connection is broken.
    void gone() noexcept { state_ = state::over; }

    // Reading

    /// Where bytes go that have come.
    std::span<char> space(std::size_t wanted, memory from) override;

    /// The read waits: an idle connection holds no buffer.
    void nothing_came() noexcept override;

    /// So many bytes are in space().
    void received(std::size_t n);

    // Offering and asking

    /// Valid until answer(); offered, without its content.
    http::request& request() noexcept { return request_; }

    void wanted();             ///< Its content may come.
    void unwanted(response r); ///< The answer without it, which is the last.

    void answer(response& r);

    bool asked() const noexcept { return state_ == state::asked; }

    /// Once for a request that was refused, when its answer is to be written.
    std::optional<why_refused> take_refusal() noexcept;

    /// What is known of the peer while the handler is asked. Says once that the handler is to be
    /// stopped for it; what it answers then is not written.
    bool peer_is(extend::peer_state what) noexcept;

    // Writing: also while the handler is asked, so that it holds no earlier response up

    bool has_unsent() const noexcept { return !out_.empty(); }
    outbox::pieces unsent() const noexcept { return out_.unsent(); }
    void sent(std::size_t n);

    // Idleness: no byte of a request is there, and nothing is left to be written

    /// Since when it is idle, to the tick; empty if it is not.
    std::optional<time_point> idle_since() const noexcept
    {
        if (state_ != state::idle)
            return std::nullopt;
        return deadlines_.since();
    }

    /// If it is idle, its deadline is not after `when`.
    void end_idleness(time_point when) noexcept;

private:
    enum class state : std::uint8_t {
        idle,           // waits for the first byte of a request
        head,           // waits for the rest of its head
        offered,        // waits for whether it is wanted
        before_content, // first what is unsent leaves
        content,        // waits for the rest of its content
        asked,          // waits for the answer
        between,        // looks whether there is another request
        full,           // the same, but first what is unsent leaves, and others get a turn
        closing,        // what is unsent leaves
        lingering,      // the peer is to see the last response; what it sends is read for nobody
        over,
    };

    action next_request();
    action wait_for_head();
    void become_idle() noexcept;
    action next_content();
    action ask();
    action write() noexcept;
    action make_room();
    action finish();
    action linger();
    action refuse(int status, std::string_view reason);
    void refuse(response r);
    void drop_answer() noexcept;
    void bind_request(std::string_view content);
    bool may_live_on(const response& r) noexcept;

    server_facts& server_;
    deadlines deadlines_;
    const time_point old_at_;

    extend::byte_buffer in_; // begins with the head of the request that is being read
    outbox out_;

    head_parser parser_;
    content_reader content_;
    http::request request_;

    why_refused refusal_;            // not told yet; status 0: there is none
    std::uint64_t content_read_ = 0; // bytes read since the content began
    std::size_t answered_ = 0;       // requests
    std::size_t unread_ = 0;         // bytes read for nobody
    bool counted_ = false;           // among the server's lingering ones
    bool peer_left_ = false;         // the handler's answer is for nobody
    bool too_slow_ = false;          // the content came so; it is refused
    bool write_due_ = false;         // the deadline is that of what is unsent
    state state_ = state::idle;
};

} // namespace rill::http::detail
