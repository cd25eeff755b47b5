// SPDX-License-Identifier: BSL-1.0
#include "outbox.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>

namespace {

using rill::http::response;
using rill::http::detail::outbox;

struct fixture {
    rill::net_detail::buffer_pool_ptr blocks{new rill::net_detail::buffer_pool};
    rill::net_detail::buffer_pool& pool = *blocks;
    outbox out{pool};

    void add(response r) { out.add(r, {}, "Date: x\r\n"); }

    std::string unsent() const
    {
        std::string all;
        const auto pieces = out.unsent();
        for (const auto& piece : std::span<const boost::asio::const_buffer>(pieces))
            all.append(static_cast<const char*>(piece.data()), piece.size());
        return all;
    }

    std::size_t pieces() const
    {
        const auto all = out.unsent();
        return std::span<const boost::asio::const_buffer>(all).size();
    }
};

std::string head(std::size_t length)
{
    std::string text = "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: ";
    text += std::to_string(length); // + makes g++ 14 warn of std::string's own insides
    text += "\r\n\r\n";
    return text;
}

} // namespace

TEST_CASE("outbox: gathers messages one behind the other, in one piece")
{
    fixture f;
    CHECK(f.out.empty());
    f.out.append("first");
    f.add(response().body("a"));
    f.add(response().body("b"));
    CHECK(f.unsent() == "first" + head(1) + "a" + head(1) + "b");
    CHECK(f.pieces() == 1);
    CHECK_FALSE(f.out.empty());
}

TEST_CASE("outbox: large content follows uncopied, and nothing may follow it")
{
    fixture f;
    const auto large = std::make_shared<const std::string>(8 * 1024, 'x');
    f.add(response().body(std::string(8 * 1024 - 1, 'y')));
    CHECK(f.pieces() == 1);
    CHECK_FALSE(f.out.full(16));
    f.add(response().body(large));
    REQUIRE(f.pieces() == 2);
    CHECK(f.out.full(16));
    const auto pieces = f.out.unsent();
    CHECK(std::span<const boost::asio::const_buffer>(pieces)[1].data() == large->data());
}

TEST_CASE("outbox: is full with so many responses, or many bytes")
{
    fixture f;
    f.add(response());
    CHECK_FALSE(f.out.full(2));
    f.add(response());
    CHECK(f.out.full(2));
    CHECK_FALSE(f.out.full(3));
    f.out.append(std::string(64 * 1024, 'x'));
    CHECK(f.out.full(3));
}

TEST_CASE("outbox: what has left is gone, however the pieces were cut")
{
    const auto large = std::make_shared<const std::string>(10'000, 'x');
    for (const std::size_t step : {1u, 7u, 100u, 9000u, 1'000'000u}) {
        fixture f;
        f.add(response().body("a"));
        f.add(response().body(large));
        std::string left = f.unsent();
        while (!left.empty()) {
            REQUIRE(f.unsent() == left);
            REQUIRE_FALSE(f.out.empty());
            const auto n = std::min(step, left.size());
            f.out.sent(n);
            left.erase(0, n);
        }
        CHECK(f.out.empty());
        CHECK_FALSE(f.out.full(1));
        CHECK(large.use_count() == 1);
    }
}

TEST_CASE("outbox: an empty one holds no memory")
{
    fixture f;
    f.out.append("a");
    const auto pieces = f.out.unsent();
    const auto* const at = std::span<const boost::asio::const_buffer>(pieces)[0].data();
    CHECK(f.pool.take().data() != at);
    f.out.sent(1);
    CHECK(f.pool.take().data() == at);
}
