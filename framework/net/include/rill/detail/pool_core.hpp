// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/clock.hpp>
#include <rill/context.hpp>
#include <rill/detail/needs_net.hpp>
#include <rill/detail/net_detail.hpp>
#include <rill/event.hpp>
#include <rill/log_record.hpp>
#include <rill/pool_options.hpp>
#include <rill/task.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace rill {

/// What a pool has at this moment, and what has happened to it so far.
struct pool_statistics {
    std::size_t size = 0;     ///< All that count towards the most: those below together.
    std::size_t idle = 0;     ///< That wait to be used.
    std::size_t leased = 0;   ///< That somebody has.
    std::size_t opening = 0;  ///< That are being opened.
    std::size_t checking = 0; ///< That are being checked, or brought into order.
    std::size_t waiting = 0;  ///< Those who wait for one.

    std::uint64_t leases = 0; ///< That were given.
    std::uint64_t opened = 0; ///< That could be opened.
    std::uint64_t failed = 0; ///< That could not.
    std::uint64_t lost = 0;   ///< That a check found dead, or that could not be brought into order.
    std::uint64_t timeouts = 0; ///< Those who have waited in vain.
};

} // namespace rill

namespace rill::RILL_FORM::net_detail {

class pool_core;
using pool_ptr = boost::intrusive_ptr<pool_core>;

struct in_pool_work; // tag: a place among those that a pool has some work with

/// A place of a pool, with what is kept in it. Whoever has it owns it: the pool while it is idle, a
/// lease, or the work that is done on it.
class pool_slot : public hook<in_pool_work> {
public:
    virtual ~pool_slot() = default;

    time_point good_since{}; // when it was used or checked last
    time_point old_at = never;
    task<void> worker; // while some work is done on it
};

using slot_ptr = std::unique_ptr<pool_slot>;

/// Gives a place back to its pool.
struct lease_end {
    pool_ptr pool;

