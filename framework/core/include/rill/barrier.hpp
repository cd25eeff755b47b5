// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <cstddef>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {

struct released; // tag: a place among those whom a barrier has let go, and who have not run since

} // namespace detail

struct barrier_statistics {
    std::size_t parties;
    std::size_t waiting;  ///< Those who have come in the round that fills.
    std::size_t released; ///< Those of the round before who have not run since.
    std::size_t blocked;  ///< Newcomers who wait until these have.
};

/// A place where a fixed number of tasks meet: each waits until all have come. Mirrors
/// asyncio.Barrier.
///
///     const std::size_t number = co_await phase_done.wait();
///
/// It can be used again. A next round begins when everybody of this one has left; who comes before
/// that is not counted yet, and is the first in the next round. Cancellation: total; who was
/// released before the cancel arrived has passed. The barrier may be destroyed as soon as the last
/// has come: those who were released pass, and those who wait end with operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class barrier : public detail::primitive {
    class waiter;

public:
    /// On the loop of `ex`. Throws std::invalid_argument if `parties` is below 1.
    barrier(const asio::any_io_executor& ex, std::ptrdiff_t parties);

    /// On the loop that this thread runs.
    explicit barrier(std::ptrdiff_t parties);

    ~barrier();

    /// Returns once all have come: a number from 0, in the order in which those who pass had come,
    /// to parties() - 1. The last one does not suspend.
    /// Errors: errc::broken after abort(), and for those who wait at an abort() or reset().
    auto wait(std::source_location where = std::source_location::current());

    /// As wait(). Completes with void(error_code, std::size_t).
    template <asio::completion_token_for<void(error_code, std::size_t)> Token>
    auto async_wait(Token&& token);

    /// Begins anew: those who wait for others end with errc::broken, and the barrier is usable at
    /// once, also after an abort(). Those who were released pass; newcomers whom these keep waiting
    /// go on to wait. Mirrors Barrier.reset.
    void reset() noexcept;

    /// All who wait, newcomers too, and all who come end with errc::broken, until reset(). Those
    /// who were released pass. Mirrors Barrier.abort.
    void abort() noexcept;

    std::size_t parties() const noexcept;

    /// How many have come, while it fills; 0 while a round leaves. Mirrors Barrier.n_waiting.
    std::size_t n_waiting() const noexcept;

    bool broken() const noexcept; ///< After abort(), until reset().

    barrier_statistics statistics() const noexcept;

    /// In words; see to_string.
    std::string description() const;

private:
    void check_start() const;
    bool draining() const noexcept;
    std::size_t in_line() const noexcept;
    bool is_last() const noexcept;
    void release(std::size_t n) noexcept;

    std::ptrdiff_t parties_;
    detail::wait_list<waiter> waiters_; // fewer than parties_, unless it is draining()
    std::size_t in_line_ = 0;           // their number, unless a loop's end took them
    detail::intrusive_list<waiter, detail::released> released_;
    bool broken_ = false;
};

} // namespace rill::RILL_FORM

#include <rill/impl/barrier.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/barrier.ipp>
#endif
