// SPDX-License-Identifier: BSL-1.0
//
// What context::serve_http and context::serve_tcp do with ports, workers and a stop.
#include "child.hpp"

#include <boost/asio/completion_condition.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using test::child;

std::vector<std::string> with(const std::vector<std::string>& settings)
{
    std::vector<std::string> arguments{"--set", "service.admin_socket="};
    for (const auto& setting : settings) {
        arguments.push_back("--set");
        arguments.push_back(setting);
    }
    return arguments;
}

std::size_t count(const std::string& text, const std::string& part)
{
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

/// The "address" of the line that says where it listens.
std::string address_of(child& service)
{
    REQUIRE(service.says("\"listening\",\"address\":\""));
    REQUIRE(service.says("\"}"));
    const std::string& log = service.text();
    const auto begin = log.find("\"address\":\"") + 11;
    return log.substr(begin, log.find('"', begin) - begin);
}

unsigned short port_of(const std::string& address)
{
    return static_cast<unsigned short>(std::stoul(address.substr(address.rfind(':') + 1)));
}

const std::string keep_alive = " HTTP/1.1\r\nHost: a\r\n\r\n";

/// A connection that waits for what it reads.
class client {
public:
    explicit client(unsigned short port, bool v6 = false)
    {
        const auto address =
            v6 ? asio::ip::make_address("::1") : asio::ip::make_address("127.0.0.1");
        socket_.connect(tcp::endpoint(address, port));
    }

    void send(const std::string& text) { asio::write(socket_, asio::buffer(text)); }

    /// Up to `end`, or as much as comes before the connection ends.
    std::string read(const std::string& end)
    {
        boost::system::error_code ec;
        const auto n = asio::read_until(socket_, asio::dynamic_buffer(buffer_), end, ec);
        std::string text = buffer_.substr(0, ec ? buffer_.size() : n);
        buffer_.erase(0, text.size());
        return text;
    }

    /// The content of the answer, which has one byte.
    std::string get(const std::string& target)
    {
        send("GET " + target + keep_alive);
        read("\r\n\r\n");
        std::string content = std::exchange(buffer_, {});
        boost::system::error_code ec;
        while (content.empty() && !ec)
            asio::read(socket_, asio::dynamic_buffer(content), asio::transfer_exactly(1), ec);
        return content;
    }

    bool closed() { return read("\n").empty(); }

    bool has_answer() { return socket_.available() > 0; }

private:
    asio::io_context io_;
    tcp::socket socket_{io_};
    std::string buffer_;
};

} // namespace

TEST_CASE("serving: on port 0 all workers share the port that the first got, and it is said once")
{
    child service{with({"service.workers=3"})};
    const auto port = port_of(address_of(service));
    std::set<std::string> seen;
    while (seen.size() < 3) // the kernel spreads connections; ctest ends this if it does not
        seen.insert(client(port).get("/worker"));
    CHECK(seen == std::set<std::string>{"0", "1", "2"});
    service.signal(SIGTERM);
    CHECK(service.wait() == 0);
    CHECK(count(service.text(), "\"listening\"") == 1);
    CHECK(count(service.text(), "\"served\"") == 3);
}

TEST_CASE("serving: port 0 of all interfaces is one port for IPv4 and IPv6")
{
    child service{with({"web.listen=*:0", "service.workers=2"})};
    const std::string address = address_of(service);
    const auto port = port_of(address);
    CHECK(client(port).get("/worker") != "");
    if (address.find("[::]") != std::string::npos) {
        CHECK(address == "0.0.0.0:" + std::to_string(port) + ", [::]:" + std::to_string(port));
        CHECK(client(port, true).get("/worker") != "");
    }
}

TEST_CASE("serving: a second instance on the same port is refused, and the first goes on")
{
    for (const std::string workers : {"1", "2"}) {
        child first{with({"service.workers=" + workers})};
        const std::string address = address_of(first);
        child second{with({"service.workers=" + workers, "web.listen=" + address})};
        CHECK(second.wait() == 1);
        CHECK(
            second.text().find("listening on " + address + ": Address already in use") !=
            std::string::npos
        );
        CHECK(count(second.text(), "\"listening\"") == 0);
        for (int i = 0; i < 10; ++i)
            CHECK(client(port_of(address)).get("/worker") != "");
    }
}

TEST_CASE("serving: the port is free when the service has stopped, whatever connections it closed")
{
    std::string listen = "web.listen=127.0.0.1:0";
    for (int round = 0; round < 3; ++round) {
        child service{with({listen, "service.workers=2", "web.http.keep_alive_grace=0s"})};
        const std::string address = address_of(service);
        listen = "web.listen=" + address;
        client idle(port_of(address));
        CHECK(idle.get("/worker") != "");
        service.signal(SIGTERM);
        CHECK(service.wait() == 0);
        CHECK(idle.closed());
    }
}

