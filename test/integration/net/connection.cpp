// SPDX-License-Identifier: BSL-1.0
#include <support/held_bytes.hpp>
#include <support/live.hpp>
#include <support/network.hpp>

#include <rill/adopt_connection.hpp>
#include <rill/open_connection.hpp>
#include <rill/peer_credentials.hpp>
#include <rill/resolver.hpp>
#include <rill/server.hpp>
#include <rill/task_group.hpp>
#include <rill/wait.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <filesystem>
#include <optional>

namespace {

using namespace test;
using boost::asio::ip::tcp;
using rill::awaitable;

const auto any_port = rill::listen_address::parse("127.0.0.1:0");

awaitable<void> echo(rill::stream client)
{
    for (;;) {
        const std::string_view data = co_await client.reader().read_some();
        if (data.empty())
            co_return;
        client.writer().write(data);
        client.reader().consume(data.size());
        co_await client.writer().drain();
    }
}

awaitable<rill::stream> connect_to(const rill::server& server)
{
    return rill::open_connection("127.0.0.1", rill::port_of(server.local_endpoint()));
}

TEST_CASE("CON-01, CON-10, SW-14: open_connection gives a stream without delay, closed on exec")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo, any_port);
        rill::stream s = co_await connect_to(server);
        s.writer().write("hello\n");
        CHECK(co_await s.reader().read_line() == "hello\n");
        CHECK(s.remote_endpoint() == server.local_endpoint());
        CHECK(s.local_endpoint() == s.socket().local_endpoint());
        CHECK(s.tls() == nullptr);

        int no_delay = 0;
        socklen_t size = sizeof no_delay;
        const int fd = s.socket().native_handle();
        CHECK(::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size) == 0);
        CHECK(no_delay != 0);
        CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    });
}

TEST_CASE("a message of 10 MiB comes back whole, through buffers of bounded size")
{
    live l;
    l.run([]() -> awaitable<void> {
        std::size_t most_buffered = 0;
        const auto counting_echo = [&](rill::stream client) -> awaitable<void> {
            for (;;) {
                const std::string_view data = co_await client.reader().read_some();
                if (data.empty())
                    co_return;
                client.writer().write(data);
                most_buffered = std::max(most_buffered, client.writer().buffered());
                client.reader().consume(data.size());
                co_await client.writer().drain();
            }
        };
        rill::server server(counting_echo, any_port);
        rill::stream s = co_await connect_to(server);
        std::string sent;
        while (sent.size() < 10 * 1024 * 1024)
            sent += std::to_string(sent.size()) + ' ';
        const auto send = [&]() -> awaitable<void> {
            s.writer().write(sent);
            co_await s.writer().drain();
            s.writer().write_eof();
        };
        std::string received;
        co_await rill::with_task_group([&](rill::task_group& g) -> awaitable<void> {
            g.create_task(send);
            received = co_await s.reader().read_all();
        });
        CHECK((received == sent));
        CHECK(most_buffered <= 64 * 1024 + 128 * 1024);
    });
}

TEST_CASE("an idle connection holds no memory to read into, however large its messages were")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo, any_port);
        rill::stream s = co_await connect_to(server);
        const auto exchange = [&]() -> awaitable<void> {
            s.writer().write(std::string(100'000, 'x'));
            CHECK((co_await s.reader().read_exactly(100'000)).size() == 100'000);
        };
        for (int i = 0; i < 5; ++i) // the loop's blocks, which stay
            co_await exchange();
        const test::growth since;
        co_await exchange();
        CHECK(since.bytes() < 4096);
    });
}

TEST_CASE("CON-02, CON-08: names are looked up off the loop, and the addresses tried in order")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo, any_port);
        rill::set_resolver(rill::this_loop(), rill::resolver_options().hosts_file({}));
        rill::stream s =
            co_await rill::open_connection("localhost", rill::port_of(server.local_endpoint()));
        s.writer().write("x");
        CHECK(co_await s.reader().read_exactly(1) == "x");
    });
}

