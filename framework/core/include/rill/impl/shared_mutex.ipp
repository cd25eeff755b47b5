// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/shared_mutex.hpp>

#include <stdexcept>

namespace rill::RILL_FORM {

RILL_DECL shared_mutex::~shared_mutex()
{
    writers_.abort_all();
    readers_.abort_all_and_promised();
    writers_.abort_all_and_promised();
}

RILL_DECL bool shared_mutex::try_lock() noexcept
{
    note_use("a shared mutex");
    return take<detail::access::exclusive>();
}

RILL_DECL bool shared_mutex::try_lock_shared() noexcept
{
    note_use("a shared mutex");
    return take<detail::access::shared>();
}

RILL_DECL void shared_mutex::unlock()
{
    note_use("a shared mutex");
    if (!locked_)
        throw std::logic_error("rill::shared_mutex: no writer has locked it");
    give_back<detail::access::exclusive>();
}

RILL_DECL void shared_mutex::unlock_shared()
{
    note_use("a shared mutex");
    if (sharing_ == 0)
        throw std::logic_error("rill::shared_mutex: no reader has locked it");
    give_back<detail::access::shared>();
}

RILL_DECL void shared_mutex::serve() noexcept
{
    if (locked_)
        return;
    const bool readers_turn = writers_.empty() || overtaking_ >= most_writers_in_a_row;
    if (readers_turn && !readers_.empty())
        let_readers_in();
    else if (sharing_ == 0 && !writers_.empty())
        hand_to_writer();
}

RILL_DECL void shared_mutex::hand_to_writer() noexcept
{
    auto& next = *writers_.front();
    locked_ = true;
    holder_ = next.mark();
    overtaking_ = readers_.empty() ? 0 : overtaking_ + 1;
    writers_.grant(next);
}

RILL_DECL void shared_mutex::let_readers_in() noexcept
{
    overtaking_ = 0;
    while (auto* next = readers_.front()) {
        ++sharing_;
        readers_.grant(*next);
    }
}

RILL_DECL std::string shared_mutex::with_holder() const
{
    std::string text = title();
    if (sharing_ > 0)
        text += ", held by " + std::to_string(sharing_) + (sharing_ == 1 ? " reader" : " readers");
    else if (const detail::task_state* by = locked_ ? holder_.task() : nullptr)
        text += ", held by " + by->description();
    else if (locked_ && holder_.has_ended())
        text += ", held by a task that has ended";
    return text;
}

RILL_DECL std::string shared_mutex::description() const
{
    const bool free = !locked_ && sharing_ == 0;
    return with_holder() +
           (free      ? " (free"
            : locked_ ? " (locked"
                      : " (shared") +
           detail::and_waiting(readers_.size(), "reader waits", "readers wait") +
           detail::and_waiting(writers_.size(), "writer waits", "writers wait") + ")";
}

RILL_DECL shared_mutex_statistics shared_mutex::statistics() const noexcept
{
    return {
        locked_,
        sharing_,
        writers_.size(),
        readers_.size(),
        writers_.promised() + readers_.promised(),
    };
}

} // namespace rill::RILL_FORM
