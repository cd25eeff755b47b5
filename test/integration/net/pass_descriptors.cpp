// SPDX-License-Identifier: BSL-1.0
#include <support/live.hpp>
#include <support/network.hpp>

#include <rill/pass_descriptors.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace test;
using rill::awaitable;
using rill::received_descriptors;
using rill::unique_fd;

/// Two ends of a unix socket.
struct ends {
    scratch dir;
    keeper kept;
    rill::server server{kept.handler(), rill::listen_address::parse("unix:" + dir.file("s"))};
    std::optional<rill::stream> here;

    awaitable<void> connect()
    {
        here = co_await rill::open_unix_connection(dir.file("s"));
        const bool came = co_await eventually([&] { return !kept.streams.empty(); });
        REQUIRE(came);
    }

    rill::stream& there() { return kept.streams.front(); }
};

ino_t inode(int fd)
{
    struct stat s{};
    CHECK(::fstat(fd, &s) == 0);
    return s.st_ino;
}

template <class F>
void with_ends(F body)
{
    live l;
    l.run([&]() -> awaitable<void> {
        ends e;
        co_await e.connect();
        co_await body(e);
    });
    CHECK(l.reported.empty());
}

TEST_CASE("BY-58: descriptors reach the other end, open, in order, and closed on exec")
{
    with_ends([](ends& e) -> awaitable<void> {
        int pipe[2];
        REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
        const unique_fd out(pipe[0]);
        unique_fd in(pipe[1]);
        e.here->writer().write("before ");
        co_await rill::send_descriptors(*e.here, "two", {out.get(), in.get()});
        const received_descriptors got = co_await rill::receive_descriptors(e.there(), 100, 2);
        CHECK(got.message == "before two");
        REQUIRE(got.descriptors.size() == 2);
        CHECK(inode(got.descriptors[0].get()) == inode(out.get()));
        CHECK((::fcntl(got.descriptors[1].get(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK(::write(got.descriptors[1].get(), "x", 1) == 1);
        char byte = 0;
        CHECK(::read(out.get(), &byte, 1) == 1);
        CHECK(byte == 'x');
    });
}

TEST_CASE("receive_descriptors: waits, can be cancelled without a loss, and sees the end")
{
    with_ends([](ends& e) -> awaitable<void> {
        const auto receive = [&] { return rill::receive_descriptors(e.there(), 100, 1); };
        auto waiting = rill::create_task(receive());
        co_await rill::yield();
        waiting.cancel();
        CHECK(co_await eventually([&] { return waiting.done(); }));
        CHECK(waiting.cancelled());
        co_await rill::send_descriptors(*e.here, "one", {STDOUT_FILENO});
        CHECK((co_await receive()).descriptors.size() == 1);
        e.here->close();
        const received_descriptors end = co_await receive();
        CHECK(end.message.empty());
        CHECK(end.descriptors.empty());
    });
}

TEST_CASE("receive_descriptors: more than are wanted is an error, and none stays open")
{
    with_ends([](ends& e) -> awaitable<void> {
        co_await rill::send_descriptors(*e.here, "three", {0, 1, 2});
        const std::size_t before = open_descriptors();
        const auto ec = co_await error_of(rill::receive_descriptors(e.there(), 100, 1));
        CHECK(ec == boost::asio::error::message_size);
        CHECK(open_descriptors() == before);
    });
}

TEST_CASE("send_descriptors: a message larger than the socket takes follows them whole")
{
    with_ends([](ends& e) -> awaitable<void> {
        const std::string large(3'000'000, 'x');
        const auto sending = rill::create_task(rill::send_descriptors(*e.here, large, {0}));
        received_descriptors got = co_await rill::receive_descriptors(e.there(), 1000, 1);
        CHECK(got.descriptors.size() == 1);
        const std::string rest =
            co_await e.there().reader().read_exactly(large.size() - got.message.size());
        CHECK((got.message + rest == large));
        co_await sending;
    });
}

TEST_CASE("send_descriptors, receive_descriptors: what cannot be is refused")
{
    with_ends([](ends& e) -> awaitable<void> {
        CHECK_THROWS_AS((void)rill::send_descriptors(*e.here, "", {0}), std::invalid_argument);
        CHECK_THROWS_AS(
            (void)rill::send_descriptors(*e.here, "x", std::vector<int>(254, 0)),
            std::invalid_argument
        );
        e.here->writer().write("xy");
        CHECK((co_await e.there().reader().read_exactly(1)) == "x");
        bool refused = false;
        try {
            co_await rill::receive_descriptors(e.there(), 1, 1);
        } catch (const std::logic_error&) {
            refused = true;
        }
        CHECK(refused);
        const rill::server tcp(echo_back, rill::listen_address::parse("127.0.0.1:0"));
        rill::stream s =
            co_await rill::open_connection("127.0.0.1", rill::port_of(tcp.local_endpoint()));
        const auto ec = co_await error_of(rill::send_descriptors(s, "x", {0}));
        CHECK(ec == boost::asio::error::operation_not_supported);
    });
}

} // namespace