TEST_CASE("CON-03: a refused connection is an error that names the target")
{
    live l;
    l.run([]() -> awaitable<void> {
        unsigned short port = 0;
        {
            const rill::server server(echo, any_port);
            port = rill::port_of(server.local_endpoint());
        }
        std::string what;
        try {
            co_await rill::open_connection("127.0.0.1", port);
        } catch (const rill::system_error& error) {
            CHECK(error.code() == boost::asio::error::connection_refused);
            what = error.what();
        }
        CHECK(what.find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
    });
}

TEST_CASE("CON-05: a name that does not exist is an error that names it")
{
    live l;
    l.run([]() -> awaitable<void> {
        std::string what;
        try {
            co_await rill::open_connection("no-such-host.invalid", 80);
        } catch (const rill::system_error& error) {
            what = error.what();
        }
        CHECK(what.find("no-such-host.invalid") != std::string::npos);
    });
}

TEST_CASE("CON-04: a connect that times out, or is cancelled, leaves no descriptor behind")
{
    live l;
    l.run([]() -> awaitable<void> {
        // A listener that never accepts, with its queue full: the next connect hangs.
        boost::asio::io_context other;
        boost::asio::ip::tcp::acceptor full(other);
        full.open(boost::asio::ip::tcp::v4());
        full.bind({boost::asio::ip::address_v4::loopback(), 0});
        full.listen(0);
        const unsigned short port = full.local_endpoint().port();
        std::vector<rill::stream> queued;
        rill::connect_options options;
        options.timeout(200ms);
        std::size_t before = 0;
        bool timed_out = false;
        for (int i = 0; i < 8 && !timed_out; ++i) {
            before = open_descriptors();
            try {
                queued.push_back(co_await rill::open_connection("127.0.0.1", port, options));
            } catch (const rill::connect_error& e) {
                CHECK(e.code() == rill::condition::timed_out);
                timed_out = true;
            }
        }
        CHECK(timed_out);
        CHECK(open_descriptors() == before);

        auto connecting = rill::create_task(rill::open_connection("127.0.0.1", port));
        CHECK(co_await eventually([&] { return open_descriptors() == before + 1; }));
        connecting.cancel();
        CHECK(co_await eventually([&] { return connecting.done(); }));
        CHECK(connecting.cancelled());
        CHECK(open_descriptors() == before);
    });
}

TEST_CASE("a cancelled look-up is abandoned at once")
{
    live l;
    l.run([]() -> awaitable<void> {
        auto connecting = rill::create_task(rill::open_connection("no-such-host.invalid", 1));
        for (int turns = 0; turns < 10; ++turns)
            co_await rill::yield();
        connecting.cancel();
        for (int turns = 0; turns < 10; ++turns)
            co_await rill::yield();
        CHECK(connecting.done());
    });
}

TEST_CASE("a loop may end while a look-up is under way")
{
    for (int i = 0; i < 20; ++i) {
        rill::loop loop;
        loop.set_exception_handler([](const rill::exception_context&) {}); // it may be refused yet
        const auto connecting = rill::create_task(
            loop.get_executor(), rill::open_connection("no-such-host.invalid", 1)
        );
        loop.context().run_for(std::chrono::microseconds(i * 50));
    }
}

TEST_CASE("UX-01: unix sockets, connected by path")
{
    live l;
    const scratch dir;
    l.run([&]() -> awaitable<void> {
        rill::server server = co_await rill::start_unix_server(echo, dir.file("s"));
        CHECK(rill::to_string(server.local_endpoint()) == "unix:" + dir.file("s"));
        rill::stream s = co_await rill::open_unix_connection(dir.file("s"));
        s.writer().write("over unix\n");
        CHECK(co_await s.reader().read_line() == "over unix\n");
    });
}

TEST_CASE("UX-01: abstract names are no files")
{
    live l;
    l.run([]() -> awaitable<void> {
        const std::string name = "@rill-test-" + std::to_string(::getpid());
        rill::server server = co_await rill::start_unix_server(echo, name);
        CHECK(rill::to_string(server.local_endpoint()) == "unix:" + name);
        CHECK_FALSE(std::filesystem::exists(name));
        rill::stream s = co_await rill::open_unix_connection(name);
        CHECK(rill::to_string(s.remote_endpoint()) == "unix:" + name);
        s.writer().write("x\n");
        CHECK(co_await s.reader().read_line() == "x\n");
    });
}

TEST_CASE("peer credentials: a unix socket knows the process at its other end, TCP does not")
{
    live l;
    const scratch dir;
    l.run([&]() -> awaitable<void> {
        std::optional<rill::peer_credentials> seen;
        const auto look = [&](rill::stream s) -> awaitable<void> {
            seen = rill::peer_credentials_of(s);
            co_return;
        };
        rill::server server = co_await rill::start_unix_server(look, dir.file("s"));
        rill::stream s = co_await rill::open_unix_connection(dir.file("s"));
        co_await s.reader().read_all();
        REQUIRE(seen);
        CHECK(seen->process == ::getpid());
        CHECK(seen->user == ::getuid());
        CHECK(seen->group == ::getgid());
        CHECK(rill::peer_credentials_of(s).process == ::getpid());

        rill::server tcp_server(echo, any_port);
        rill::stream over_tcp = co_await connect_to(tcp_server);
        try {
            rill::peer_credentials_of(over_tcp);
            FAIL("TCP knows nobody");
        } catch (const rill::system_error& e) {
            CHECK(e.code() == boost::asio::error::operation_not_supported);
        }
    });
}

TEST_CASE("CON-07: a socket is bound to its local address, and connects from there")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo, any_port);
        const unsigned short port = rill::port_of(server.local_endpoint());
        const rill::endpoint from = tcp::endpoint(boost::asio::ip::make_address("127.0.0.2"), 0);
        const auto options = rill::connect_options().local_address(from);
        const rill::stream s = co_await rill::open_connection("127.0.0.1", port, options);
        CHECK(rill::to_string(s.local_endpoint()).starts_with("127.0.0.2:"));

        const auto taken = rill::connect_options().local_address(server.local_endpoint());
        try {
            co_await rill::open_connection("127.0.0.1", port, taken);
            FAIL("it connected");
        } catch (const rill::connect_error& e) {
            CHECK(e.code() == boost::asio::error::address_in_use);
            const std::string at = " from " + rill::to_string(server.local_endpoint());
            CHECK(std::string(e.what()).find(at) != std::string::npos);
        }
    });
}

