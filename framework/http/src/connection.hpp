// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "buffer.hpp"
#include "chunk_parser.hpp"
#include "head_parser.hpp"
#include "server_state.hpp"

#include <rill/awaitable.hpp>
#include <rill/detail/loop/ready_node.hpp>
#include <rill/detail/loop/task_state.hpp>
#include <rill/http/server.hpp>
#include <rill/stream.hpp>

#include <array>
#include <cstdint>
#include <exception>
#include <memory>

namespace rill::http::detail {

/// One connection: reads requests, asks the handler, writes responses, keeps to the limits.
///
/// Lives in the frame of the task that runs it. Everything around the waits is plain functions on
/// its buffers, so a pipelined request costs no more than its handler's frame.
class connection : public rill::detail::hook<in_server>, private rill::detail::ready_node {
public:
    connection(std::shared_ptr<server_state> server, stream peer, rill::detail::task_state& task);
    ~connection();

    awaitable<void> run();

    /// Ends the wait that the connection is in, if its deadline has passed.
    void look_at_time(time_point now);

    /// Closes it at `when` if it waits for a request then.
    void close_if_idle(time_point when);

private:
    /// What it waits for, which says what a passed deadline means.
    enum class phase : std::uint8_t {
        idle,    // close
        head,    // 408
        body,    // 408
        handler, // 504
        write,   // close
        linger,  // close
    };

    enum class received : std::uint8_t { data, nothing, late };

    // Waits
    awaitable<bool> receive_head();
    awaitable<bool> receive_body();
    awaitable<received> receive(std::size_t room);
    awaitable<bool> flush();
    awaitable<void> finish();
    awaitable<void> linger();
    error_code woken(error_code ec);
    void take_first_bytes(std::size_t n, std::size_t room);

    // The request
    progress parse_head();
    progress take_body();
    progress take_chunks();
    progress refuse_body(int status);
    bool too_slow() const noexcept;
    std::size_t body_room() const noexcept;

    // The response
    void begin_answer();
    response failure(std::exception_ptr error);
    bool may_gather() const noexcept;
    void refuse(int status);
    bool may_live_on(const response& r) const noexcept;
    void append(response& r);
    enum class written : std::uint8_t { all, blocked, failed };
    written write_now();
    std::size_t write_some(error_code& ec);

    bool take_lateness() noexcept;
    static void on_ready(ready_node& node, rill::detail::act what);

    const std::shared_ptr<server_state> server_;
    stream stream_;
    stream_socket& socket_; // of stream_, whose reader and writer stay unused
    rill::detail::task_state& task_;
    rill::detail::scope scope_; // around everything; cancelled when a deadline has passed

    std::array<char, 512> first_bytes_; // what arrives after a silence; most requests fit
    buffer in_;                         // begins with the head of the request that is being read
    buffer out_;                        // responses that have not been written
    response large_;                    // its content follows out_, and is not copied into it
    std::string_view large_content_;    // what is left of it

    head_parser parser_;
    chunk_parser chunks_;
    request request_;

    time_point deadline_ = never;
    time_point begun_{}; // when the phase began
    time_point request_deadline_ = never;
    time_point old_at_ = never;

    std::size_t body_size_ = 0;   // of the content, as far as it is in in_ behind the head
    std::size_t raw_ = 0;         // bytes of in_ that belong to the request so far
    std::uint64_t body_read_ = 0; // bytes read since the body began
    std::size_t count_ = 0;       // requests answered
    std::size_t gathered_ = 0;    // responses in out_
    int body_status_ = 0;         // why the body was refused
    phase phase_ = phase::idle;
    bool closing_ = false; // nothing is read after what is in out_
    bool unread_ = false;  // the peer may be sending still
};

} // namespace rill::http::detail
