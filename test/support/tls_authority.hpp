// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace test {

/// A certificate and its key, as PEM files.
struct tls_files {
    std::string certificate;
    std::string key;
};

/// What a certificate says; valid from 1970 to 2100 unless said otherwise.
struct tls_certificate_request {
    std::string subject;            // its common name
    std::vector<std::string> names; // "DNS:localhost", "IP:127.0.0.1"
    std::chrono::system_clock::time_point from{};
    std::chrono::system_clock::time_point until{std::chrono::days(130 * 365)};
};

/// A certificate authority with a folder of its own, which goes with it. Its keys are Ed25519, whose
/// signatures have one length: a simulated run is the same each time.
class tls_authority {
public:
    explicit tls_authority(const std::string& name = "Test CA");
    ~tls_authority();

    tls_authority(const tls_authority&) = delete;
    tls_authority& operator=(const tls_authority&) = delete;

    /// Its own certificate, to be trusted.
    const std::string& file() const noexcept { return file_; }

    /// A certificate that it vouches for. The files are named after the subject, and replaced if they
    /// are there.
    tls_files issue(const tls_certificate_request& request);

    /// For localhost and 127.0.0.1, and the host "server" of a simulated network.
    tls_files issue_local()
    {
        return issue({"localhost", {"DNS:localhost", "DNS:server", "IP:127.0.0.1"}});
    }

    /// A file of that text in the folder.
    std::string write(const std::string& name, const std::string& text);

private:
    struct keys;
    std::unique_ptr<keys> own_;
    std::string folder_;
    std::string file_;
    long serial_ = 1;
};

} // namespace test
