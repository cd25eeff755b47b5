// SPDX-License-Identifier: BSL-1.0
#include "sample.hpp"

#include <rill/conf/load.hpp>
#include <rill/conf/print.hpp>

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::conf::sources;

rill::conf::loaded<sample::config> load(const sources& from)
{
    return rill::conf::load<sample::config>(from);
}

rill::conf::loaded<sample::config> load_environment(std::vector<std::string> variables)
{
    return load(sources{}.environment(std::move(variables)));
}

std::string first_problem(const rill::conf::loaded<sample::config>& settings)
{
    return settings ? std::string{} : settings.problems().front().text();
}

std::string origin(const rill::conf::loaded<sample::config>& settings, const std::string& key)
{
    const auto found = settings.report().origins.find(key);
    return found == settings.report().origins.end() ? "default" : found->second.text();
}

/// An empty directory that goes with its owner.
class directory {
public:
    directory()
    {
        std::string name = (std::filesystem::temp_directory_path() / "rill-conf-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        path_ = name;
    }

    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;

    ~directory() { std::filesystem::remove_all(path_); }

    std::string path(const std::string& name) const { return (path_ / name).string(); }

    std::string write(const std::string& name, const std::string& text) const
    {
        std::filesystem::create_directories((path_ / name).parent_path());
        std::ofstream{path_ / name} << text;
        return path(name);
    }

private:
    std::filesystem::path path_;
};

} // namespace

TEST_CASE("load: without sources the defaults of the struct hold")
{
    const auto settings = load({});
    REQUIRE(settings);
    CHECK(settings->server.listen == "127.0.0.1:7007");
    CHECK(settings->server.idle_timeout == 60s);
    CHECK_FALSE(settings->server.tls.password);
}

TEST_CASE("load: every type of key is read")
{
    const auto settings = load(sources{}.text(
        R"(
            workers = 3
            drain_timeout = "1m30s"
            [server]
            listen = "[::1]:80"
            port = 1
            max_connections = 1_000_000
            idle_timeout = "250ms"
            read_buffer = "512B"
            write_buffer = "1MiB"
            mode = "message"
            rate = 2
            keep_alive = false
            allowed_hosts = ["a", "b"]
            retry_codes = [429, 503]
            tls.password = "é"
            log = { }
        )",
        "f"
    ));
    REQUIRE(settings.problems().size() == 1); // [server] has no log
    CHECK(settings->workers == 3);
    CHECK(settings->drain_timeout == 90s);
    CHECK(settings->server.listen == "[::1]:80");
    CHECK(settings->server.port == 1);
    CHECK(settings->server.max_connections == 1'000'000);
    CHECK(settings->server.idle_timeout == 250ms);
    CHECK(settings->server.read_buffer.count() == 512);
    CHECK(settings->server.write_buffer == rill::mib(1));
    CHECK(settings->server.mode == sample::mode::message);
    CHECK(settings->server.rate == 2.0);
    CHECK_FALSE(settings->server.keep_alive);
    CHECK(settings->server.allowed_hosts == std::vector<std::string>{"a", "b"});
    CHECK(settings->server.retry_codes == std::vector<int>{429, 503});
    CHECK(settings->server.tls.password == "é");
}

TEST_CASE("load: a list in a file replaces the default list")
{
    CHECK(load(sources{}.text("server.allowed_hosts = []", "f"))->server.allowed_hosts.empty());
}

TEST_CASE("load: defaults, file, conf.d, environment, flags, in this order whatever the calls'")
{
    const directory dir;
    const auto file = dir.write(
        "sample.toml", "workers = 1\n[server]\nport = 1\nrate = 1\nmax_connections = 1\n"
    );
    dir.write("conf.d/20.toml", "server.port = 3\nserver.rate = 3\nserver.max_connections = 3");
    dir.write("conf.d/10.toml", "server.port = 2\nserver.rate = 2\nserver.max_connections = 2");
    dir.write("conf.d/.hidden.toml", "nonsense");
    dir.write("conf.d/README", "nonsense");
    const auto settings =
        load(sources{}
                 .flag("server.port=5")
                 .environment({"RILL_SERVER__PORT=4", "RILL_SERVER__RATE=4", "PATH=/bin"})
                 .file(file));
    REQUIRE(first_problem(settings) == "");
    CHECK(settings->workers == 1);
    CHECK(settings->server.max_connections == 3);
    CHECK(settings->server.rate == 4.0);
    CHECK(settings->server.port == 5);
    CHECK(origin(settings, "drain_timeout") == "default");
    CHECK(origin(settings, "workers") == file + ":1:11");
    CHECK(origin(settings, "server.max_connections") == dir.path("conf.d/20.toml") + ":3:26");
    CHECK(origin(settings, "server.rate") == "environment variable RILL_SERVER__RATE");
    CHECK(origin(settings, "server.port") == "command line");
    CHECK(
        settings.report().files ==
        std::vector{file, dir.path("conf.d/10.toml"), dir.path("conf.d/20.toml")}
    );
}

