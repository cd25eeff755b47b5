// SPDX-License-Identifier: BSL-1.0
#include <rill/http/settings.hpp>
#include <rill/schema.hpp>

namespace rill::http {

void describe(schema<settings>& s)
{
    using namespace std::chrono_literals;

    s.about("Limits of every HTTP connection. The defaults suit services behind and before a proxy."
    );
    s.key(&settings::request_line, "Longest request line; a longer one is answered with 414.")
        .range(bytes{64}, mib(1));
    s.key(&settings::header_section, "All header fields together; more are answered with 431.")
        .range(bytes{256}, mib(1));
    s.key(&settings::header_fields, "Number of header fields; more are answered with 431.")
        .range(1, 10'000)
        .unit("fields");
    s.key(&settings::chunk_line, "Longest line before a chunk of a chunked body.")
        .range(bytes{16}, kib(64));
    s.key(&settings::chunk_extensions, "All chunk extensions of a body together.").at_most(mib(1));
    s.key(&settings::trailer_section, "All trailer fields behind a body together.").at_most(mib(1));
    s.key(&settings::trailer_fields, "Number of trailer fields.").at_most(10'000).unit("fields");
    s.key(&settings::body, "Largest body; a larger one is answered with 413. It is held in memory.")
        .at_most(gib(1));
    s.key(&settings::pipelined, "Pipelined requests answered before anything is written.")
        .range(1, 1000)
        .unit("requests");
    s.key(
         &settings::requests_per_connection,
         "After so many a connection is closed, so that clients spread again. 0 means no limit."
    )
        .unit("requests");
    s.key(&settings::connection_age, "Age at which a connection is closed, give or take a tenth.")
        .at_least(1ms)
        .or_never();
    s.key(
         &settings::first_byte_timeout,
         "A client that connects and sends nothing for so long is closed."
    )
        .at_least(1ms)
        .or_never();
    s.key(&settings::header_timeout, "Time for a request's head to arrive; after it, 408.")
        .at_least(1ms)
        .or_never();
    s.key(
         &settings::keep_alive_idle,
         "Silence between two requests after which a connection is closed."
    )
        .at_least(1ms)
        .or_never();
    s.key(
         &settings::keep_alive_grace,
         "On a stop, how long an idle connection may still send a request."
    )
        .at_least(0ms)
        .or_never();
    s.key(&settings::body_gap, "Silence within a body after which it is given up with 408.")
        .at_least(1ms)
        .or_never();
    s.key(
        &settings::body_rate,
        "Bytes a second that a body must reach once body_rate_grace has passed."
    );
    s.key(&settings::body_rate_grace, "Time before body_rate counts.").at_least(0ms).or_never();
    s.key(
         &settings::request_timeout, "Time for a whole request, its answer included; after it, 504."
    )
        .at_least(1ms)
        .or_never();
    s.key(&settings::write_stall, "A client that reads nothing for so long is cut.")
        .at_least(1ms)
        .or_never();
    s.key(
         &settings::unread_body,
         "What is still read of an unwanted body, so that the client sees the answer."
    )
        .at_most(gib(1));
    s.key(&settings::unread_gap, "Silence after which that is given up.").at_least(1ms).or_never();
    s.key(&settings::unread_timeout, "How long that may take in all.").at_least(1ms).or_never();
    s.key(
         &settings::unread_connections,
         "Of how many connections that is done at once, by all workers together."
    )
        .at_most(1'000'000)
        .unit("connections");
}

} // namespace rill::http

template const rill::described::table& rill::described::table_of<rill::http::settings>();
