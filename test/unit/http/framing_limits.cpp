// SPDX-License-Identifier: BSL-1.0
#include "parse.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using test::guard;

/// The verdict, after checking that cutting the bytes into reads does not change it.
int status(const std::string& bytes)
{
    const auto whole = guard(bytes);
    CHECK(guard(bytes, 1, 1) == whole);
    CHECK(guard(bytes, bytes.size() / 2, 7) == whole);
    return whole.status;
}

std::string request_line(std::size_t size)
{
    const std::string begin = "GET /";
    const std::string end = " HTTP/1.1";
    return begin + std::string(size - begin.size() - end.size(), 'a') + end + "\r\nHost: a\r\n\r\n";
}

/// A request whose header section has `size` bytes.
std::string header_section(std::size_t size)
{
    const std::string host = "Host: a\r\n";
    const std::string name = "A: ";
    const auto value = std::string(size - host.size() - name.size() - 2, 'b');
    return "GET / HTTP/1.1\r\n" + host + name + value + "\r\n\r\n";
}

std::string fields(std::size_t count)
{
    std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 1; i < count; ++i)
        bytes += "A: b\r\n";
    return bytes + "\r\n";
}

std::string chunked(const std::string& body)
{
    return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
}

/// A chunk line of `size` bytes and its chunk.
std::string chunk_line(std::size_t size)
{
    return "1;" + std::string(size - 2, 'a') + "\r\nx\r\n";
}

std::string trailer_section(std::size_t size)
{
    return "A: " + std::string(size - 5, 'b') + "\r\n";
}

std::string repeat(const std::string& text, std::size_t count)
{
    std::string all;
    while (count-- > 0)
        all += text;
    return all;
}

} // namespace

TEST_CASE("framing guard: a request line beyond its limit is a 414")
{
    CHECK(status(request_line(8191)) == 0);
    CHECK(status(request_line(8192)) == 0);
    CHECK(status(request_line(8193)) == 414);
}

TEST_CASE("framing guard: a request line without end is refused at the limit")
{
    CHECK(status(std::string(8192, 'A')) == 0);
    CHECK(status(std::string(8193, 'A')) == 414);
}

TEST_CASE("framing guard: a header section beyond its limit is a 431")
{
    CHECK(status(header_section(32767)) == 0);
    CHECK(status(header_section(32768)) == 0);
    CHECK(status(header_section(32769)) == 431);
    CHECK(status(header_section(32770)) == 431);
    CHECK(status(header_section(70000)) == 431);
}

TEST_CASE("framing guard: a header section without end is refused at the limit")
{
    const std::string begin = "GET / HTTP/1.1\r\n";
    CHECK(status(begin + "A: " + std::string(32768 - 5, 'b')) == 0);
    CHECK(status(begin + "A: " + std::string(32768 - 4, 'b')) == 431);
}

TEST_CASE("framing guard: more fields than allowed are a 431")
{
    CHECK(status(fields(99)) == 0);
    CHECK(status(fields(100)) == 0);
    CHECK(status(fields(101)) == 431);
}

TEST_CASE("framing guard: a chunk line beyond its limit is refused")
{
    CHECK(status(chunked(chunk_line(255) + "0\r\n\r\n")) == 0);
    CHECK(status(chunked(chunk_line(256) + "0\r\n\r\n")) == 0);
    CHECK(status(chunked(chunk_line(257) + "0\r\n\r\n")) == 400);
}

TEST_CASE("framing guard: the chunk extensions of a message are limited together")
{
    const auto sixteen = repeat(chunk_line(256), 16); // 255 bytes of extension each
    CHECK(status(chunked(sixteen + chunk_line(16) + "0;\r\n")) == 400);
    CHECK(status(chunked(sixteen + chunk_line(17) + "0\r\n\r\n")) == 0);
    CHECK(status(chunked(sixteen + chunk_line(18) + "0\r\n\r\n")) == 400);
}

TEST_CASE("framing guard: trailers are limited in bytes and fields")
{
    CHECK(status(chunked("0\r\n" + trailer_section(4096) + "\r\n")) == 0);
    CHECK(status(chunked("0\r\n" + trailer_section(4097) + "\r\n")) == 400);
    CHECK(status(chunked("0\r\n" + repeat("A: b\r\n", 16) + "\r\n")) == 0);
    CHECK(status(chunked("0\r\n" + repeat("A: b\r\n", 17) + "\r\n")) == 400);
}

TEST_CASE("framing guard: a chunked body announces its size before its bytes arrive")
{
    const test::settings l;
    test::chunk_parser chunks(l);
    const auto first = chunks.next("5\r\nhe");
    CHECK(first.payload == "he");
    CHECK(chunks.announced() == 5);
    const auto second = chunks.next("llo\r\n1000\r\n");
    CHECK(second.payload == "llo");
    chunks.next("\r\n1000\r\n");
    CHECK(chunks.announced() == 5 + 0x1000);
}