TEST_CASE("serving: on a stop an idle HTTP connection may ask once more, and is closed then")
{
    child service{with({"web.http.keep_alive_grace=never", "service.workers=1"})};
    client idle(port_of(address_of(service)));
    CHECK(idle.get("/worker") == "0");
    service.signal(SIGTERM);
    REQUIRE(service.says("draining"));
    CHECK(idle.get("/worker") == "0");
    CHECK(idle.closed());
    CHECK(service.wait() == 0);
}

TEST_CASE("serving: on a stop a request in progress gets its answer")
{
    child service{with({"web.http.keep_alive_grace=0s"})};
    client slow(port_of(address_of(service)));
    slow.send("GET /after-stop" + keep_alive);
    REQUIRE(service.says("\"asked\""));
    service.signal(SIGTERM);
    CHECK(slow.read("done").ends_with("done"));
    CHECK(service.wait() == 0);
}

TEST_CASE(
    "serving: what does not end within drain_timeout is cancelled, and ended before its router"
)
{
    child service{with({"service.drain_timeout=1ms"})};
    client stuck(port_of(address_of(service)));
    stuck.send("GET /never" + keep_alive);
    REQUIRE(service.says("\"asked\""));
    service.signal(SIGTERM);
    CHECK(service.wait() == 1);
    CHECK(stuck.closed());
    CHECK(service.text().find("drain_timeout has passed") != std::string::npos);
    CHECK(service.text().find("given up") == std::string::npos);
    CHECK(service.text().find("Sanitizer") == std::string::npos);
}

TEST_CASE("serving: without a drain_timeout a stop waits for as long as it takes")
{
    child service{with(
        {"service.drain_timeout=never", "web.http.keep_alive_grace=never", "service.workers=1"}
    )};
    client idle(port_of(address_of(service)));
    CHECK(idle.get("/worker") != "");
    service.signal(SIGTERM);
    REQUIRE(service.says("draining"));
    CHECK_FALSE(service.ends_within(std::chrono::milliseconds(50)));
    CHECK(idle.get("/worker") != "");
    CHECK(service.wait() == 0);
}

TEST_CASE("serving: on a stop the handlers of TCP connections find the end of their streams")
{
    child service{with({"protocol=lines", "service.workers=2", "service.drain_timeout=never"})};
    client talker(port_of(address_of(service)));
    talker.send("one\n");
    CHECK(talker.read("\n") == "one\n");
    service.signal(SIGTERM);
    CHECK(talker.closed());
    CHECK(service.wait() == 0);
    CHECK(service.text().find("\"error\"") == std::string::npos);
}

TEST_CASE("serving: max_connections is for the process, and its workers divide it")
{
    child service{with({"protocol=lines", "service.workers=2", "lines.max_connections=2"})};
    const auto port = port_of(address_of(service));
    std::deque<client> clients;
    for (int i = 0; i < 20; ++i) {
        clients.emplace_back(port);
        clients.back().send("x\n");
    }
    CHECK_FALSE(service.ends_within(std::chrono::milliseconds(200))); // time for all to be served
    std::size_t served = 0;
    for (client& c : clients)
        served += c.has_answer() ? 1 : 0;
    CHECK(served >= 1);
    CHECK(served <= 2);
}

TEST_CASE("serving: where all places are taken, the longest idle HTTP connection makes room")
{
    child service{with({"service.workers=1", "web.max_connections=1"})};
    const auto port = port_of(address_of(service));
    client idle(port);
    CHECK(idle.get("/worker") == "0");
    client newcomer(port);
    CHECK(newcomer.get("/worker") == "0");
    CHECK(idle.closed());
    REQUIRE(service.says("a client waits: an idle one makes room"));
}

TEST_CASE("serving: on a stop what a TCP client has sent is answered before the end")
{
    child service{with({"protocol=lines", "service.workers=1"})};
    client talker(port_of(address_of(service)));
    std::string all;
    for (int i = 0; i < 1000; ++i)
        all += "a line that is sent before the stop\n";
    talker.send(all);
    service.signal(SIGTERM);
    std::string answers;
    while (answers.size() < all.size()) {
        const std::string line = talker.read("\n");
        if (line.empty())
            break;
        answers += line;
    }
    CHECK(answers == all);
    CHECK(talker.closed());
    CHECK(service.wait() == 0);
}

TEST_CASE("serving: a unix socket has one listener among the workers, and is gone after a stop")
{
    std::string path = (std::filesystem::temp_directory_path() / "rill-serving-XXXXXX").string();
    REQUIRE(::mkdtemp(path.data()));
    const std::string file = path + "/socket";
    child service{with({"web.listen=unix:" + file, "service.workers=3"})};
    CHECK(address_of(service) == "unix:" + file);
    {
        asio::io_context io;
        asio::local::stream_protocol::socket socket(io);
        socket.connect(asio::local::stream_protocol::endpoint(file));
        asio::write(socket, asio::buffer("GET /worker HTTP/1.0\r\n\r\n"));
        std::string answer;
        boost::system::error_code end;
        asio::read(socket, asio::dynamic_buffer(answer), end);
        CHECK(answer.starts_with("HTTP/1.1 200"));
    }
    service.signal(SIGTERM);
    CHECK(service.wait() == 0);
    CHECK(count(service.text(), "\"listening\"") == 1);
    CHECK(count(service.text(), "\"served\"") == 3);
    CHECK_FALSE(std::filesystem::exists(file));
    std::filesystem::remove_all(path);
}

