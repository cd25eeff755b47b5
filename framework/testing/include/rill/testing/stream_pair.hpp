// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
#include <rill/stream.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>

namespace rill::RILL_FORM {

namespace testing::simulation {

class wire_state;

} // namespace testing::simulation

namespace testing {

/// What carries the bytes from one stream of a pair to the other, for tests that decide what
/// arrives and when. It may outlive the streams.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class wire {
public:
    static constexpr std::size_t everything = std::numeric_limits<std::size_t>::max();

    /// From now on what is written arrives only when pump() says so; the end of it too.
    void hold() noexcept;

    /// The opposite: what has been held arrives now.
    void release();

    /// Lets at most `at_most` bytes arrive, and says how many did. With the last of them comes
    /// the end, if the writer has written it.
    std::size_t pump(std::size_t at_most = everything);

    /// Bytes that have been written and have not arrived.
    std::size_t held_bytes() const noexcept;

    /// `f()` is called in each write, before anything arrives. It may hold() and pump().
    void on_write(std::function<void()> f);

    /// `f()` is called once the writer writes its end, or is closed.
    void on_close(std::function<void()> f);

private:
    friend struct pair_maker;

    explicit wire(std::shared_ptr<simulation::wire_state> state) noexcept;

    std::shared_ptr<simulation::wire_state> state_;
};

/// How a pair of streams is made.
class pair_options : public stream_options {
public:
    pair_options() {}
    pair_options(const stream_options& options)
        : stream_options(options)
    {}

    /// Bytes that each wire takes before a writer has to wait. 0: lock-step, a write is done only
    /// when the other side reads, or waits to.
    pair_options& capacity(std::size_t bytes)
    {
        wire_capacity = bytes;
        return *this;
    }

    std::size_t wire_capacity = 64 * 1024;
};

/// Two connected streams, and what lies between them.
struct connected_streams {
    stream first;
    stream second;
    wire forth; ///< From first to second.
    wire back;
};

/// Makes two streams that are connected with each other, in memory: no time passes between them,
/// and no descriptor is used. They behave as those of a unix socket. Mirrors Trio's
/// memory_stream_pair and lockstep_stream_pair.
connected_streams stream_pair(const asio::any_io_executor& ex, const pair_options& options = {});

/// On the loop that this thread runs.
connected_streams stream_pair(const pair_options& options = {});

} // namespace testing
} // namespace rill::RILL_FORM
