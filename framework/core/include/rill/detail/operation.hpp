// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/describe.hpp>
#include <rill/detail/loop_core.hpp>
#include <rill/error.hpp>

#include <boost/asio/cancellation_type.hpp>

#include <source_location>
#include <string>

namespace rill::detail {

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
        if (raced_)
            action_(*this, act::won);
        else
            core_->make_ready(*this);
    }

    /// The same without what it waited for: it ends with operation_aborted.
    void abort() noexcept
    {
        if (ready())
            return;
        aborted_ = true;
        complete();
    }

    void cancel()
    {
        if (!ready())
            action_(*this, act::cancel);
    }

    /// What is waited for, and where: "a queue's item at orders.cpp:42".
    std::string describe()
    {
        std::string text;
        core_->describing = &text;
        action_(*this, act::describe);
        return text + at(where_);
    }

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

    error_code error() const noexcept { return aborted_ ? aborted() : error_code(); }

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
    friend class wait_list;

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

/// The waiters of a primitive, in order of arrival.
template <class Waiter = operation>
class wait_list {
public:
    /// They learn that the primitive is gone, as with Asio's I/O objects: operation_aborted.
    ~wait_list()
    {
        while (Waiter* w = list_.front())
            w->abort();
    }

    bool empty() const noexcept { return list_.empty(); }

    Waiter* front() const noexcept { return list_.front(); }

    /// `w` waits behind the others until somebody completes it.
    void add(Waiter& w)
    {
        list_.push_back(w);
        w.core_->make_pending(w);
    }

    void complete_all() noexcept
    {
        while (Waiter* w = list_.front())
            w->complete();
    }

private:
    intrusive_list<Waiter, in_line> list_;
};

} // namespace rill::detail