TEST_CASE("CON-11, CON-12: a socket of Asio's is taken over, and is nobody else's then")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo, any_port);
        const unsigned short port = rill::port_of(server.local_endpoint());
        boost::asio::io_context other;
        tcp::socket socket(other);
        socket.connect({boost::asio::ip::address_v4::loopback(), port});
        rill::stream s = rill::adopt_connection(std::move(socket));
        CHECK_FALSE(socket.is_open());
        CHECK((::fcntl(s.socket().native_handle(), F_GETFD) & FD_CLOEXEC) != 0);
        s.writer().write("x\n");
        CHECK(co_await s.reader().read_line() == "x\n");
    });
}

TEST_CASE("CON-06: what is no connection is not taken over, and closed")
{
    live l;
    l.run([]() -> awaitable<void> {
        const std::size_t before = open_descriptors();
        int pipe[2];
        REQUIRE(::pipe(pipe) == 0);
        CHECK_THROWS_AS(rill::adopt_connection(pipe[0]), rill::system_error);
        CHECK_THROWS_AS(rill::adopt_connection(pipe[1]), rill::system_error);
        CHECK_THROWS_AS(
            rill::adopt_connection(::socket(AF_INET, SOCK_DGRAM, 0)), std::invalid_argument
        );
        const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
        REQUIRE(::listen(listening, 1) == 0);
        CHECK_THROWS_AS(rill::adopt_connection(listening), std::invalid_argument);
        CHECK(open_descriptors() == before);
        co_return;
    });
}

template <class Body>
awaitable<std::string> what_of(Body body)
{
    try {
        co_await std::move(body);
    } catch (const rill::system_error& e) {
        co_return e.what();
    }
    co_return "no error";
}

TEST_CASE("what() of a read or a drain that failed says why, and names no file of Asio's")
{
    live l;
    l.run([]() -> awaitable<void> {
        const auto abort = [](rill::stream s) -> awaitable<void> {
            co_await s.reader().read_exactly(1);
            s.abort();
        };
        rill::server server(abort, any_port);
        rill::stream s = co_await connect_to(server);
        s.writer().write("x");
        for (const std::string& said :
             {co_await what_of(s.reader().read_exactly(1)), co_await what_of(s.writer().drain())}) {
            CHECK(said.find("Connection reset by peer") != std::string::npos);
            CHECK(said.find(".hpp") == std::string::npos);
            CHECK(said.find(".ipp") == std::string::npos);
        }
    });
}

