// SPDX-License-Identifier: BSL-1.0
//
// What a running service shows of its tasks: at its admin socket, and in its log on SIGUSR1.
#include "child.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <istream>
#include <string>

namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

/// A runtime directory that goes with the test.
class runtime_directory {
public:
    runtime_directory()
    {
        std::string pattern = (fs::temp_directory_path() / "rill-test-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()));
        path_ = pattern;
    }

    ~runtime_directory() { fs::remove_all(path_); }

    runtime_directory(const runtime_directory&) = delete;
    runtime_directory& operator=(const runtime_directory&) = delete;

    const fs::path& path() const { return path_; }

    std::string variable() const { return "XDG_RUNTIME_DIR=" + path_.string(); }

    fs::path socket_of(const test::child& service) const
    {
        return path_ / "rill" / (std::to_string(service.id()) + ".sock");
    }

private:
    fs::path path_;
};

/// The largest number behind `text` in a log: a slow machine has slow steps of its own.
int slowest(const std::string& log, const std::string& text)
{
    int most = 0;
    for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1))
        most = std::max(most, std::stoi(log.substr(at + text.size())));
    return most;
}

/// A client of an admin socket.
class client {
public:
    explicit client(const fs::path& path) { socket_.connect(path.string()); }

    /// The lines of the answer, the last one included.
    std::string ask(const std::string& line)
    {
        asio::write(socket_, asio::buffer(line + "\n"));
        std::string answer;
        std::string last;
        while (!last.starts_with("{\"end\"") && !last.starts_with("{\"error\"")) {
            asio::read_until(socket_, buffer_, '\n');
            std::istream in(&buffer_);
            std::getline(in, last);
            answer += last + "\n";
        }
        return answer;
    }

private:
    asio::io_context io_;
    asio::local::stream_protocol::socket socket_{io_};
    asio::streambuf buffer_;
};

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

unsigned mode_of(const fs::path& path)
{
    struct stat file{};
    REQUIRE(::lstat(path.c_str(), &file) == 0);
    return file.st_mode & 07777;
}

} // namespace

