// SPDX-License-Identifier: BSL-1.0
#include "child.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

using test::child;

namespace {

/// A conf file that goes with its owner.
class conf_file {
public:
    explicit conf_file(const std::string& text)
    {
        std::string name = (std::filesystem::temp_directory_path() / "rill-app-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        directory_ = name;
        std::ofstream{path()} << text;
    }

    conf_file(const conf_file&) = delete;
    conf_file& operator=(const conf_file&) = delete;

    ~conf_file() { std::filesystem::remove_all(directory_); }

    std::string path() const { return (directory_ / "probe.toml").string(); }

private:
    std::filesystem::path directory_;
};

} // namespace

TEST_CASE("settings: a wrong file ends with 78 and all that is wrong, from every source")
{
    const conf_file file{"behavior = \"finish\"\n[service]\nworkers = -1\n"};
    for (const std::string action :
         {"--check-config", "--print-config", "--set=behaviour=finish"}) {
        child probe{{"--config", file.path(), action, "--set", "x=1"}, {"RILL_SERVICE__WORKER=1"}};
        CHECK(probe.wait() == 78);
        CHECK(
            probe.text() ==
            file.path() + ":1:1: error: unknown key 'behavior'; did you mean 'behaviour'?\n" +
                file.path() +
                ":3:11: error: service.workers must be an integer from 0 to 1024; found -1\n"
                "environment variable RILL_SERVICE__WORKER: error: there is no such setting; "
                "did you mean 'RILL_SERVICE__WORKERS'?\n"
                "command line: error: unknown key 'x'\n"
        );
    }
}

TEST_CASE("settings: a file that is no text is told in whole lines")
{
    using namespace std::string_literals;
    const conf_file file{"behaviour = \"end\"\nbeha\0viour = 1\n"s};
    child probe{{"--config", file.path(), "--set", "x=1"}};
    CHECK(probe.wait() == 78);
    CHECK(
        probe.text() ==
        file.path() + ":2:1: error: this line has a byte of value 0; a conf file is text in UTF-8\n"
                      "command line: error: unknown key 'x'\n"
    );
}

TEST_CASE("settings: the file may be a pipe, as a shell makes one of <(...)")
{
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0); // the child inherits it
    const std::string text = "service.workers = 3\n";
    REQUIRE(::write(pipe[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    ::close(pipe[1]);
    const std::string path = "/dev/fd/" + std::to_string(pipe[0]);
    child probe{{"--config", path, "--print-config"}};
    ::close(pipe[0]);
    CHECK(probe.wait() == 0);
    CHECK(probe.text().find("workers = 3  # " + path + ":1:19\n") != std::string::npos);
}

TEST_CASE("settings: a variable that is none of the service's settings but looks like one is told")
{
    const std::string name = "environment variable RILL_SERVICE_WORKRES";
    const std::string message = "there is no such setting; did you mean 'RILL_SERVICE__WORKERS'?";
    child check{{"--check-config"}, {"RILL_SERVICE_WORKRES=1"}};
    CHECK(check.wait() == 0);
    CHECK(check.text() == name + ": warning: " + message + "\nthe settings are valid\n");
    child service{{"--set", "behaviour=end"}, {"RILL_SERVICE_WORKRES=1"}};
    CHECK(service.wait() == 0);
    CHECK(service.text().find(message + "\",\"setting\":\"" + name + "\"") != std::string::npos);
}

TEST_CASE("settings: --check-config of a good file ends with 0")
{
    const conf_file file{"behaviour = \"end\"\n"};
    child probe{{"--config", file.path(), "--check-config"}};
    CHECK(probe.wait() == 0);
    CHECK(probe.text() == "the settings are valid\n");
}

TEST_CASE("settings: --print-config tells where each value comes from and masks secrets")
{
    const conf_file file{"behaviour = \"end\"\n"};
    child probe{
        {"--config", file.path(), "--print-config", "--set", "service.workers=2"},
        {"RILL_SERVICE__LOG_LEVEL=error"}
    };
    CHECK(probe.wait() == 0);
    CHECK(
        probe.text().find("behaviour = \"end\"  # " + file.path() + ":1:13\n") != std::string::npos
    );
    CHECK(probe.text().find("workers = 2  # command line\n") != std::string::npos);
    CHECK(
        probe.text().find("log_level = \"error\"  # environment variable RILL_SERVICE__LOG_LEVEL\n"
        ) != std::string::npos
    );
    CHECK(probe.text().find("password = \"***\"  # default\n") != std::string::npos);
}

TEST_CASE("settings: the service runs with them, and its log says which files were read")
{
    const conf_file file{"behaviour = \"end\"\nservice.workers = 2\n"};
    child probe{{"--config", file.path()}};
    CHECK(probe.wait() == 0);
    CHECK(
        probe.text().find(
            "\"starting\",\"service\":\"probe\",\"settings\":\"" + file.path() + "\""
        ) != std::string::npos
    );
    CHECK(probe.text().find("\"started\",\"of\":2") != std::string::npos);
}

TEST_CASE("settings: log_level and log_format decide what is written, and how")
{
    child quiet{{"--set", "behaviour=end", "--set", "service.log_level=error"}};
    CHECK(quiet.wait() == 0);
    CHECK(quiet.text() == "");
    child text{{"--set", "behaviour=end", "--set", "service.log_format=text"}};
    CHECK(text.wait() == 0);
    CHECK(text.text().find(" info    started of=") != std::string::npos);
}

TEST_CASE("settings: --print-reference gives a conf file that is valid")
{
    child reference{{"--print-reference"}};
    CHECK(reference.wait() == 0);
    const conf_file file{reference.text()};
    child probe{{"--config", file.path(), "--check-config"}};
    CHECK(probe.wait() == 0);
    CHECK(probe.text() == "the settings are valid\n");
}

TEST_CASE("settings: a wrong command line ends with 2")
{
    child probe{{"--chek-config"}};
    CHECK(probe.wait() == 2);
    CHECK(probe.text().find("did you mean '--check-config'?") != std::string::npos);
}
