// SPDX-License-Identifier: BSL-1.0
#include "http_settings.hpp"

namespace hello {

void describe(rill::schema<http_settings>& s)
{
    using namespace std::chrono_literals;
    using rill::bytes;
    using rill::gib;
    using rill::kib;
    using rill::mib;
    using h = http_settings;
    s.about("Limits of every HTTP connection. The defaults suit services behind and before a proxy."
    );
    s.key(&h::request_line, "Longest request line; a longer one is answered with 414.")
        .range(bytes{64}, mib(1));
    s.key(&h::header_section, "All header fields together; more are answered with 431.")
        .range(bytes{256}, mib(1));
    s.key(&h::header_fields, "Number of header fields; more are answered with 431.")
        .range(1, 10'000)
        .unit("fields");
    s.key(&h::chunk_line, "Longest line before a chunk of a chunked body.")
        .range(bytes{16}, kib(64));
    s.key(&h::chunk_extensions, "All chunk extensions of a body together.").at_most(mib(1));
    s.key(&h::trailer_section, "All trailer fields behind a body together.").at_most(mib(1));
    s.key(&h::trailer_fields, "Number of trailer fields.").at_most(10'000).unit("fields");
    s.key(&h::body, "Largest body; a larger one is answered with 413. It is held in memory.")
        .at_most(gib(1));
    s.key(&h::pipelined, "Pipelined requests answered before anything is written.")
        .range(1, 1000)
        .unit("requests");
    s.key(
         &h::requests_per_connection,
         "After so many a connection is closed, so that clients spread again. 0 means no limit."
    )
        .unit("requests");
    s.key(
         &h::connection_age,
         "Age at which a connection is closed, give or take a tenth. 0s means never."
    )
        .at_least(0ms);
    s.key(&h::first_byte_timeout, "A client that connects and sends nothing for so long is closed.")
        .at_least(1ms);
    s.key(&h::header_timeout, "Time for a request's head to arrive; after it, 408.").at_least(1ms);
    s.key(&h::keep_alive_idle, "Silence between two requests after which a connection is closed.")
        .at_least(1ms);
    s.key(&h::keep_alive_grace, "On a stop, how long an idle connection may still send a request.")
        .at_least(0ms);
    s.key(&h::body_gap, "Silence within a body after which it is given up with 408.").at_least(1ms);
    s.key(&h::body_rate, "Bytes a second that a body must reach once body_rate_grace has passed.");
    s.key(&h::body_rate_grace, "Time before body_rate counts.").at_least(0ms);
    s.key(&h::request_timeout, "Time for a whole request, its answer included; after it, 504.")
        .at_least(1ms);
    s.key(&h::write_stall, "A client that reads nothing for so long is cut.").at_least(1ms);
    s.key(
         &h::unread_body,
         "What is still read of an unwanted body, so that the client sees the answer."
    )
        .at_most(mib(64));
    s.key(&h::unread_timeout, "How long that may take.").at_least(1ms);
}

rill::http::limits limits_of(const http_settings& settings)
{
    const auto size = [](rill::bytes b) { return static_cast<std::size_t>(b.count()); };
    rill::http::limits l;
    l.request_line = size(settings.request_line);
    l.header_section = size(settings.header_section);
    l.header_fields = settings.header_fields;
    l.chunk_line = size(settings.chunk_line);
    l.chunk_extensions = size(settings.chunk_extensions);
    l.trailer_section = size(settings.trailer_section);
    l.trailer_fields = settings.trailer_fields;
    l.body = settings.body.count();
    l.pipelined = settings.pipelined;
    l.requests_per_connection = settings.requests_per_connection;
    l.connection_age = settings.connection_age;
    l.first_byte = settings.first_byte_timeout;
    l.header = settings.header_timeout;
    l.keep_alive_idle = settings.keep_alive_idle;
    l.body_gap = settings.body_gap;
    l.body_rate = size(settings.body_rate);
    l.body_rate_grace = settings.body_rate_grace;
    l.request = settings.request_timeout;
    l.write_stall = settings.write_stall;
    l.unread_body = size(settings.unread_body);
    l.unread_wait = settings.unread_timeout;
    return l;
}

} // namespace hello
