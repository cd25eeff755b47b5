// SPDX-License-Identifier: BSL-1.0
#include "content_reader.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace {

using rill::http::settings;
using rill::http::detail::content_reader;
using rill::http::detail::progress;

/// A message in a buffer, whose first `head` bytes are its head.
struct message {
    rill::net_detail::buffer_pool_ptr blocks{new rill::net_detail::buffer_pool};
    rill::net_detail::buffer_pool& pool = *blocks;
    rill::extend::byte_buffer in{pool};
    rill::http::detail::head head;
    settings l;
    content_reader reader{l};

    progress begin(std::string_view there)
    {
        in.append("HEAD");
        head.size = 4;
        in.append(there);
        return reader.begin(head, in);
    }

    progress take(std::string_view more)
    {
        in.append(more);
        return reader.take(in);
    }

    std::string_view content() const { return in.view().substr(reader.offset(), reader.size()); }

    std::string_view behind() const { return in.view().substr(reader.message_end()); }
};

} // namespace

TEST_CASE("content reader: a message without content is complete at once")
{
    message m;
    CHECK(m.begin("next") == progress::complete);
    CHECK(m.content().empty());
    CHECK(m.behind() == "next");
}

TEST_CASE("content reader: content of a known length lies behind the head")
{
    message m;
    m.head.content_length = 5;
    CHECK(m.begin("he") == progress::more);
    CHECK(m.reader.room(m.in) == 3);
    CHECK(m.take("llonext") == progress::complete);
    CHECK(m.content() == "hello");
    CHECK(m.behind() == "next");
}

TEST_CASE("content reader: chunks are put together, and what follows stays as it came")
{
    message m;
    m.head.chunked = true;
    CHECK(m.begin("2\r\nhe\r\n3") == progress::more);
    CHECK(m.in.view() == "HEADhe"); // chunk lines are not kept
    CHECK(m.reader.room(m.in) == 4096);
    CHECK(m.take("\r\nllo\r\n0\r\n\r\nnext") == progress::complete);
    CHECK(m.content() == "hello");
    CHECK(m.behind() == "next");
}

TEST_CASE("content reader: content that says that it is too large is refused at once")
{
    message by_length;
    by_length.l.body = rill::bytes(4);
    by_length.head.content_length = 5;
    CHECK(by_length.begin("") == progress::refused);
    CHECK(by_length.reader.status() == 413);

    message by_chunk;
    by_chunk.l.body = rill::bytes(4);
    by_chunk.head.chunked = true;
    CHECK(by_chunk.begin("2\r\nhe\r\n3") == progress::more);
    CHECK(by_chunk.take("\r\n") == progress::refused);
    CHECK(by_chunk.reader.status() == 413);
}

TEST_CASE("content reader: chunks against the grammar are refused")
{
    message m;
    m.head.chunked = true;
    CHECK(m.begin("x") == progress::refused);
    CHECK(m.reader.status() == 400);
}

TEST_CASE("content reader: serves one message after the other")
{
    message m;
    m.head.chunked = true;
    CHECK(m.begin("2\r\nhe\r\n0\r\n\r\n") == progress::complete);
    m.in.consume(m.reader.message_end());
    CHECK(m.begin("1\r\na\r\n0\r\n\r\n") == progress::complete);
    CHECK(m.content() == "a");
    m.in.consume(m.reader.message_end());
    m.head.chunked = false;
    m.head.content_length = 1;
    CHECK(m.begin("b") == progress::complete);
    CHECK(m.content() == "b");
}

TEST_CASE("content reader: room for content that is only promised grows with what is there")
{
    message m;
    m.l.body = rill::gib(1);
    m.head.content_length = m.l.body;
    CHECK(m.begin("") == progress::more);
    CHECK(m.reader.room(m.in) == 64 * 1024);
    m.take(std::string(100 * 1024, 'a'));
    CHECK(m.reader.room(m.in) == 100 * 1024 + 4);
}
