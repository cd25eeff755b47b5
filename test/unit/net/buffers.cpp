// SPDX-License-Identifier: BSL-1.0
#include <support/held_bytes.hpp>

#include <rill/detail/byte_buffer.hpp>
#include <rill/detail/write_buffer.hpp>

#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>

namespace {

using rill::net_detail::buffer_pool;
using rill::net_detail::byte_buffer;
using rill::net_detail::write_buffer;

void put(byte_buffer& to, std::string_view bytes)
{
    const auto room = to.prepare(bytes.size());
    REQUIRE(room.size() >= bytes.size());
    std::copy(bytes.begin(), bytes.end(), room.begin());
    to.commit(bytes.size());
}

std::string contents(const write_buffer& b)
{
    const auto all = b.gather();
    return {boost::asio::buffers_begin(all), boost::asio::buffers_end(all)};
}

TEST_CASE("byte_buffer: gives back what was put in, whatever the order of steps")
{
    boost::asio::io_context io;
    std::mt19937 random(7);
    const auto below = [&](std::size_t n) { return random() % n; };
    byte_buffer buffer(buffer_pool::of(io.get_executor()));
    std::string expected;
    for (int i = 0; i < 3000; ++i) {
        const std::string piece(
            below(i % 10 == 0 ? 100'000 : 500), static_cast<char>('a' + i % 26)
        );
        put(buffer, piece);
        expected += piece;
        if (i % 7 == 0)
            buffer.park();
        const std::size_t n = below(expected.size() + 1);
        buffer.consume(n);
        expected.erase(0, n);
        REQUIRE(buffer.view() == expected);
    }
}

TEST_CASE("byte_buffer: one that is empty and parked holds no memory, and a block is used again")
{
    boost::asio::io_context io;
    buffer_pool& pool = buffer_pool::of(io.get_executor());
    byte_buffer one(pool);
    const char* block = one.prepare(64 * 1024).data();
    put(one, "x");
    one.consume(1);
    one.park();
    byte_buffer two(pool);
    CHECK(two.prepare(64 * 1024).data() == block);
}

TEST_CASE("byte_buffer: a few bytes do not hold a large block while they wait")
{
    boost::asio::io_context io;
    buffer_pool& pool = buffer_pool::of(io.get_executor());
    byte_buffer one(pool);
    const char* block = one.prepare(64 * 1024).data();
    put(one, "half a line");
    one.park();
    CHECK(one.view() == "half a line");
    byte_buffer two(pool);
    CHECK(two.prepare(64 * 1024).data() == block);
    put(one, " and its end");
    CHECK(one.view() == "half a line and its end");
}

TEST_CASE("buffers may outlive the loop whose memory they use")
{
    std::optional<byte_buffer> in;
    std::optional<write_buffer> out;
    {
        boost::asio::io_context io;
        in.emplace(buffer_pool::of(io.get_executor()));
        out.emplace(buffer_pool::of(io.get_executor()));
        put(*in, "in");
        static_cast<void>(in->prepare(64 * 1024));
        out->append(std::string_view("out"));
    }
    CHECK(in->view() == "in");
    in->consume(2);
    in->park();
    put(*in, "more");
    CHECK(contents(*out) == "out");
    out->append(std::string_view(" and more"));
    CHECK(contents(*out) == "out and more");
}

TEST_CASE("byte_buffer: what is lent stays where it is, whatever is consumed meanwhile")
{
    boost::asio::io_context io;
    byte_buffer buffer(buffer_pool::of(io.get_executor()));
    put(buffer, "abc");
    const auto room = buffer.lend(3, byte_buffer::memory::exact);
    buffer.consume(3);
    CHECK(buffer.size() == 0);
    std::copy_n("def", 3, room.begin());
    buffer.commit(3);
    CHECK(buffer.view() == "def");
    buffer.clear();
    CHECK(buffer.size() == 0);
}

TEST_CASE("byte_buffer: what is lent is not given back")
{
    const auto pool = rill::net_detail::buffer_pool_ptr(new buffer_pool);
    byte_buffer buffer(*pool);
    const auto room = buffer.lend(100'000, byte_buffer::memory::pooled);
    buffer.park();
    std::fill(room.begin(), room.begin() + 3, 'x');
    buffer.commit(3);
    CHECK(buffer.view() == "xxx");
}

TEST_CASE("write_buffer: pieces leave in their order, at any size of steps")
{
    boost::asio::io_context io;
    std::mt19937 random(11);
    write_buffer buffer(buffer_pool::of(io.get_executor()));
    std::string expected;
    for (int i = 0; i < 3000; ++i) {
        const std::string piece(
            random() % (i % 20 == 0 ? 200'000 : 6000), static_cast<char>('a' + i % 26)
        );
        expected += piece;
        if (i % 2)
            buffer.append(std::string_view(piece));
        else
            buffer.append(std::string(piece));
        REQUIRE(buffer.size() == expected.size());
        const std::string front = contents(buffer);
        REQUIRE(expected.starts_with(front));
        REQUIRE((front.size() == expected.size() || front.size() > 0));
        const std::size_t n = random() % (front.size() + 1);
        buffer.consume(n);
        expected.erase(0, n);
    }
    buffer.clear();
    CHECK(buffer.empty());
}

TEST_CASE("write_buffer: what has been written gives its memory back at once")
{
    const auto pool = rill::net_detail::buffer_pool_ptr(new buffer_pool);
    write_buffer buffer(*pool);
    const test::growth since;
    for (int i = 0; i < 5; ++i)
        buffer.append(std::string(1'000'000, 'x'));
    CHECK(since.bytes() >= 5'000'000);
    buffer.consume(3'500'000);
    CHECK(since.bytes() < 2'100'000);
    buffer.consume(1'500'000);
    CHECK(since.bytes() < 10'000);
}

TEST_CASE("write_buffer: one that has held many pieces and is empty holds next to nothing")
{
    const auto pool = rill::net_detail::buffer_pool_ptr(new buffer_pool);
    write_buffer buffer(*pool);
    const test::growth since;
    for (int i = 0; i < 10'000; ++i)
        buffer.append(std::string(5'000, 'x'));
    buffer.consume(buffer.size());
    CHECK(buffer.empty());
    CHECK(since.bytes() < 10'000);
}

TEST_CASE("write_buffer: a large string is moved, and what was gathered stays in its place")
{
    boost::asio::io_context io;
    write_buffer buffer(buffer_pool::of(io.get_executor()));
    std::string large(10'000, 'x');
    const char* at = large.data();
    buffer.append(std::string_view("head"));
    buffer.append(std::move(large));
    const auto front = buffer.gather();
    REQUIRE(front.end() - front.begin() == 2);
    CHECK(front.begin()[1].data() == at);
    for (int i = 0; i < 100; ++i)
        buffer.append(std::string(5000, 'y'));
    CHECK(buffer.gather().begin()[1].data() == at);
}

} // namespace
