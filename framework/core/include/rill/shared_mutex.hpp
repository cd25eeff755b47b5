// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/loop/task_mark.hpp>
#include <rill/detail/wait/held_object.hpp>
#include <rill/detail/wait/lock_guard.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <cstddef>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM {

class shared_mutex;

namespace detail {

enum class access { exclusive, shared };

} // namespace detail

/// Each holds a shared_mutex, and unlocks it at its end.
using scoped_exclusive_lock = detail::lock_guard<shared_mutex, detail::access::exclusive>;
using scoped_shared_lock = detail::lock_guard<shared_mutex, detail::access::shared>;

struct shared_mutex_statistics {
    bool locked;                 ///< By a writer.
    std::size_t readers;         ///< Those who hold it shared.
    std::size_t waiting_writers; ///< Those who wait to hold it alone.
    std::size_t waiting_readers; ///< Those who wait to hold it with others.
    std::size_t promised;        ///< Those who were handed it and have not run since.
};

/// Either one holds it alone, a writer, or any number with each other, readers. What
/// std::shared_mutex is between threads; asyncio has none.
///
///     const auto reading = co_await routes.scoped_shared();
///
/// Writers come first: while one waits, readers that come wait as well, and a writer that unlocks
/// hands it to the next writer, even if readers came before that one. Among themselves writers are
/// served in the order in which they came; readers are let in together. Yet nobody starves: after
/// most_writers_in_a_row that were served while readers waited, all readers that wait then are let
/// in, and then the writers go on. So a reader waits for at most that many writers beside the one
/// that holds it, and a writer for those before it and as many turns of readers as that makes.
///
/// It has no owner: anyone may unlock it. It is not re-entrant: a reader that locks it again waits
/// for itself if a writer has come meanwhile. Every operation supports total cancellation; who had
/// been handed the mutex before the cancel arrived has it, and readers that waited only because of
/// a writer that was cancelled are let in. Those who wait when it is destroyed end with
/// operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class shared_mutex final : public detail::primitive, private detail::held_object {
    template <detail::access Kind>
    using guard = detail::lock_guard<shared_mutex, Kind>;
    template <detail::access Kind>
    class waiter;
    template <detail::access Kind>
    class scoped_waiter;

public:
    static constexpr std::size_t most_writers_in_a_row = 8;

    /// Unlocked; on the loop of `ex`.
    explicit shared_mutex(const asio::any_io_executor& ex)
        : primitive(ex)
        , held_object(*core_)
    {}

    /// The same on the loop that this thread runs.
    shared_mutex()
        : primitive("a shared_mutex")
        , held_object(*core_)
    {}

    ~shared_mutex();

    /// Returns a guard once the caller holds it alone; at once, without suspending, if it is free.
    auto scoped(std::source_location where = std::source_location::current());

    /// Completes with void(error_code, scoped_exclusive_lock) once the handler's side has it alone.
    template <asio::completion_token_for<void(error_code, scoped_exclusive_lock)> Token>
    auto async_scoped(Token&& token);

    /// Returns once the caller holds it alone, and is to unlock() it.
    auto lock(std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once the handler's side holds it alone.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_lock(Token&& token);

    bool try_lock() noexcept; ///< False if somebody holds it.

    /// Gives it to those whose turn it is, who run later. Throws std::logic_error if no writer
    /// holds it.
    void unlock();

    /// Returns a guard once the caller holds it with other readers; at once, without suspending, if
    /// no writer holds it or waits for it.
    auto scoped_shared(std::source_location where = std::source_location::current());

    /// Completes with void(error_code, scoped_shared_lock) once the handler's side holds it shared.
    template <asio::completion_token_for<void(error_code, scoped_shared_lock)> Token>
    auto async_scoped_shared(Token&& token);

    /// Returns once the caller holds it with other readers, and is to unlock_shared() it.
    auto lock_shared(std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once the handler's side holds it with other readers.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_lock_shared(Token&& token);

    bool try_lock_shared() noexcept; ///< False if a writer holds it or waits for it.

    /// The last reader gives it to the first writer who waits, who runs later. Throws
    /// std::logic_error if no reader holds it.
    void unlock_shared();

    shared_mutex_statistics statistics() const noexcept;

    /// In words; see to_string.
    std::string description() const;

private:
    friend scoped_exclusive_lock;
    friend scoped_shared_lock;

    template <detail::access Kind>
    bool take() noexcept;
    template <detail::access Kind>
    auto& line() noexcept;
    template <detail::access Kind>
    void give_back() noexcept;

    template <detail::access Kind>
    auto lock_operation(std::source_location where);
    template <detail::access Kind>
    auto scoped_operation(std::source_location where);

    void serve() noexcept;
    void hand_to_writer() noexcept;
    void let_readers_in() noexcept;
    std::string with_holder() const;

    /// The writer; readers are not known by name.
    const detail::task_state* holder() const noexcept override
    {
        return locked_ ? holder_.task() : nullptr;
    }

    std::string title() const override { return called("a shared mutex"); }

    detail::wait_list<waiter<detail::access::exclusive>> writers_; // empty while it is free
    detail::wait_list<waiter<detail::access::shared>> readers_; // if any, a writer holds or waits
    detail::task_mark holder_; // of the writer that locked it; to be looked at while the loop lives
    std::size_t sharing_ = 0;  // readers that hold it
    std::size_t overtaking_ = 0; // writers served in a row while readers waited
    bool locked_ = false;        // by a writer; then sharing_ is 0
};

} // namespace rill::RILL_FORM

#include <rill/impl/shared_mutex.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/shared_mutex.ipp>
#endif
