// SPDX-License-Identifier: BSL-1.0
#include "services.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

namespace {

/// The environment variable, for as long as this lives.
class session_directory {
public:
    explicit session_directory(const char* value)
    {
        if (const char* old = std::getenv(name))
            old_ = old;
        set(value);
    }

    ~session_directory() { set(old_ ? old_->c_str() : nullptr); }

    session_directory(const session_directory&) = delete;
    session_directory& operator=(const session_directory&) = delete;

private:
    static constexpr const char* name = "XDG_RUNTIME_DIR";

    static void set(const char* value)
    {
        if (value)
            ::setenv(name, value, 1);
        else
            ::unsetenv(name);
    }

    std::optional<std::string> old_;
};

} // namespace

TEST_CASE("services: the socket of a pid is in the session's directory, or in /tmp")
{
    const std::string in_tmp = "/tmp/rill-" + std::to_string(::geteuid());
    {
        const session_directory d("/run/user/7");
        CHECK(top::socket_of("123") == "/run/user/7/rill/123.sock");
    }
    {
        const session_directory d(nullptr);
        CHECK(top::socket_of("123") == in_tmp + "/123.sock");
    }
    {
        const session_directory d("");
        CHECK(top::runtime_directory() == in_tmp);
    }
}

TEST_CASE("services: a target with a slash is a path; a word that is no file is refused")
{
    CHECK(top::socket_of("./123") == "./123");
    CHECK(top::socket_of("/run/x.sock") == "/run/x.sock");
    CHECK_THROWS_AS(top::socket_of("tre"), top::usage_error);
}

TEST_CASE("services: where there is no directory, or only another's, there are none")
{
    CHECK(top::sockets_in("/nonexistent/rill").empty());
    CHECK(top::sockets_in("/proc/self/status").empty());
}
