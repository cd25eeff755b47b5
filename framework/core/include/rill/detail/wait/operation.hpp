// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/detail/watch/describe.hpp>
#include <rill/error.hpp>

#include <boost/asio/cancellation_type.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>

namespace rill::RILL_FORM::detail {

struct in_line; // tag: a place in a primitive's line of waiters
class operation;

/// What a cancellation slot holds for an operation. Either may die first, so each knows the other.
class cancel_link {
public:
    explicit cancel_link(operation& op) noexcept;
    ~cancel_link();

    cancel_link(const cancel_link&) = delete;
    cancel_link& operator=(const cancel_link&) = delete;

    void operator()(asio::cancellation_type);

private:
    friend class operation;
    operation* op_;
};

/// A pending operation: whoever waits for something is in its line until it is completed, once.
///
/// A kind of waiting derives from this, adds what the wait is about, and says how it starts, what
/// a cancel does to it and what it completes with; see event.hpp for the smallest one.
class operation : public ready_node, public hook<in_line> {
public:
    /// Ends the wait: it leaves its line, and its handler runs in a later turn. The first call
    /// counts: an operation that was completed is not cancelled any more, so no value is lost.
    void complete() noexcept
    {
        if (ready())
            return;
        hook<in_line>::unlink();
        end_wait();
    }

    /// The same without what it waited for: it ends with operation_aborted.
    void abort() noexcept { end_with(was_aborted); }

    /// And with an error of Rill's own.
    void fail(errc why) noexcept { end_with(static_cast<std::uint8_t>(why)); }

    void cancel();

    /// What is waited for: "an item of a queue".
    std::string what();

    /// The same and where: "an item of a queue at orders.cpp:42".
    std::string describe() { return what() + at(where_); }

    const std::source_location& where() const noexcept { return where_; }

    /// The task that waits, by itself or in a gather and the like; null for a handler's wait.
    task_state* waiting_task() noexcept;

protected:
    explicit operation(loop_core* core, std::source_location where = {}) noexcept
        : ready_node(nullptr)
        , core_(core)
        , where_(where)
    {}

    /// Only what has not started is moved.
    operation(operation&& other) noexcept
        : operation(other.core_, other.where_)
    {}

    ~operation() { unlink_slot(); }

    /// What a cancel does, unless a kind of waiting knows better.
    void on_cancel() { abort(); }

    /// What it waits for, in words.
    void describe_to(std::string& text) const { text = "an operation"; }

    bool failed() const noexcept { return failure_ != 0; }

    error_code error() const noexcept
    {
        if (!failed())
            return {};
        return failure_ == was_aborted ? aborted() : make_error_code(static_cast<errc>(failure_));
    }

    /// It will end with operation_aborted, but something is left to wait for.
    void abort_later() noexcept { failure_ = was_aborted; }

    template <class Slot>
    void link_slot(Slot slot)
    {
        if (slot.is_connected())
            link_ = &slot.template emplace<cancel_link>(*this);
    }

    void unlink_slot() noexcept
    {
        if (link_)
            link_->op_ = nullptr;
        link_ = nullptr;
    }

    loop_core* core_;
    std::source_location where_; // of the wait in the user's code, as far as it is known

private:
    friend class cancel_link;
    template <class>
    friend class wait_line;
    template <class>
    friend class wait_list;

    static constexpr std::uint8_t was_aborted = 0xff; // beside the values of errc

    void end_with(std::uint8_t failure) noexcept
    {
        if (ready())
            return;
        failure_ = failure;
        complete();
    }

    void end_wait() noexcept
    {
        if (raced_)
            action_(*this, act::won);
        else
            core_->make_ready(*this);
    }

    cancel_link* link_ = nullptr;
};

inline cancel_link::cancel_link(operation& op) noexcept
    : op_(&op)
{}

inline cancel_link::~cancel_link()
{
    if (op_)
        op_->link_ = nullptr;
}

inline void cancel_link::operator()(asio::cancellation_type)
{
    if (op_)
        op_->cancel();
}

/// Those who wait for the same, in order of arrival.
template <class Waiter = operation>
class wait_line {
public:
    wait_line() = default;

    /// They learn that what they wait for is gone, as with Asio's I/O objects: operation_aborted.
    ~wait_line() { abort_all(); }

    void abort_all() noexcept
    {
        while (Waiter* w = list_.front())
            w->abort();
    }

    bool empty() const noexcept { return list_.empty(); }

    /// Calls f(waiter) for each who waits; f must not change the line.
    template <class F>
    void for_each(F f) const
    {
        list_.for_each(f);
    }

    /// How many wait. Counts them: for statistics.
    std::size_t size() const noexcept { return list_.size(); }

    Waiter* front() const noexcept { return list_.front(); }

    /// `w` waits behind the others until somebody completes it.
    void add(Waiter& w)
    {
        list_.push_back(w);
        w.core_->make_pending(w);
    }

    /// How most waits begin: over at once where they may be, else in the line.
    template <std::derived_from<Waiter> Kind>
    void complete_or_add(Kind& w)
    {
        if (w.try_now())
            w.complete();
        else
            add(w);
    }

    void complete_all() noexcept
    {
        while (Waiter* w = list_.front())
            w->complete();
    }

    void fail_all(errc why) noexcept
    {
        while (Waiter* w = list_.front())
            w->fail(why);
    }

private:
    intrusive_list<Waiter, in_line> list_;
};

/// The waiters of a primitive that hands something over: it knows what was promised and to whom.
template <class Waiter = operation>
class wait_list : public wait_line<Waiter> {
public:
    ~wait_list()
    {
        this->abort_all();
        while (promised_.pop_front())
            continue;
    }

    /// How many have been granted what they waited for, and have not run since. Counts them.
    std::size_t promised() const noexcept { return promised_.size(); }

    /// As w.complete(), for something that `w` now has: until its turn comes it is promised.
    void grant(Waiter& w) noexcept
    {
        w.hook<in_line>::unlink();
        promised_.push_back(w);
        w.end_wait();
    }

    void grant_or_add(Waiter& w)
    {
        if (w.try_now())
            grant(w);
        else
            this->add(w);
    }

    /// For a primitive that dies: also those who were granted something, and have not run since,
    /// learn that it is gone.
    void abort_all_and_promised() noexcept
    {
        this->abort_all();
        while (Waiter* w = promised_.pop_front())
            w->abort_later();
    }

private:
    intrusive_list<Waiter, in_line> promised_; // they leave it themselves when they run
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/operation.ipp>
#endif
