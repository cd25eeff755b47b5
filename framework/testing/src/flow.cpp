// SPDX-License-Identifier: BSL-1.0
#include "flow.hpp"

#include "connection.hpp"
#include "fabric.hpp"
#include "stream_end.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace rill::RILL_FORM::testing::simulation {

namespace {

using namespace std::chrono_literals;

constexpr duration least_patience = 200ms;
constexpr duration most_patience = 2min;

} // namespace

flow::flow(connection& c, bool from_client, path& there, path& back)
    : timer_node(&on_due)
    , connection_(c)
    , net_(c.net())
    , from_client_(from_client)
    , there_(there)
    , back_(back)
    , send_buffer_(net_.send_buffer)
    , window_(net_.receive_window)
{}

flow::~flow()
{
    stop();
}

std::size_t flow::room()
{
    take_notices(acknowledged_, in_buffer_);
    const std::size_t room = send_buffer_ - in_buffer_;
    if (room == 0 && !writer_waits_) {
        writer_waits_ = true;
        arm();
    }
    return room;
}

/// As on Linux, a writer is not woken for a few bytes.
bool flow::worth_writing()
{
    const bool worth = 3 * room() >= send_buffer_;
    if (!worth && !writer_waits_) {
        writer_waits_ = true;
        arm();
    }
    return worth;
}

void flow::consumed(std::size_t n)
{
    if (stopped_)
        return;
    if (back_.cut)
        read_unheard_ += n;
    else
        read_.push_back({net_.now() + back_.latency(), n});
    if (unsent() > 0)
        run();
}

void flow::on_heal()
{
    if (stopped_)
        return;
    if (const std::size_t n = std::exchange(read_unheard_, 0))
        read_.push_back({net_.now() + back_.latency(), n});
    run();
}

void flow::on_due(timer_node& node)
{
    auto& self = static_cast<flow&>(node);
    self.armed_for_ = never;
    self.run();
}

/// Does what is due now. Without latency, one thing leads to the next.
void flow::run()
{
    if (stopped_)
        return;
    again_ = true;
    if (std::exchange(running_, true))
        return;
    while (std::exchange(again_, false) && !stopped_) {
        serve_due();
        take_notices(acknowledged_, in_buffer_);
        take_notices(read_, in_window_);
        send_what_fits();
        tell_writer();
    }
    running_ = false;
    arm();
}

time_point flow::next_due() const
{
    time_point next = flight_.empty() ? never : flight_.front().when;
    if (unsent() > 0 && !read_.empty())
        next = std::min(next, read_.front().when);
    if (writer_waits_ && !acknowledged_.empty())
        next = std::min(next, acknowledged_.front().when);
    return next;
}

void flow::arm()
{
    if (running_ || stopped_)
        return;
    const time_point next = next_due();
    if (next == armed_for_)
        return;
    net_.core().disarm(*this);
    net_.core().arm(*this, next);
    armed_for_ = next;
}

void flow::take_notices(std::deque<notice>& notices, std::size_t& count)
{
    if (notices.empty() || stopped_)
        return;
    const time_point now = net_.now();
    while (!notices.empty() && notices.front().when <= now) {
        count -= notices.front().bytes;
        notices.pop_front();
    }
}

/// The bytes of a segment stay where they are; it knows how many they are.
void flow::send_what_fits()
{
    while (unsent() > 0 && in_window_ < window_) {
        const std::size_t most = std::min(unsent(), window_ - in_window_);
        send(kind::data, std::min(most, there_.next_segment(net_.core().random)));
    }
    if (finished_ && unsent() == 0 && !std::exchange(end_sent_, true))
        send(kind::end, 0);
    if (!flight_.empty() && flight_.front().when <= net_.now())
        again_ = true;
}

void flow::send(kind what, std::size_t size)
{
    const time_point now = net_.now();
    const duration patience =
        std::max<duration>(least_patience, 2 * (there_.longest() + back_.longest()));
    in_flight_ += size;
    in_window_ += size;
    connection_.tell(
        what == kind::data ? testing::network_event::kind::data : testing::network_event::kind::fin,
        from_client_,
        size
    );
    flight_.push_back({what, false, size, now, now, now, patience});
    launch(flight_.back());
}

void flow::launch(segment& s)
{
    ++net_.statistics.segments;
    s.sent = net_.now();
    s.lost = false;
    if (!gets_through()) {
        lose(s);
        return;
    }
    s.when = there_.arrival(s.sent, s.size, net_.core().random);
    not_before(s.when);
    s.when = last_arrival_;
}

