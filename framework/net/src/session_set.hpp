// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "admission.hpp"
#include "server_journal.hpp"
#include "session.hpp"

#include <rill/awaitable.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/event.hpp>
#include <rill/server.hpp>

#include <cstddef>
#include <memory>

namespace rill::RILL_FORM::net_detail {

/// The sessions of a server: how many there may be, and what is done with all of them.
class session_set {
public:
    using executor_type = loop_core::executor_type;

    /// std::invalid_argument for a handler or a limit that would serve nobody.
    session_set(
        loop_core& core,
        server::handler handler,
        const server_options& options,
        server_journal& journal
    );

    /// Whether another one may be started.
    bool has_room() const noexcept { return room_.is_set(); }

    /// Returns once another one may be started. Somebody waits for that.
    awaitable<void> wait_for_room();

    /// None is started any more: it may become empty for good.
    void stop() noexcept;

    bool stopped() const noexcept { return stopped_; }

    void finish_all();
    void close_all();
    void abort_all();
    void cancel_handlers();

    // They keep the set, whose server may go before they begin or end.

    /// Returns once the set has been stopped and is empty.
    static awaitable<void> wait_empty(std::shared_ptr<session_set> self);

    /// For one that has been stopped: gives the handlers so much time, then cancels and awaits those
    /// that are left. Whether all were done by themselves.
    static awaitable<bool> drain(std::shared_ptr<session_set> self, duration timeout);

    // For its sessions

    executor_type executor() const noexcept { return executor_; }

    const server_options& options() const noexcept { return options_; }

    const server::handler& handler() const noexcept { return handler_; }

    server_journal& journal() const noexcept { return journal_; }

    net_detail::admission& admission() noexcept { return admission_; }

    void add(session& s) noexcept;
    void remove(session& s) noexcept;

private:
    friend class running_handler;
    friend class waiting_for_room;

    template <class F>
    void for_each(F f) noexcept;

    void look_whether_empty() noexcept;

    executor_type executor_;
    server::handler handler_; // never empty
    server_options options_;
    server_journal& journal_; // whose statistics count the sessions
    net_detail::admission admission_;

    intrusive_list<session, in_session_set> all_;
    std::size_t running_ = 0; // handlers
    bool stopped_ = false;

    event room_;        // set while there are fewer than the limit
    event no_handlers_; // set while running_ is 0
    event empty_;       // set once stopped_ and there are none, and stays so
};

/// While it lives, somebody waits who finds no room.
class waiting_for_room {
public:
    explicit waiting_for_room(session_set& set) noexcept;
    ~waiting_for_room();

    waiting_for_room(const waiting_for_room&) = delete;
    waiting_for_room& operator=(const waiting_for_room&) = delete;

private:
    void tell(bool waiting) noexcept;

    session_set& set_;
};

/// While it lives, a handler of the set runs.
class running_handler {
public:
    explicit running_handler(session_set& set) noexcept;
    ~running_handler();

    running_handler(const running_handler&) = delete;
    running_handler& operator=(const running_handler&) = delete;

private:
    session_set& set_;
};

} // namespace rill::RILL_FORM::net_detail
