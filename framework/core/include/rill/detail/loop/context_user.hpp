// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/intrusive_list.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

#include <mutex>

namespace rill::RILL_FORM::detail {

namespace asio = boost::asio;

struct in_context; // tag: a place in the list of those who use a part of an execution context
class context_users;

/// Something that uses a part of an execution context, a socket or a loop, and may outlive it. It
/// is told of the end while that part can still be destroyed, and must not touch it afterwards.
class context_user : public hook<in_context> {
public:
    context_user(const context_user&) = delete;
    context_user& operator=(const context_user&) = delete;

protected:
    explicit context_user(asio::execution_context& context);
    ~context_user();

private:
    friend class context_users;

    /// Called once, unless it was made while the context ended already. It may destroy others.
    virtual void on_context_end() noexcept = 0;

    context_users* users_; // null once the context has ended
};

/// The execution context that an executor stands for.
template <class Executor>
asio::execution_context& context_of(const Executor& ex) noexcept
{
    return asio::query(ex, asio::execution::context);
}

/// A service, so it hears of the end of its context before any service is destroyed. Objects may be
/// made and destroyed on several threads where the context allows that.
class context_users final : public asio::execution_context::service {
public:
    RILL_ONE_PER_PROGRAM static inline asio::execution_context::id id;

    explicit context_users(asio::execution_context& context)
        : service(context)
    {}

private:
    friend class context_user;

    void shutdown() noexcept override
    {
        while (context_user* user = take_one())
            user->on_context_end();
    }

    context_user* take_one() noexcept;

    std::mutex mutex_;
    intrusive_list<context_user, in_context> all_;
    bool ended_ = false;
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/context_user.ipp>
#endif
