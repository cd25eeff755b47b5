// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "channel.hpp"
#include "path.hpp"

#include <rill/detail/simulation.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>

namespace rill::RILL_FORM::testing::simulation {

class connection;
class fabric;

/// One direction of a connection over a network, as TCP would carry it.
///
/// The bytes leave in segments, as far as the reader's window is open. A segment that is lost is
/// sent again, and those behind it wait for it. Acknowledgements and news of the window are never
/// lost; they take the latency of the way back, and none leaves during a partition.
class flow final : public channel, private timer_node {
public:
    flow(connection& c, bool from_client, path& there, path& back);
    ~flow() override;

    std::size_t room() override;
    bool worth_writing() override;
    void reset() override { send_reset(); }
    void lose_reader() override { reader_ = nullptr; }

    /// Nothing arrives earlier than `t`.
    void not_before(time_point t) noexcept { last_arrival_ = std::max(last_arrival_, t); }

    /// False if the reset does not get through: the peer will not know.
    bool send_reset();

    /// The reading host does not know the connection any more.
    void forget_reader();

    /// A partition on the way has ended.
    void on_heal();

    /// Nothing moves any more; what has arrived can be read.
    void stop() noexcept;

private:
    enum class kind : std::uint8_t { data, end, reset };

    struct segment {
        kind what;
        bool lost;        // `when` is the time to send it again, and not that of its arrival
        std::size_t size; // bytes
        time_point first; // when it left, and when it did so last
        time_point sent;
        time_point when;
        duration patience; // until it is sent again
    };

    struct notice {
        time_point when;
        std::size_t bytes;
    };

    void submitted(std::size_t n) override
    {
        in_buffer_ += n;
        run();
    }
    void consumed(std::size_t n) override;

    static void on_due(timer_node& node);
    void run();
    void arm();
    time_point next_due() const;

    void take_notices(std::deque<notice>& notices, std::size_t& count);
    void send_what_fits();
    void send(kind what, std::size_t size);
    void launch(segment& s);
    bool gets_through();
    bool is_unreachable() const noexcept;
    void lose(segment& s);
    void send_again(segment& s);
    void serve_due();
    void serve_arrival();
    void refuse_arrival(segment& s);
    void give_up();
    void tell_writer();

    std::size_t unsent() const noexcept { return not_arrived() - in_flight_; }

    connection& connection_;
    fabric& net_; // alive until stop()
    bool from_client_;
    path& there_;
    path& back_;
    const std::size_t send_buffer_;
    const std::size_t window_;

    std::deque<segment> flight_; // only the first one's time counts, as bytes stay in order
    std::size_t in_flight_ = 0;  // bytes in there
    std::size_t in_window_ = 0;  // bytes that left and are not known to have been read
    std::size_t in_buffer_ = 0;  // bytes written that have not been acknowledged
    std::deque<notice> acknowledged_;
    std::deque<notice> read_;
    std::size_t read_unheard_ = 0; // bytes read during a partition
    time_point last_arrival_{};
    time_point progress_{}; // when something got through

    time_point armed_for_ = never;
    bool end_sent_ = false;
    bool reset_sent_ = false;
    bool forgotten_ = false; // by the reading host
    bool writer_waits_ = false;
    bool running_ = false;
    bool again_ = false; // run() was called meanwhile
    bool stopped_ = false;
};

} // namespace rill::RILL_FORM::testing::simulation
