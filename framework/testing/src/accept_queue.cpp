// SPDX-License-Identifier: BSL-1.0
#include "accept_queue.hpp"

#include <algorithm>
#include <utility>

namespace rill::RILL_FORM::testing::simulation {

accept_queue::accept_queue(
    loop_core& core,
    const endpoint& where,
    int backlog,
    bool share,
    std::shared_ptr<socket_limit> sockets
)
    : at(where)
    , shared(share)
    , core_(core)
    , sockets_(std::move(sockets))
    , places_(static_cast<std::size_t>(std::max(backlog, 0)) + 1) // as on Linux, one more
    , changed_(core.executor())
{}

bool accept_queue::reserve()
{
    if (queue_.size() + reserved_ >= places_)
        return false;
    ++reserved_;
    return true;
}

void accept_queue::put(std::unique_ptr<stream_end> end, const endpoint& peer)
{
    unreserve();
    queue_.push_back({std::move(end), peer});
    changed_.set();
}

void accept_queue::close(error_code why) noexcept
{
    if (is_closed())
        return;
    why_closed_ = why;
    for (const waiting& w : queue_)
        w.end->cut_when_closed();
    queue_.clear();
    changed_.set();
}

awaitable<error_code> accept_queue::wait(std::shared_ptr<accept_queue> self)
{
    co_await self->changed_.wait();
    co_return self->why_closed_;
}

stream_socket accept_queue::accept(endpoint& peer, error_code& ec)
{
    ec = why_closed_;
    if (!ec && queue_.empty())
        ec = asio::error::would_block;
    std::shared_ptr<void> place;
    if (!ec && !(place = sockets_->take()))
        ec = asio::error::no_descriptors;
    if (ec)
        return stream_socket(core_.executor());
    waiting next = std::move(queue_.front());
    queue_.pop_front();
    if (queue_.empty())
        changed_.clear();
    peer = next.peer;
    next.end->occupy(std::move(place));
    return stream_socket(std::move(next.end));
}

} // namespace rill::RILL_FORM::testing::simulation
