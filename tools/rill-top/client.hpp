// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "snapshot.hpp"
#include "text.hpp"

#include <rill/awaitable.hpp>
#include <rill/stream.hpp>
#include <rill/timeout.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace top {

/// The service refused a command, closed the connection, or took too long.
class service_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A connection to the admin socket of a service. One command at a time.
///
/// Every command throws protocol_error, service_error or system_error. After an error, or a
/// cancellation, the connection is of no use any more.
class client {
public:
    /// system_error if nobody listens at the path.
    static rill::awaitable<client> connect(std::string socket);

    /// protocol_error as well if the service speaks another protocol.
    rill::awaitable<service_info> info();

    rill::awaitable<std::vector<loop_info>> loops();

    /// Puts the tasks into `to`. Keeps at most `most_tasks` and `most_bytes` of text, and counts
    /// what is more.
    rill::awaitable<void> tasks(snapshot& to);

    /// All of it.
    rill::awaitable<snapshot> everything();

    static constexpr std::size_t most_tasks = 250'000;
    static constexpr std::size_t most_bytes = 256 * 1024 * 1024;
    static constexpr std::size_t longest_line = 16 * 1024 * 1024;

private:
    using on_line = std::function<void(message&&, std::size_t bytes)>;

    explicit client(rill::stream stream);

    rill::awaitable<void> ask(std::string_view command, on_line take);

    rill::stream stream_;
};

/// What `answer` gives; service_error if that takes longer than `limit`. Cancellation: as its own.
template <class T>
rill::awaitable<T> within(std::chrono::milliseconds limit, rill::awaitable<T> answer)
{
    try {
        co_return co_await rill::timeout(limit, std::move(answer));
    } catch (const rill::timeout_error&) {
    }
    throw service_error(
        "no answer within " + milliseconds(static_cast<std::uint64_t>(limit.count()))
    );
}

} // namespace top