TEST_CASE("IN-07: the admin socket of a running service shows its loops and tasks")
{
    const runtime_directory runtime;
    test::child service({"--set", "service.workers=2"}, {runtime.variable()});
    REQUIRE(service.says("started"));
    REQUIRE(service.says("started"));
    client admin(runtime.socket_of(service));
    const std::string info = admin.ask(R"({"command":"info"})");
    CHECK(contains(info, R"("program":"probe","pid":)" + std::to_string(service.id())));
    CHECK(contains(info, R"({"end":{"count":1}})"));
    const std::string loops = admin.ask(R"({"command":"loops"})");
    CHECK(contains(loops, R"("name":"worker-0","answers":true)"));
    CHECK(contains(loops, R"("name":"worker-1","answers":true)"));
    const std::string tasks = admin.ask(R"({"command":"tasks"})");
    CHECK(contains(tasks, R"("loop":"worker-1","id":2,"name":"serve","parent":1)"));
    CHECK(contains(tasks, R"("waits_for":"an event","where":"probe.cpp:)"));
    CHECK(contains(tasks, R"("function":"probe::serve")"));
    service.signal(SIGTERM);
    CHECK(service.wait() == 0);
    CHECK_FALSE(fs::exists(runtime.path() / "rill" / (std::to_string(service.id()) + ".sock")));
}

TEST_CASE("admin socket: what is no command gets an error that names them, and the next is served")
{
    const runtime_directory runtime;
    test::child service({}, {runtime.variable()});
    REQUIRE(service.says("started"));
    client admin(runtime.socket_of(service));
    CHECK(contains(admin.ask("hello"), R"({"error":"the commands are )"));
    CHECK(contains(admin.ask(R"({"command":"info"})"), R"("protocol":1)"));
}

TEST_CASE("admin socket: a line that is too long ends that client, and the service goes on")
{
    const runtime_directory runtime;
    test::child service({}, {runtime.variable()});
    REQUIRE(service.says("started"));
    client admin(runtime.socket_of(service));
    CHECK_THROWS(admin.ask(std::string(100'000, 'x')));
    client another(runtime.socket_of(service));
    CHECK(contains(another.ask(R"({"command":"info"})"), R"("protocol":1)"));
}

TEST_CASE("admin socket: it and its directory are for this user alone")
{
    const runtime_directory runtime;
    test::child service({}, {runtime.variable()});
    REQUIRE(service.says("started"));
    client admin(runtime.socket_of(service)); // it is there
    CHECK(mode_of(runtime.path() / "rill") == 0700);
    CHECK(mode_of(runtime.socket_of(service)) == 0600);
}

TEST_CASE("admin socket: those of services that were killed are taken away by the next one")
{
    const runtime_directory runtime;
    fs::path left;
    {
        test::child killed({}, {runtime.variable()});
        REQUIRE(killed.says("started"));
        left = runtime.socket_of(killed);
    }
    REQUIRE(fs::exists(left));
    test::child service({}, {runtime.variable()});
    REQUIRE(service.says("started"));
    CHECK_FALSE(fs::exists(left));
    CHECK(fs::exists(runtime.socket_of(service)));
}

TEST_CASE("admin socket: a directory that others can write to is not used, and the service runs")
{
    const runtime_directory runtime;
    fs::create_directory(runtime.path() / "rill");
    fs::permissions(runtime.path() / "rill", fs::perms::all);
    test::child service({}, {runtime.variable()});
    CHECK(service.says("there is no admin socket"));
    CHECK_FALSE(fs::exists(runtime.socket_of(service)));
    service.signal(SIGTERM);
    CHECK(service.wait() == 0);
}

TEST_CASE("admin socket: empty means none, and a path means there")
{
    const runtime_directory runtime;
    {
        test::child service({"--set", "service.admin_socket="}, {runtime.variable()});
        REQUIRE(service.says("started"));
        service.signal(SIGTERM);
        CHECK(service.wait() == 0);
        CHECK_FALSE(fs::exists(runtime.path() / "rill"));
    }
    const std::string path = (runtime.path() / "my.sock").string();
    test::child service({"--set", "service.admin_socket=" + path}, {runtime.variable()});
    REQUIRE(service.says("started"));
    client admin(path);
    CHECK(contains(admin.ask(R"({"command":"info"})"), R"("protocol":1)"));
}

TEST_CASE("a loop that hangs is shown as one that does not answer, and the others are shown")
{
    const runtime_directory runtime;
    test::child service(
        {"--set", "service.workers=1", "--set", "behaviour=block"}, {runtime.variable()}
    );
    REQUIRE(service.says("started"));
    client admin(runtime.socket_of(service));
    service.signal(SIGTERM); // it blocks now
    REQUIRE(service.says("asked"));
    CHECK(contains(
        admin.ask(R"({"command":"loops"})"), R"("name":"worker-0","answers":false,"silent_ms":1000)"
    ));
}

TEST_CASE("SIGUSR1 writes what every task does into the log")
{
    test::child service({}, {"XDG_RUNTIME_DIR=/nonexistent"});
    REQUIRE(service.says("started"));
    service.signal(SIGUSR1);
    CHECK(service.says(R"("what":"serve  waiting)"));
    service.signal(SIGTERM);
    CHECK(service.wait() == 0);
}

TEST_CASE("R24: in debug mode a step that blocks the loop is logged with its task, place and calls")
{
    test::child service(
        {"--set", "behaviour=stall", "--set", "service.debug=true", "--set", "service.workers=1"},
        {"XDG_RUNTIME_DIR=/nonexistent"}
    );
    const std::string step = "a step of task 'serve' took ";
    REQUIRE(service.says(step));
    CHECK(service.says("it went on after its wait at probe.cpp:"));
    CHECK(service.says("nanosleep"));
    REQUIRE(service.says("stalled"));
    CHECK(slowest(service.text(), step) >= 100); // ms, of 150, less what it waited for a processor
    service.signal(SIGTERM);
    CHECK(service.wait() == 0);
}
