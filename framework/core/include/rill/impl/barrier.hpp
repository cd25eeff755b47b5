// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/barrier.hpp>

namespace rill::RILL_FORM {

class barrier::waiter : public detail::operation, public detail::hook<detail::released> {
public:
    waiter(barrier& b, std::source_location where) noexcept
        : operation(b.core_, where)
        , barrier_(&b)
    {}

    waiter(waiter&&) = default;

    ~waiter() { hook<detail::released>::unlink(); }

    bool try_now() noexcept;

    void release(std::size_t number) noexcept;

    std::size_t take() noexcept
    {
        leave();
        return number_;
    }

protected:
    void start();

    void on_cancel()
    {
        --barrier_->in_line_;
        operation::abort();
    }

    void describe_to(std::string& text) const;

private:
    /// The last one to leave lets the next round begin.
    void leave() noexcept;

    barrier* barrier_;
    std::size_t number_ = 0;
};

inline barrier::barrier(const asio::any_io_executor& ex, std::ptrdiff_t parties)
    : primitive(ex)
    , parties_(parties)
{
    check_start();
}

inline barrier::barrier(std::ptrdiff_t parties)
    : primitive("a barrier")
    , parties_(parties)
{
    check_start();
}

inline barrier::~barrier()
{
    while (released_.pop_front())
        continue;
}

inline bool barrier::draining() const noexcept
{
    return !released_.empty();
}

inline std::size_t barrier::in_line() const noexcept
{
    return waiters_.empty() ? 0 : in_line_;
}

inline void barrier::abort() noexcept
{
    note_use("a barrier");
    broken_ = true;
    waiters_.fail_all(errc::broken);
}

inline std::size_t barrier::parties() const noexcept
{
    return static_cast<std::size_t>(parties_);
}

inline std::size_t barrier::n_waiting() const noexcept
{
    return draining() ? 0 : in_line();
}

inline bool barrier::broken() const noexcept
{
    return broken_;
}

inline auto barrier::wait(std::source_location where)
{
    return detail::wait_operation<void(error_code, std::size_t), waiter>(
        std::in_place, *this, where
    );
}

template <asio::completion_token_for<void(error_code, std::size_t)> Token>
auto barrier::async_wait(Token&& token)
{
    return wait(std::source_location()).initiate(std::forward<Token>(token));
}

} // namespace rill::RILL_FORM
