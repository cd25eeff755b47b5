// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/error.hpp>
#include <rill/task.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/bind_immediate_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

namespace test {

namespace asio = boost::asio;

/// The operations that are tried with every token in this program: "mutex.hpp async_lock".
inline std::set<std::string>& listed_operations()
{
    static std::set<std::string> names;
    return names;
}

/// Joins the list before main begins, so that a test which runs alone sees it whole.
template <class Op>
inline const bool is_listed = listed_operations().insert(Op::name).second;

/// How a handler was called.
struct call {
    int count = 0;
    bool failed = false;
    bool cancelled = false;

    void note(rill::error_code ec)
    {
        ++count;
        failed = ec.failed();
        cancelled = ec == rill::condition::cancelled;
    }

    void note(const std::exception_ptr& error)
    {
        ++count;
        failed = error != nullptr;
        cancelled = rill::is_cancellation(error);
    }

    auto handler()
    {
        return [this](auto error, auto&&...) { note(error); };
    }
};

/// Counts what it has allocated and not freed.
template <class T>
struct counting_allocator {
    using value_type = T;

    explicit counting_allocator(int& n)
        : live(&n)
    {}

    template <class U>
    counting_allocator(const counting_allocator<U>& other)
        : live(other.live)
    {}

    T* allocate(std::size_t n)
    {
        ++*live;
        return std::allocator<T>().allocate(n);
    }

    void deallocate(T* p, std::size_t n)
    {
        --*live;
        std::allocator<T>().deallocate(p, n);
    }

    friend bool operator==(const counting_allocator&, const counting_allocator&) = default;

    int* live;
};

/// One operation on an io_context of its own, as a program that knows no tasks has it.
///
/// `Op` is made from an io_context, and has: name; start(token), which begins an operation that
/// waits; finish(), which lets it complete. One that cannot be complete when it begins says
/// never_at_once, and one that another context has a part in lets that have its turn().
template <class Op>
class trial {
public:
    asio::io_context io;
    std::optional<Op> op{std::in_place, io};

    /// Runs `context` until `done()`.
    template <class Done>
    void run_until(Done done)
    {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!done() && std::chrono::steady_clock::now() < give_up) {
            if constexpr (requires { op->turn(); })
                op->turn();
            io.restart();
            if (io.poll() == 0)
                std::this_thread::yield(); // something is on its way through a pool
        }
        CHECK(done());
    }

    void settle()
    {
        io.restart();
        io.poll();
    }
};

template <class Op>
void try_callback()
{
    trial<Op> t;
    call called;
    t.op->start(called.handler());
    t.settle();
    CHECK(called.count == 0);
    t.op->finish();
    CHECK(called.count == 0); // nobody is called from within
    t.run_until([&] { return called.count > 0; });
    CHECK(called.count == 1);
    CHECK_FALSE(called.failed);
}

template <class Op>
void try_future()
{
    trial<Op> t;
    auto future = t.op->start(asio::use_future);
    t.settle();
    t.op->finish();
    t.run_until([&] {
        return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    });
    CHECK_NOTHROW(static_cast<void>(future.get()));
}

template <class Op>
void try_deferred()
{
    trial<Op> t;
    auto operation = t.op->start(asio::deferred);
    call called;
    std::move(operation)(called.handler());
    t.settle();
    CHECK(called.count == 0);
    t.op->finish();
    t.run_until([&] { return called.count > 0; });
    CHECK_FALSE(called.failed);
}

/// `await(op)` is a coroutine that waits for the operation.
template <class Op, class Await>
void try_plain_coroutine(Await await)
{
    trial<Op> t;
    call called;
    asio::co_spawn(t.io, await(*t.op), called.handler());
    t.settle();
    CHECK(called.count == 0);
    t.op->finish();
    t.run_until([&] { return called.count > 0; });
    CHECK_FALSE(called.failed);
}

template <class Op>
rill::awaitable<void> await_deferred(Op& op)
{
    auto operation = op.start(asio::deferred);
    static_cast<void>(co_await std::move(operation));
}

template <class Op>
rill::awaitable<void> await_use_awaitable(Op& op)
{
    static_cast<void>(co_await op.start(asio::use_awaitable));
}

template <class Op>
rill::awaitable<void> await_tuple(Op& op)
{
    const auto results = co_await op.start(asio::as_tuple(asio::use_awaitable));
    CHECK_FALSE(std::get<0>(results));
}

template <class Op>
void try_task()
{
    trial<Op> t;
    const auto task = rill::create_task(t.io.get_executor(), await_deferred(*t.op));
    t.settle();
    CHECK_FALSE(task.done());
    t.op->finish();
    t.run_until([&] { return task.done(); });
    CHECK_NOTHROW(task.result());
}