TEST_CASE("SW-10: after write_eof the peer sees the end, and its answer can be read")
{
    live l;
    l.run([]() -> awaitable<void> {
        const auto answer = [](rill::stream client) -> awaitable<void> {
            const std::string all = co_await client.reader().read_all();
            client.writer().write("got " + std::to_string(all.size()));
        };
        rill::server server(answer, any_port);
        rill::stream s = co_await connect_to(server);
        s.writer().write("12345");
        s.writer().write_eof();
        CHECK(co_await s.reader().read_all() == "got 5");
    });
}

TEST_CASE("SR-31, SW-09: a reader sees the end when its own writer is closed")
{
    live l;
    l.run([]() -> awaitable<void> {
        rill::server server(echo, any_port);
        rill::stream s = co_await connect_to(server);
        const auto reading = rill::create_task(s.reader().read_line());
        co_await rill::yield(); // now it waits for bytes
        s.close();
        co_await s.writer().wait_closed();
        CHECK((co_await reading).empty());
        CHECK(s.reader().at_eof());
    });
}

/// What TLS is to a writer: a stream with a socket as its lowest layer.
class layered {
public:
    using executor_type = rill::stream_socket::executor_type;

    explicit layered(rill::stream_socket& below)
        : below_(below)
    {}

    executor_type get_executor() const { return below_.get_executor(); }

    rill::stream_socket& lowest_layer() { return below_; }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token)
    {
        return below_.async_write_some(buffers, std::forward<Token>(token));
    }

private:
    rill::stream_socket& below_;
};

TEST_CASE("SW-09: the peer's reset ends wait_closed, also of a stream with a socket below it")
{
    live l;
    l.run([]() -> awaitable<void> {
        keeper held;
        rill::server server(held.handler(), any_port);
        rill::stream s =
            co_await rill::open_connection("127.0.0.1", rill::port_of(server.local_endpoint()));
        CHECK(co_await eventually([&] { return held.streams.size() == 1; }));
        layered upper(s.socket());
        rill::basic_stream_writer<layered> writer(upper);
        const auto waiting = rill::create_task(writer.wait_closed());
        co_await rill::yield();
        CHECK_FALSE(waiting.done());
        held.streams.front().writer().abort();
        CHECK(co_await eventually([&] { return waiting.done(); }));
        CHECK(how_it_failed(waiting.exception()) == boost::asio::error::connection_reset);
    });
}

TEST_CASE("R4: a peer that does not read is cut after the write stall, the buffer stays bounded")
{
    live l;
    l.run([]() -> awaitable<void> {
        std::string why;
        std::size_t most = 0;
        const auto flood = [&](rill::stream client) -> awaitable<void> {
            const std::string piece(16 * 1024, 'f');
            try {
                for (;;) {
                    client.writer().write(piece);
                    most = std::max(most, client.writer().buffered());
                    co_await client.writer().drain();
                }
            } catch (const rill::system_error& error) {
                why = error.code().message();
            }
        };
        rill::server_options options;
        options.write_stall(50ms);
        rill::server server(flood, any_port, options);
        rill::stream silent = co_await connect_to(server);
        CHECK(co_await eventually([&] { return !why.empty(); }));
        CHECK(why.find("timed out") != std::string::npos);
        CHECK(most <= 64 * 1024 + 16 * 1024);
        CHECK(co_await eventually([&] { return server.connections() == 0; }));
    });
}

TEST_CASE(
    "SR-27: reads that are cancelled and begun again at once lose nothing of what keeps coming"
)
{
    live l;
    l.run([]() -> awaitable<void> {
        int fds[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
        const auto ex = rill::this_loop().get_executor();
        const rill::stream_protocol protocol(AF_UNIX, 0);
        rill::stream from(rill::stream_socket(ex, protocol, fds[0]));
        rill::stream to(
            rill::stream_socket(ex, protocol, fds[1]), rill::stream_options().limit(64)
        );
        std::string sent;
        for (int i = 0; sent.size() < 100'000; ++i)
            sent += std::to_string(i) + ",";
        from.writer().write(sent);
        from.close();
        std::string got;
        const auto read = [&]() -> awaitable<void> { got += co_await to.reader().read(64); };
        for (std::size_t before = 1; before != got.size();) {
            before = got.size();
            for (int i = 0; i < 20; ++i) {
                auto given_up = rill::create_task(read());
                co_await rill::yield();
                given_up.cancel();
                co_await read();
                co_await rill::wait(std::vector{given_up});
            }
        }
        CHECK(got == sent);
    });
}

} // namespace
