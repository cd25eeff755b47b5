// SPDX-License-Identifier: BSL-1.0
#include <support/tls_authority.hpp>

#include <rill/tls_context.hpp>
#include <rill/tls_error.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace {

using rill::tls_context;

/// What making a context has failed with.
template <class F>
std::string problem(F make)
{
    try {
        make();
    } catch (const rill::tls_error& e) {
        CHECK(e.code() == rill::tls_errc::unusable_settings);
        return e.what();
    }
    return {};
}

TEST_CASE("tls_context: a file that cannot be used is named, with what is wrong")
{
    test::tls_authority authority;
    const auto files = authority.issue_local();
    const auto other = authority.issue({"other", {}});
    const std::string nothing = authority.write("nothing.pem", "");
    const std::string text = authority.write("text.pem", "hello\n");
    const auto server = [](const std::string& certificate, const std::string& key) {
        return problem([&] { tls_context::server(certificate, key); });
    };
    CHECK(server(files.certificate, files.key) == "");
    CHECK(
        server("/nowhere.pem", files.key) ==
        "rill::tls_context: the certificate '/nowhere.pem': No such file or directory"
    );
    CHECK(
        server(nothing, files.key) ==
        "rill::tls_context: the certificate '" + nothing + "': the file is empty"
    );
    CHECK(
        server(text, files.key) == "rill::tls_context: the certificate '" + text +
                                       "': there is nothing of that kind in it (PEM)"
    );
    CHECK(
        server(files.certificate, other.key) ==
        "rill::tls_context: the key '" + other.key + "': key values mismatch"
    );
    CHECK(
        problem([&] { tls_context::client().trust(text); }) ==
        "rill::tls_context: the trusted certificates '" + text +
            "': there is nothing of that kind in it (PEM)"
    );
}

TEST_CASE("tls_context: what is one side's is refused for the other")
{
    test::tls_authority authority;
    const auto files = authority.issue_local();
    auto client = tls_context::client();
    auto server = tls_context::server(files.certificate, files.key);
    CHECK_THROWS_AS(server.trust(authority.file()), std::logic_error);
    CHECK_THROWS_AS(server.unverified(), std::logic_error);
    CHECK_THROWS_AS(client.client_ca(authority.file()), std::logic_error);
    CHECK_THROWS_AS(client.for_name("a", server), std::logic_error);
    CHECK_THROWS_AS(client.alpn(""), std::invalid_argument);
}

} // namespace
