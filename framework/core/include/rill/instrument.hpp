// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/loop_core.hpp>
#include <rill/loop.hpp>
#include <rill/task.hpp>

#include <memory>
#include <utility>

namespace rill::RILL_FORM {

/// Somebody who is told what a loop does: for tracing, measuring and tests. Mirrors trio's
/// Instrument.
///
/// Its functions are called on the loop's thread, within what they tell of, and are to be short;
/// several are called in the order in which they were added. One that throws is never called again,
/// and its exception goes to the loop's exception handler. A loop without instruments spends
/// nothing on them.
class instrument {
public:
    virtual ~instrument() = default;

    virtual void before_turn() {} ///< The loop comes from waiting for its sockets and deadlines.
    virtual void after_turn() {}  ///< It goes there.
    virtual void task_created(const task_ref&) {} ///< Before its first step.
    virtual void task_ended(const task_ref&) {}

    /// A step begins: of a task, or null for a callback. Steps nest where one dispatches another.
    virtual void before_step(const task_ref*) {}
    virtual void after_step() {}
};

/// Adds one, until the returned object dies. On the loop's thread; the object may outlive the loop.
class [[nodiscard]] instrumented {
public:
    instrumented(const loop& l, std::shared_ptr<instrument> i);
    instrumented(const asio::any_io_executor& ex, std::shared_ptr<instrument> i);

    ~instrumented();

    instrumented(instrumented&&) noexcept = default;
    instrumented& operator=(instrumented&& other) noexcept
    {
        adapter_.swap(other.adapter_);
        return *this;
    }

private:
    class adapter;
    std::shared_ptr<adapter> adapter_; // null after a move
};

// Implementation

class instrumented::adapter final : public detail::loop_observer,
                                    public std::enable_shared_from_this<adapter> {
public:
    adapter(detail::loop_core& core, std::shared_ptr<instrument> i)
        : core_(core)
        , mail_(&core.mail())
        , instrument_(std::move(i))
    {
        core_.monitor.add(*this);
    }

    ~adapter() = default;

    adapter(const adapter&) = delete;
    adapter& operator=(const adapter&) = delete;

    void on(detail::loop_event event, detail::task_state* task) noexcept override;

    void leave() noexcept;

private:
    void tell(detail::loop_event event, detail::task_state* task);

    void before_step(detail::task_state* task);

    detail::loop_core& core_;
    detail::mailbox_ptr mail_; // tells whether the loop is still there
    std::shared_ptr<instrument> instrument_;
    bool there_ = true;
};

inline instrumented::instrumented(const asio::any_io_executor& ex, std::shared_ptr<instrument> i)
    : adapter_(std::make_shared<adapter>(detail::loop_core::of(ex), std::move(i)))
{}

inline instrumented::~instrumented()
{
    if (adapter_)
        adapter_->leave();
}

inline instrumented::instrumented(const loop& l, std::shared_ptr<instrument> i)
    : instrumented(l.get_executor(), std::move(i))
{}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/instrument.ipp>
#endif