    void operator()(pool_slot* leased) const noexcept;
};

using leased_slot = std::unique_ptr<pool_slot, lease_end>;

/// What is behind a pool: all but the type of what it keeps.
///
/// Whoever acquires only waits in a line. Opening, checking and bringing into order are tasks of
/// the pool's own, whose outcomes go to the first in that line: so a caller who leaves takes nothing
/// with him. Leases, waits and work keep this, so it outlives the pool object.
class pool_core : public boost::intrusive_ref_counter<pool_core, boost::thread_unsafe_counter>,
                  private context_user,
                  private timer_node {
public:
    class wait;

    /// std::invalid_argument for options that make no sense.
    pool_core(loop_core& core, const pool_options& options, bool checks, bool restores);
    virtual ~pool_core();

    /// Opens the least. Once it has a pointer to it.
    void start() noexcept { serve(); }

    /// Null if none is there that can be used as it is.
    leased_slot try_take() noexcept;

    void give_back(slot_ptr s) noexcept; ///< For the next one.
    void discard(slot_ptr s) noexcept;   ///< It is broken, and so may others be.
    void let_go(slot_ptr s) noexcept;    ///< It is the pool's no longer.

    void close() noexcept;
    void abandon() noexcept; ///< As close(); but the pool is gone, and those who wait hear of that.
    static awaitable<void> drain(pool_ptr self);

    pool_statistics statistics() const noexcept;
    std::string description() const;

protected:
    virtual slot_ptr make_slot() = 0;
    virtual awaitable<void> open(pool_slot& s) = 0;    ///< Fills it.
    virtual awaitable<bool> check(pool_slot& s) = 0;   ///< Whether it is alive.
    virtual awaitable<bool> restore(pool_slot& s) = 0; ///< Makes it reusable, if that can be done.
    virtual bool reusable(pool_slot& s) = 0;

private:
    class job;

    enum class work : std::uint8_t { opening, checking, restoring };

    enum class phase : std::uint8_t {
        open,
        draining, // newcomers are refused, who waits is served
        closed,   // nobody waits, and nothing is kept
    };

    bool gone() const noexcept { return loop_ended_ || core_.dead(); }

    /// Whether somebody may still have use for what there is.
    bool wanted() const noexcept { return !gone() && (phase_ == phase::open || waiting_ > 0); }

    bool is_reusable(pool_slot& s) noexcept;
    bool needs_check(const pool_slot& s, time_point now) const noexcept;
    slot_ptr pop_idle() noexcept;
    slot_ptr take_idle() noexcept;
    void keep(slot_ptr s) noexcept;
    void lend(slot_ptr s, wait& to) noexcept;
    void remove(slot_ptr s) noexcept;

    void serve() noexcept;
    void begin_missing() noexcept;
    bool wants_another() const noexcept;
    void begin_opening() noexcept;
    void begin(work what, slot_ptr s) noexcept;
    static awaitable<void> run(job j);
    awaitable<bool> perform(work what, pool_slot& s);

    void ended(job& j) noexcept;
    void opened(slot_ptr s) noexcept;
    void not_opened(std::exception_ptr error, unsigned failures_before) noexcept;
    void lost(slot_ptr s, const std::exception_ptr& error) noexcept;
    duration next_delay() noexcept;
    void
    note(log::level level, std::string_view event, const std::exception_ptr& error) const noexcept;

    void end_waits_that_are_over(time_point now) noexcept;
    std::exception_ptr timed_out() const noexcept;
    void close_expired(time_point now) noexcept;
    void set_timer() noexcept;
    static void on_due(timer_node& node);

    void close_idle() noexcept;
    void wind_up() noexcept;
    std::string title() const;
    void on_context_end() noexcept override;

    loop_core& core_; // not there any more once loop_ended_
    const pool_options options_;
    const context context_; // that of its maker: work is not a caller's
    const bool checks_;
    const bool restores_;
    bool loop_ended_ = false;
    phase phase_ = phase::open;

    std::vector<slot_ptr> idle_;  // room for size_; the one that was used last is at the end
    time_point idle_due_ = never; // when one may have to be closed, or earlier
    time_point distrusted_ = time_point::min(); // who was good before may be dead by now
    std::size_t size_ = 0;                      // idle, leased and worked on: never above the most

    wait_list<wait> waiters_; // in the order of their deadlines; nobody while one is idle and good
    std::size_t waiting_ = 0; // of waiters_

    intrusive_list<pool_slot, in_pool_work> working_;
    intrusive_list<pool_slot, in_pool_work> stopping_; // worked on, and cancelled
    std::size_t opening_ = 0;
    std::size_t checking_ = 0;
    std::size_t restoring_ = 0;

    unsigned failures_ = 0;         // rounds of opening that have failed since one has succeeded
    time_point retry_at_{};         // nothing is opened before
    std::size_t at_once_;           // so many may be opened side by side
    std::exception_ptr last_error_; // while failures_ > 0

    time_point timer_due_ = never; // when it fires, while it is armed
    event empty_;                  // set once size_ is 0 and stays so
    pool_statistics counted_;      // the counters only
};

/// A place in the line of those who want one.
class pool_core::wait : public operation {
public:
    wait(pool_ptr pool, std::source_location where) noexcept;
    wait(wait&&) = default;
    ~wait() { leave(); }

    bool try_now() noexcept;

protected:
    void start();
    void on_cancel();
    void describe_to(std::string& text) const;
    error_code why() const noexcept;
    void explain() const;

    leased_slot slot_;

private:
    friend pool_core;

    void leave() noexcept;
    void end_with(std::exception_ptr error) noexcept;

    pool_ptr pool_;
    std::exception_ptr error_; // what opening one ended with, or its own time
    time_point deadline_ = never;
    bool counted_ = false;
};

} // namespace rill::RILL_FORM::net_detail
