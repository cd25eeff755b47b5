// SPDX-License-Identifier: BSL-1.0
#include "keep_output.hpp"

#include <algorithm>
#include <new>
#include <span>

namespace rill::process_detail {

namespace {

constexpr std::size_t much = 32 * 1024;   // at once: more is there, or soon
constexpr std::size_t piece = 128 * 1024; // as a reader reads
constexpr std::size_t share = 8 * piece;  // before others have their turn
constexpr std::size_t large = 8 * share;

/// A long output grows in few steps: memory that nobody has touched yet costs nothing, and each step
/// copies what is there.
void make_room(std::string& to, std::size_t more, std::size_t most)
{
    if (to.capacity() - to.size() >= more)
        return;
    const std::size_t factor = to.size() < large ? 4 : 16;
    try {
        to.reserve(std::min(most, std::max(to.size() + more, factor * to.size())));
    } catch (const std::bad_alloc&) {
        // It grows in small steps then.
    }
}

/// What the pipe has at this moment goes straight to where it stays. An end or an error is the
/// reader's to meet, and so is what is too long.
void take_at_once(pipe_end& from, std::string& to, std::size_t most)
{
    for (std::size_t taken = 0; taken < share;) {
        const std::size_t before = to.size();
        const std::size_t room = std::min(piece, most - before);
        make_room(to, room, most);
        to.resize(before + room);
        error_code ignored;
        const std::size_t n = from.try_read(std::span(to.data() + before, room), ignored);
        to.resize(before + n);
        if (n < piece)
            break;
        taken += n;
    }
}

} // namespace

awaitable<void> keep_output(pipe_reader& from, std::string& to, std::size_t most)
{
    for (;;) {
        const std::string_view held = co_await from.read_some();
        if (held.empty())
            break;
        if (held.size() > most - to.size())
            throw limit_overrun_error("rill::process: an output is longer than max_output", most);
        const bool flows = held.size() >= much;
        make_room(to, held.size(), most);
        to += held;
        from.consume(held.size());
        if (flows)
            take_at_once(from.stream(), to, most);
    }
}

} // namespace rill::process_detail