TEST_CASE("load: problems of all sources come at once, in their order")
{
    const directory dir;
    const auto file = dir.write("sample.toml", "[server]\nport = 0\nrat = 1\n");
    dir.write("conf.d/a.toml", "wrokers = 1");
    const auto settings =
        load(sources{}.file(file).environment({"RILL_WORKERS=x"}).flag("workers=y").flag("x"));
    REQUIRE(settings.problems().size() == 6);
    CHECK(settings.problems()[0].where.text() == file + ":2:8");
    CHECK(settings.problems()[1].where.text() == file + ":3:1");
    CHECK(settings.problems()[2].where.text() == dir.path("conf.d/a.toml") + ":1:1");
    CHECK(settings.problems()[3].where.text() == "environment variable RILL_WORKERS");
    CHECK(settings.problems()[4].where.text() == "command line");
    CHECK(
        settings.problems()[5].text() ==
        "command line: error: --set x: expected key=value, as in server.port=8080"
    );
}

TEST_CASE("load: what is no readable file is a problem, not an exception")
{
    const directory dir;
    CHECK(
        first_problem(load(sources{}.file(dir.path("none.toml")))) ==
        dir.path("none.toml") + ": error: there is no such file"
    );
    CHECK(
        first_problem(load(sources{}.file("-"))) ==
        "-: error: there is no such file; standard input is /dev/stdin"
    );
    CHECK(
        first_problem(load(sources{}.file(dir.path("")))) ==
        dir.path("") + ": error: is a directory"
    );
    CHECK(
        first_problem(load(sources{}.file("/dev/zero"))) == "/dev/zero: error: is larger than 1 MiB"
    );
    const auto large = dir.write("large.toml", std::string((1U << 20) + 1, '\n'));
    CHECK(first_problem(load(sources{}.file(large))) == large + ": error: is larger than 1 MiB");
    const auto fits = dir.write("fits.toml", std::string(1U << 20, '\n'));
    CHECK(load(sources{}.file(fits)));
}

TEST_CASE("load: a file may be a pipe, if it is named; in conf.d it is refused and not waited for")
{
    const directory dir;
    const auto pipe = dir.path("pipe");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    std::thread writer{[&] { std::ofstream{pipe} << "workers = 3\n"; }};
    const auto settings = load(sources{}.file(pipe));
    writer.join();
    CHECK(first_problem(settings) == "");
    CHECK(settings->workers == 3);

    const auto file = dir.write("sample.toml", "");
    std::filesystem::create_directories(dir.path("conf.d"));
    const auto unwritten = dir.path("conf.d/a.toml");
    REQUIRE(::mkfifo(unwritten.c_str(), 0600) == 0);
    CHECK(first_problem(load(sources{}.file(file))) == unwritten + ": error: is not a file");
}

TEST_CASE("load: a condition between keys is reported where one was set, with all their values")
{
    const auto first = [](const sources& from) { return first_problem(load(from)); };
    const std::string rule =
        "error: server.write_buffer must be at least as large as read_buffer; ";
    CHECK(
        first(sources{}
                  .text("server.read_buffer = \"128KiB\"", "f")
                  .environment({"RILL_SERVER__WRITE_BUFFER=96KiB"})) ==
        "environment variable RILL_SERVER__WRITE_BUFFER: " + rule +
            "found write_buffer = \"96KiB\" and read_buffer = \"128KiB\" (f:1:22)"
    );
    CHECK(
        first(sources{}.text("server.read_buffer = \"128KiB\"", "f")) ==
        "f:1:22: " + rule + "found write_buffer = \"64KiB\" (default) and read_buffer = \"128KiB\""
    );
}

TEST_CASE("environment: sections are parted by two underscores")
{
    const auto settings = load_environment(
        {"RILL_WORKERS=2",
         "RILL_DRAIN_TIMEOUT=5s",
         "RILL_SERVER__MODE=line",
         "RILL_SERVER__KEEP_ALIVE=false",
         "RILL_SERVER__ALLOWED_HOSTS=a, b",
         "RILL_SERVER__RETRY_CODES=[500, 503]",
         "RILL_SERVER__TLS__PASSWORD= secret=1 "}
    );
    REQUIRE(first_problem(settings) == "");
    CHECK(settings->workers == 2);
    CHECK(settings->drain_timeout == 5s);
    CHECK(settings->server.mode == sample::mode::line);
    CHECK_FALSE(settings->server.keep_alive);
    CHECK(settings->server.allowed_hosts == std::vector<std::string>{"a", "b"});
    CHECK(settings->server.retry_codes == std::vector<int>{500, 503});
    CHECK(settings->server.tls.password == " secret=1 ");
}