TEST_CASE("serving: at a list of addresses all workers listen, and the log names each of them")
{
    std::string path = (std::filesystem::temp_directory_path() / "rill-serving-XXXXXX").string();
    REQUIRE(::mkdtemp(path.data()));
    const std::string file = path + "/socket";
    child service{with(
        {"protocol=lines",
         "service.workers=2",
         "lines.max_connections=4",
         "lines.listen=[\"localhost:0\", \"127.0.0.1:0\", \"unix:" + file + "\"]"}
    )};
    const std::string address = address_of(service);
    CHECK(address.starts_with("127.0.0.1:"));
    CHECK(address.ends_with(", unix:" + file));
    CHECK(count(address, "127.0.0.1:") == 1); // though it is listed twice
    client talker(port_of(address.substr(0, address.find(','))));
    talker.send("one\n");
    CHECK(talker.read("\n") == "one\n");
    asio::io_context io;
    asio::local::stream_protocol::socket socket(io);
    socket.connect(asio::local::stream_protocol::endpoint(file));
    asio::write(socket, asio::buffer(std::string("two\n")));
    std::string answer;
    CHECK(asio::read_until(socket, asio::dynamic_buffer(answer), '\n') == 4);
    service.signal(SIGTERM);
    CHECK(service.wait() == 0);
    CHECK(count(service.text(), "\"listening\"") == 1);
    CHECK_FALSE(std::filesystem::exists(file));
    std::filesystem::remove_all(path);
}

TEST_CASE("serving: a peer that is not allowed is closed at once, and at a limit of its own as well"
)
{
    child denied{with({"protocol=lines", "lines.allow=192.0.2.0/24,2001:db8::/32"})};
    CHECK(client(port_of(address_of(denied))).closed());
    REQUIRE(denied.says("a connection is refused: allow and deny"));

    child limited{with({"protocol=lines", "service.workers=3", "lines.max_connections_per_peer=2"})
    };
    const auto port = port_of(address_of(limited));
    std::deque<client> clients;
    std::size_t served = 0;
    for (int i = 0; i < 6; ++i) { // whichever workers they come to
        clients.emplace_back(port);
        clients.back().send("x\n");
        served += clients.back().read("\n") == "x\n" ? 1 : 0;
    }
    CHECK(served == 2);
}

namespace {

/// Listens, as a service manager does.
class manager {
public:
    manager()
    {
        acceptor_.open(tcp::v4());
        acceptor_.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        acceptor_.listen();
    }

    std::string address() const
    {
        return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }

    /// A copy that stays open, and out of the way of the child's.
    int socket() { return ::fcntl(acceptor_.native_handle(), F_DUPFD_CLOEXEC, 100); }

private:
    asio::io_context io_;
    tcp::acceptor acceptor_{io_};
};

} // namespace

TEST_CASE("serving: at a socket that was handed over all workers serve, and it outlives them")
{
    manager systemd;
    for (const std::string name : {"fd:web", "fd:3"}) {
        child service{
            with(
                {"protocol=lines",
                 "service.workers=2",
                 "lines.max_connections=2", // one each
                 "lines.listen=" + name}
            ),
            child::handed_over{{systemd.socket()}, "web"}
        };
        CHECK(address_of(service) == systemd.address());
        std::deque<client> clients;
        for (int i = 0; i < 2; ++i) {
            clients.emplace_back(port_of(systemd.address()));
            clients.back().send("x\n");
            CHECK(clients.back().read("\n") == "x\n");
        }
        service.signal(SIGTERM);
        CHECK(service.wait() == 0);
    }
}

TEST_CASE("serving: of the sockets that are handed over a child learns nothing")
{
    manager systemd;
    child service{with({"web.listen=fd:web"}), child::handed_over{{systemd.socket()}, "web"}};
    CHECK(client(port_of(address_of(service))).get("/handed-over-alone") == "1");
}

TEST_CASE("serving: a socket that was not handed over, or does not listen, is an error that says so"
)
{
    manager systemd;
    const auto failure = [&](const std::string& listen, child::handed_over what) {
        child service{with({"web.listen=" + listen}), what};
        CHECK(service.wait() == 1);
        return service.text();
    };
    const int other = ::fcntl(::socket(AF_INET, SOCK_STREAM, 0), F_DUPFD_CLOEXEC, 100);
    const child::handed_over both{{systemd.socket(), other}, "web:idle"};
    CHECK(
        count(failure("fd:wbe", both), "listening on fd:wbe: there is fd:3 (web), fd:4 (idle)") > 0
    );
    CHECK(
        count(failure("fd:idle", both), "fd:idle: descriptor 4 is no stream socket that listens") >
        0
    );
    CHECK(count(failure("fd:web", {}), "listening on fd:web: nothing was handed over") > 0);
}
