// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace rill::RILL_FORM::testing {

/// Something that has happened on a network.
struct network_event {
    enum class kind {
        listen,     // `from` accepts connections
        connect,    // `from` begins to connect to `to`
        refuse,     // nobody listens there
        accept,     // `to` has the connection in its queue
        data,       // `bytes` leave
        fin,        // the end leaves
        lost,       // a segment is lost: it was bad luck, a partition, or a host that is down
        retransmit, // it is sent again
        deliver,    // `bytes` arrive; none: the end
        reset,      // `from` cuts the connection
        time_out,   // `from` has given up
        partition,  // between the hosts `from` and `to`
        heal,
        crash, // of the host `from`
        restart,
    };

    kind what;
    duration when;    // since the network was made
    std::string from; // "client:32768", "server:80"; of hosts their names
    std::string to;   // empty where there is none
    std::size_t bytes = 0;
};

/// One line: "0.020000 client:32768 > server:80 data 5".
std::string to_string(const network_event& e);

/// What has happened on a network so far.
struct network_statistics {
    std::uint64_t connections = 0; // that were established
    std::uint64_t refused = 0;
    std::uint64_t segments = 0; // with data, or the end; those sent again included
    std::uint64_t bytes = 0;    // that arrived
    std::uint64_t lost = 0;     // segments
    std::uint64_t retransmitted = 0;
    std::uint64_t resets = 0;
    std::uint64_t timed_out = 0; // connections
};

} // namespace rill::RILL_FORM::testing