bool flow::is_unreachable() const noexcept
{
    return there_.cut || !connection_.receiver_of(from_client_).up;
}

bool flow::gets_through()
{
    return !is_unreachable() && !there_.loses(net_.core().random);
}

void flow::lose(segment& s)
{
    ++net_.statistics.lost;
    connection_.tell(testing::network_event::kind::lost, from_client_, s.size);
    s.lost = true;
    s.when = std::max(net_.now(), s.sent + s.patience);
    s.patience = std::min(2 * s.patience, most_patience);
}

void flow::serve_due()
{
    const time_point now = net_.now();
    while (!stopped_ && !flight_.empty() && flight_.front().when <= now) {
        segment& first = flight_.front();
        if (first.lost)
            send_again(first);
        else if (!is_unreachable())
            serve_arrival();
        else if (first.what == kind::reset)
            flight_.pop_front(); // nobody sends that again
        else
            lose(first);
    }
}

void flow::send_again(segment& s)
{
    if (net_.now() - std::max(s.first, progress_) >= net_.retransmit_limit) {
        give_up();
        return;
    }
    ++net_.statistics.retransmitted;
    connection_.tell(testing::network_event::kind::retransmit, from_client_, s.size);
    launch(s);
}

void flow::serve_arrival()
{
    segment& s = flight_.front();
    if (s.what == kind::reset) {
        flight_.pop_front();
        connection_.on_reset(from_client_);
        return;
    }
    connection_.finish_handshake();
    const bool answered = reader_ || (s.what == kind::end && !forgotten_);
    if (!answered) {
        refuse_arrival(s);
        return;
    }
    const segment arrived = s;
    flight_.pop_front();
    in_flight_ -= arrived.size;
    progress_ = net_.now();
    net_.statistics.bytes += arrived.size;
    connection_.tell(testing::network_event::kind::deliver, from_client_, arrived.size);
    if (arrived.size > 0)
        acknowledged_.push_back({progress_ + back_.latency(), arrived.size});
    if (arrived.what == kind::end)
        arrive_end();
    else
        arrive(arrived.size);
}

/// There is no such connection. The segment stays here, unacknowledged: the reset may be lost.
void flow::refuse_arrival(segment& s)
{
    s.lost = true;
    s.when = net_.now() + s.patience;
    s.patience = std::min(2 * s.patience, most_patience);
    connection_.flow_of(!from_client_).send_reset();
}

void flow::give_up()
{
    ++net_.statistics.timed_out;
    connection_.tell(testing::network_event::kind::time_out, from_client_, 0);
    stream_end* writer = writer_;
    stop();
    connection_.flow_of(!from_client_).forget_reader();
    if (writer)
        writer->fail(asio::error::timed_out);
}

void flow::tell_writer()
{
    if (writer_waits_ && writer_ && 3 * (send_buffer_ - in_buffer_) >= send_buffer_) {
        writer_waits_ = false;
        writer_->look_for_room();
    }
}

/// What is on its way arrives before the reset; what has been lost is not sent again.
bool flow::send_reset()
{
    if (std::exchange(reset_sent_, true) && !flight_.empty())
        return true;
    stopped_ = false;
    std::size_t dropped = unsent();
    const auto lost =
        std::find_if(flight_.begin(), flight_.end(), [](const segment& s) { return s.lost; });
    for (auto s = lost; s != flight_.end(); ++s) {
        dropped += s->size;
        in_flight_ -= s->size;
    }
    flight_.erase(lost, flight_.end());
    bytes_.drop_back(dropped);
    finished_ = end_sent_ = true;

    ++net_.statistics.resets;
    connection_.tell(testing::network_event::kind::reset, from_client_, 0);
    const bool sent = gets_through();
    if (sent) {
        not_before(there_.arrival(net_.now(), 0, net_.core().random));
        flight_.push_back({kind::reset, false, 0, net_.now(), net_.now(), last_arrival_, {}});
    }
    run();
    return sent;
}

void flow::forget_reader()
{
    reader_ = nullptr;
    forgotten_ = true;
    in_window_ = in_flight_; // the rest of it leaves, and finds that out
    read_.clear();
    run();
}

void flow::stop() noexcept
{
    if (std::exchange(stopped_, true))
        return;
    if (armed())
        net_.core().disarm(*this);
    armed_for_ = never;
    flight_.clear();
    acknowledged_.clear();
    read_.clear();
    bytes_.drop_back(not_arrived());
    in_flight_ = 0;
}

} // namespace rill::RILL_FORM::testing::simulation
