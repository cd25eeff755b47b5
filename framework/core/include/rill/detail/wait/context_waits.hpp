// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/intrusive_list.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <memory>
#include <mutex>

namespace rill::RILL_FORM::detail {

namespace asio = boost::asio;

struct in_context_waits; // tag: a place in the list of what waits in a context

/// What waits in an execution context and is held by another thread, which may not know when the
/// context ends. The context takes it away then, as it does with all that waits in it.
class context_wait : public hook<in_context_waits>,
                     public std::enable_shared_from_this<context_wait> {
public:
    context_wait(const context_wait&) = delete;
    context_wait& operator=(const context_wait&) = delete;

    struct list {
        std::mutex mutex;
        intrusive_list<context_wait, in_context_waits> all;
    };

    /// Called once, and perhaps while another thread is about to end the wait. What the context is
    /// made of is still there, until this returns.
    virtual void on_context_end() noexcept = 0;

protected:
    /// Null: nobody tells of the end.
    explicit context_wait(asio::execution_context* context);
    virtual ~context_wait();

private:
    std::shared_ptr<list> list_;
};

/// A service, so it hears of the end of its context before that is taken apart.
class context_waits final : public asio::execution_context::service {
public:
    RILL_ONE_PER_PROGRAM static inline asio::execution_context::id id;

    explicit context_waits(asio::execution_context& context)
        : service(context)
    {}

    const std::shared_ptr<context_wait::list> list = std::make_shared<context_wait::list>();

private:
    void shutdown() noexcept override
    {
        for (;;) {
            std::unique_lock lock(list->mutex);
            context_wait* const first = list->all.pop_front();
            if (!first)
                return;
            const auto alive = first->weak_from_this().lock(); // else it is being destroyed
            lock.unlock();
            if (alive)
                alive->on_context_end();
        }
    }
};

/// The context of an executor; null where it does not tell.
template <class Executor>
asio::execution_context* context_told_by(const Executor& ex) noexcept
{
    constexpr bool tells =
        requires(asio::execution_context*& c) { c = &asio::query(ex, asio::execution::context); };
    if constexpr (tells)
        return &asio::query(ex, asio::execution::context);
    else
        return nullptr;
}

// Implementation

inline context_wait::context_wait(asio::execution_context* context)
{
    if (!context)
        return;
    list_ = asio::use_service<context_waits>(*context).list;
    const std::lock_guard lock(list_->mutex);
    list_->all.push_back(*this);
}

inline context_wait::~context_wait()
{
    if (!list_)
        return;
    const std::lock_guard lock(list_->mutex);
    hook<in_context_waits>::unlink();
}

} // namespace rill::RILL_FORM::detail