TEST_CASE("environment: what looks like a key but is none is a problem, the rest is left alone")
{
    struct {
        const char* variable;
        const char* problem;
    } const table[] = {
        {"RILL_DEBUG=1", ""},
        {"RILL_HELLO_SERVICE_HOST=10.0.0.1", ""},
        {"RILL_SERVER_SERVICE_HOST=10.0.0.1", ""},
        {"RILL=1", ""},
        {"RILLS__PORT=1", ""},
        {"rill_workers=1", ""},
        {"RILL_SERVER__PRT=1",
         "RILL_SERVER__PRT: error: there is no such setting; did you mean 'RILL_SERVER__PORT'?"},
        {"RILL_SERVER_PORT=1",
         "RILL_SERVER_PORT: error: there is no such setting; did you mean 'RILL_SERVER__PORT'?"},
        {"RILL_WORKER=1",
         "RILL_WORKER: error: there is no such setting; did you mean 'RILL_WORKERS'?"},
        {"RILL_SOMETHING__ELSE=1", "RILL_SOMETHING__ELSE: error: there is no such setting"},
        {"RILL_WORKERS=",
         "RILL_WORKERS: error: workers must be an integer from 0 to 1024; found \"\""},
        {"RILL_WORKERS=4 ", ""},
        {"RILL_WORKERS=0x4",
         "RILL_WORKERS: error: workers must be an integer from 0 to 1024; found \"0x4\""},
        {"RILL_SERVER__RETRY_CODES=[500",
         "RILL_SERVER__RETRY_CODES: error: server.retry_codes must be a list, each item an integer "
         "from 400 to 599; found \"[500\"; write it in square brackets"},
        {"RILL_SERVER__RETRY_CODES=500,7",
         "RILL_SERVER__RETRY_CODES: error: each item of server.retry_codes must be an integer from "
         "400 to 599; found 7"},
        {"RILL_SERVER__KEEP_ALIVE=yes",
         "RILL_SERVER__KEEP_ALIVE: error: server.keep_alive must be true or false; found \"yes\"; "
         "write true"},
    };
    for (const auto& row : table) {
        CAPTURE(row.variable);
        const std::string expected = row.problem;
        CHECK(
            first_problem(load_environment({row.variable})) ==
            (expected.empty() ? "" : "environment variable " + expected)
        );
    }
}

TEST_CASE("environment: what begins like a section's variables and is none is warned about")
{
    const auto settings = load_environment(
        {"RILL_SERVER_SERVICE_HOST=10.0.0.1",
         "RILL_SERVER_PRT=1",
         "RILL_PORT=1",
         "RILL_HELLO_PORT=1",
         "RILL_DEBUG=1"}
    );
    CHECK(settings);
    REQUIRE(settings.warnings().size() == 3);
    CHECK(
        settings.warnings()[0].text() ==
        "environment variable RILL_PORT: warning: there is no such setting; did you mean "
        "'RILL_SERVER__PORT'?"
    );
    CHECK(
        settings.warnings()[1].text() ==
        "environment variable RILL_SERVER_PRT: warning: there is no such setting; did you mean "
        "'RILL_SERVER__PORT'?"
    );
    CHECK(
        settings.warnings()[2].text() ==
        "environment variable RILL_SERVER_SERVICE_HOST: warning: there is no such setting"
    );
}

TEST_CASE("flags: key=value, sections parted by dots; a later one wins")
{
    const auto settings =
        load(sources{}.flag("server.port=1").flag("server.port=2").flag("server.listen=a=b:1"));
    REQUIRE(first_problem(settings) == "");
    CHECK(settings->server.port == 2);
    CHECK(settings->server.listen == "a=b:1");
    CHECK(
        first_problem(load(sources{}.flag("server.prot=1"))) ==
        "command line: error: unknown key 'server.prot'; did you mean 'server.port'?"
    );
    CHECK(
        first_problem(load(sources{}.flag("server=1"))) ==
        "command line: error: 'server' is a section; set its keys, as in server.listen=..."
    );
    for (const char* flag : {"", "=1"})
        CHECK(first_problem(load(sources{}.flag(flag)))
                  .ends_with(": expected key=value, as in server.port=8080"));
}

TEST_CASE("secrets: no message repeats one")
{
    for (const char* variable : {"RILL_SERVER__TLS__PASSWORD=hunter2"})
        CHECK(load_environment({variable}));
    for (const char* toml :
         {"server.tls.password = 8223344",
          "server.tls.password = hunter2",
          "server.tls.password = [\"hunter2\"]"}) {
        const auto text = first_problem(load(sources{}.text(toml, "f")));
        CHECK(text.find("hunter2") == std::string::npos);
        CHECK(text.find("8223344") == std::string::npos);
        CHECK(text != "");
    }
}
