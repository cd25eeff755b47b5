// SPDX-License-Identifier: BSL-1.0
#include "hello.hpp"

#include "client.hpp"
#include "live_server.hpp"

#include <rill/conf/print.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

rill::http::handler service()
{
    const auto routes = std::make_shared<rill::http::router>(hello::routes());
    return [routes](rill::http::request& r) { return (*routes)(r); };
}

std::string get(const std::string& target)
{
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

/// The program, with its standard error in a pipe.
class process {
public:
    explicit process(std::vector<std::string> arguments)
    {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        std::vector<char*> argv{const_cast<char*>(HELLO_PROGRAM)};
        for (auto& a : arguments)
            argv.push_back(a.data());
        argv.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(ends[1], 2);
            ::execv(HELLO_PROGRAM, argv.data());
            ::_exit(127);
        }
        ::close(ends[1]);
        log_ = ends[0];
    }

    ~process()
    {
        if (pid_ > 0)
            exit_code(SIGKILL);
        ::close(log_);
    }

    process(const process&) = delete;

    /// The port in the line that says where it listens.
    unsigned short port()
    {
        const std::string before = "\"address\":\"127.0.0.1:";
        std::string text;
        char c = 0;
        while (::read(log_, &c, 1) == 1) {
            text += c;
            const auto at = text.find(before);
            if (c == '\n' && at != std::string::npos)
                return static_cast<unsigned short>(std::stoul(text.substr(at + before.size())));
        }
        FAIL(text);
        return 0;
    }

    int exit_code(int signal = 0)
    {
        int status = 0;
        if (signal != 0)
            ::kill(pid_, signal);
        ::waitpid(std::exchange(pid_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

private:
    pid_t pid_ = -1;
    int log_ = -1;
};

} // namespace

TEST_CASE("hello: answers its routes")
{
    test::live_server server(service());
    test::client client(server.port());
    client.send(get("/"));
    CHECK(test::status(client.response()) == 200);
    client.send(get("/hello/you"));
    CHECK(test::body(client.response()) == R"({"message":"Hello, you!"})");
    client.send(get("/hello/%22a%5C%0A%c3%a4"));
    CHECK(test::body(client.response()) == "{\"message\":\"Hello, \\\"a\\\\\\n\xc3\xa4!\"}");
    client.send(get("/hello/%ff"));
    CHECK(test::status(client.response()) == 400);
    client.send(get("/plaintext"));
    CHECK(test::body(client.response()) == "Hello, World!");
    client.send(get("/json"));
    CHECK(test::body(client.response()) == R"({"message":"Hello, World!"})");
    client.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\nabc"
    );
    const auto same = client.response();
    CHECK(test::body(same) == "abc");
    CHECK(same.find("\r\nContent-Type: a/b\r\n") != std::string::npos);
}

TEST_CASE("hello: the conf file shows the defaults")
{
    std::ifstream file(HELLO_CONF);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    CHECK(text == rill::conf::reference<hello::config>());
}

TEST_CASE("hello: the program serves, and a stop closes idle connections and exits with 0")
{
    process program(
        {"--set=server.listen=127.0.0.1:0",
         "--set=server.http.keep_alive_grace=0s",
         "--config=" HELLO_CONF}
    );
    test::client client(program.port());
    client.send(get("/hello/you"));
    CHECK(test::body(client.response()) == R"({"message":"Hello, you!"})");
    CHECK(program.exit_code(SIGTERM) == 0);
    CHECK(client.closed());
}

TEST_CASE("hello: a wrong setting ends the program with 78")
{
    process program({"--set=server.http.body=10KB", "--check-config"});
    CHECK(program.exit_code() == 78);
}