template <class Op>
void try_detached()
{
    trial<Op> t;
    t.op->start(asio::detached);
    t.settle();
    t.op->finish();
    t.settle();
}

template <class Op>
void try_strand()
{
    trial<Op> t;
    const auto strand = asio::make_strand(t.io);
    bool inside = false;
    bool called = false;
    t.op->start(asio::bind_executor(strand, [&](auto&&...) {
        inside = strand.running_in_this_thread();
        called = true;
    }));
    t.settle();
    t.op->finish();
    t.run_until([&] { return called; });
    CHECK(inside);
}

template <class Op>
void try_foreign_context()
{
    trial<Op> t;
    asio::io_context other;
    call called;
    t.op->start(asio::bind_executor(other, called.handler()));
    t.settle();
    t.op->finish();
    t.settle();
    CHECK(called.count == 0);
    t.run_until([&] {
        other.restart();
        other.poll();
        return called.count > 0;
    });
    CHECK_FALSE(called.failed);
}

template <class Op>
void try_pool()
{
    trial<Op> t;
    asio::thread_pool pool(1);
    std::promise<std::thread::id> where;
    auto called = where.get_future();
    t.op->start(asio::bind_executor(pool, [&](auto&&...) {
        where.set_value(std::this_thread::get_id());
    }));
    t.settle();
    t.op->finish();
    t.run_until([&] {
        return called.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    });
    CHECK(called.get() != std::this_thread::get_id());
    pool.join();
}

template <class Op>
void try_allocator()
{
    trial<Op> t;
    int live = 0;
    int live_in_handler = -1;
    t.op->start(asio::bind_allocator(counting_allocator<void>(live), [&](auto&&...) {
        live_in_handler = live;
    }));
    t.settle();
    CHECK(live > 0);
    t.op->finish();
    t.run_until([&] { return live_in_handler >= 0; });
    CHECK(live_in_handler == 0);
}

template <class Op>
void try_cancellation()
{
    trial<Op> t;
    asio::cancellation_signal signal;
    call called;
    t.op->start(asio::bind_cancellation_slot(signal.slot(), called.handler()));
    t.settle();
    signal.emit(asio::cancellation_type::total);
    t.run_until([&] { return called.count > 0; });
    CHECK(called.cancelled);
    t.op->finish(); // has nobody to finish
    t.settle();
    signal.emit(asio::cancellation_type::total); // long over
    CHECK(called.count == 1);
}

/// What is complete when it begins calls the handler on its immediate executor.
template <class Op>
void try_immediate()
{
    if constexpr (requires { Op::never_at_once; })
        return;
    trial<Op> t;
    t.op->finish();
    t.settle();
    call called;
    t.op->start(asio::bind_immediate_executor(asio::system_executor(), called.handler()));
    t.settle();
    CHECK(called.count == 1);
    CHECK_FALSE(called.failed);
}

/// The program ends with the operation going on.
template <class Op>
void try_abandoned()
{
    std::optional<trial<Op>> t(std::in_place);
    const auto held = std::make_shared<int>();
    t->op->start([held](auto&&...) {});
    t->settle();
    CHECK(held.use_count() > 1);
    t.reset();
    CHECK(held.use_count() == 1);
}

template <class Op>
void every_token()
{
    static_cast<void>(is_listed<Op>);
    INFO(std::string(Op::name));
    SUBCASE("a callback")
    {
        try_callback<Op>();
    }
    SUBCASE("use_future")
    {
        try_future<Op>();
    }
    SUBCASE("deferred, started later")
    {
        try_deferred<Op>();
    }
    SUBCASE("a plain coroutine, deferred")
    {
        try_plain_coroutine<Op>(await_deferred<Op>);
    }
    SUBCASE("a plain coroutine, use_awaitable")
    {
        try_plain_coroutine<Op>(await_use_awaitable<Op>);
    }
    SUBCASE("a plain coroutine, as_tuple")
    {
        try_plain_coroutine<Op>(await_tuple<Op>);
    }
    SUBCASE("a task")
    {
        try_task<Op>();
    }
    SUBCASE("detached")
    {
        try_detached<Op>();
    }
    SUBCASE("bind_executor: a strand")
    {
        try_strand<Op>();
    }
    SUBCASE("bind_executor: another io_context")
    {
        try_foreign_context<Op>();
    }
    SUBCASE("bind_executor: a thread_pool")
    {
        try_pool<Op>();
    }
    SUBCASE("bind_allocator")
    {
        try_allocator<Op>();
    }
    SUBCASE("bind_cancellation_slot")
    {
        try_cancellation<Op>();
    }
    SUBCASE("bind_immediate_executor")
    {
        try_immediate<Op>();
    }
    SUBCASE("the io_context ends")
    {
        try_abandoned<Op>();
    }
}

} // namespace test
