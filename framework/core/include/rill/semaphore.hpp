// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/primitive.hpp>
#include <rill/detail/wait/wait_operation.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <tuple>
#include <utility>

namespace rill::RILL_FORM {

class semaphore;

/// Holds permits of a semaphore, and gives them back at its end.
class [[nodiscard]] permit {
public:
    permit() = default; ///< Holds nothing.

    /// Takes over permits that the caller has acquired.
    permit(semaphore& acquired, std::ptrdiff_t count) noexcept
        : semaphore_(&acquired, give_back{count})
    {}

    std::ptrdiff_t count() const noexcept
    {
        return semaphore_ ? semaphore_.get_deleter().count : 0;
    }

    void release() noexcept { semaphore_.reset(); } ///< Now; nothing if it holds nothing.

private:
    struct give_back {
        std::ptrdiff_t count;

        void operator()(semaphore* held) const noexcept;
    };

    std::unique_ptr<semaphore, give_back> semaphore_;
};

struct semaphore_statistics {
    std::ptrdiff_t available; ///< Permits that nobody holds or has been promised.
    std::size_t waiting;      ///< Those who wait for permits.
    std::size_t promised;     ///< Those who were given theirs and have not run since.
};

/// A number of permits, for as many tasks of one loop at a time. Mirrors asyncio.Semaphore.
///
///     const auto one = co_await connections.scoped();
///
/// Permits are given in the order of waiting: while somebody waits for many, nobody overtakes with a
/// wish for few. Every operation supports total cancellation; who had been given permits before the
/// cancel arrived has them. Those who wait when it is destroyed end with operation_aborted.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class semaphore : public detail::primitive {
    class waiter;
    class scoped_waiter;

public:
    /// On the loop of `ex`. Throws std::invalid_argument if `permits` is negative.
    explicit semaphore(const asio::any_io_executor& ex, std::ptrdiff_t permits = 1);

    /// On the loop that this thread runs.
    explicit semaphore(std::ptrdiff_t permits = 1);

    ~semaphore() { waiters_.abort_all_and_promised(); }

    /// Returns a guard of `n` permits once the caller holds them; at once, without suspending, if
    /// they are there and nobody waits. Throws std::invalid_argument if `n` is below 1, as all
    /// operations do.
    auto scoped(std::ptrdiff_t n = 1, std::source_location where = std::source_location::current());

    /// Completes with void(error_code, permit) once the permit holds `n`.
    template <asio::completion_token_for<void(error_code, permit)> Token>
    auto async_scoped(std::ptrdiff_t n, Token&& token);
    template <asio::completion_token_for<void(error_code, permit)> Token>
    auto async_scoped(Token&& token) ///< One.
    {
        return async_scoped(1, std::forward<Token>(token));
    }

    /// Returns once the caller holds `n` permits, and is to release them.
    auto
    acquire(std::ptrdiff_t n = 1, std::source_location where = std::source_location::current());

    /// Completes with void(error_code) once the handler's side holds `n` permits.
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_acquire(std::ptrdiff_t n, Token&& token);
    template <asio::completion_token_for<void(error_code)> Token>
    auto async_acquire(Token&& token) ///< One.
    {
        return async_acquire(1, std::forward<Token>(token));
    }

    /// False, and nothing is taken, if fewer than `n` are there or somebody waits.
    bool try_acquire(std::ptrdiff_t n = 1);

    /// Gives `n` permits back, or adds them. Those who wait and whom they suffice for run later, in
    /// their order.
    void release(std::ptrdiff_t n = 1);

    /// Whether acquire() would wait.
    bool locked() const noexcept;

    std::ptrdiff_t available() const noexcept; ///< Permits that nobody holds or was promised.

    semaphore_statistics statistics() const noexcept;

    /// In words; see to_string.
    std::string description() const;

protected:
    semaphore(const asio::any_io_executor& ex, std::ptrdiff_t permits, std::ptrdiff_t limit);
    semaphore(std::ptrdiff_t permits, std::ptrdiff_t limit);

private:
    friend class permit;

    std::ptrdiff_t checked(std::ptrdiff_t n) const;
    bool take(std::ptrdiff_t n) noexcept;
    void check_start() const;
    void give(std::ptrdiff_t n) noexcept;
    void serve() noexcept;

    std::ptrdiff_t available_;
    std::ptrdiff_t limit_;              // of available_, and so of what can be acquired at once
    detail::wait_list<waiter> waiters_; // the first one wants more than available_
};

/// A semaphore that never has more permits than at its start. Mirrors asyncio.BoundedSemaphore.
///
/// release() throws std::logic_error where it would, and changes nothing; acquiring more than it can
/// ever have throws std::invalid_argument.
class bounded_semaphore : public semaphore {
public:
    explicit bounded_semaphore(const asio::any_io_executor& ex, std::ptrdiff_t permits = 1)
        : semaphore(ex, permits, permits)
    {}

    explicit bounded_semaphore(std::ptrdiff_t permits = 1)
        : semaphore(permits, permits)
    {}
};

} // namespace rill::RILL_FORM

#include <rill/impl/semaphore.hpp>

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/semaphore.ipp>
#endif
