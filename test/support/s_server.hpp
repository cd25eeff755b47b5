// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/child.hpp>
#include <support/tls_authority.hpp>

#include <string>
#include <utility>
#include <vector>

namespace test {

/// OpenSSL's server on a port of 127.0.0.1, which gives back each line reversed.
class s_server {
public:
    explicit s_server(const tls_files& files, std::vector<std::string> options = {})
        : program_(command(files, std::move(options)))
    {
        const std::string at = program_.log_until("ACCEPT ");
        port_ =
            static_cast<unsigned short>(std::stoi(at.substr(at.find(':', at.find("ACCEPT ")) + 1)));
    }

    unsigned short port() const noexcept { return port_; }

private:
    static std::vector<std::string>
    command(const tls_files& files, std::vector<std::string> options)
    {
        std::vector<std::string> all{
            "openssl",
            "s_server",
            "-accept",
            "127.0.0.1:0",
            "-rev",
            "-cert",
            files.certificate,
            "-key",
            files.key
        };
        all.insert(all.end(), options.begin(), options.end());
        return all;
    }

    child program_;
    unsigned short port_ = 0;
};

} // namespace test
