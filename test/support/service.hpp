// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/child.hpp>
#include <support/contains.hpp>

#include <doctest/doctest.h>
#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace test {

/// A service of ours as a process, until it says that it listens.
class service {
public:
    explicit service(
        const char* program, const std::vector<std::string>& settings, rlim_t descriptors = 1024
    )
        : process_(command(program, settings), descriptors)
    {
        const std::string log = process_.log_until("\"listening\"");
        const std::string host = "127.0.0.1:";
        if (const std::size_t at = log.find(host); at != std::string::npos)
            port = std::to_string(std::stoi(log.substr(at + host.size())));
        REQUIRE_MESSAGE(log.find("\"listening\"") != std::string::npos, log);
    }

    pid_t pid() const noexcept { return process_.pid(); }

    void signal(int number) const { process_.signal(number); }

    /// Once it has.
    void says(const std::string& text) { REQUIRE(contains(process_.log_until(text), text)); }

    /// Its exit code.
    int stop() { return process_.stop(); }

    const std::string& log() const { return process_.log; }

    std::string port; // of 127.0.0.1, if it listens there

private:
    static std::vector<std::string>
    command(const char* program, const std::vector<std::string>& settings)
    {
        std::vector<std::string> all{program, "--set", "service.admin_socket="};
        for (const std::string& s : settings) {
            all.push_back("--set");
            all.push_back(s);
        }
        return all;
    }

    child process_;
};

} // namespace test
