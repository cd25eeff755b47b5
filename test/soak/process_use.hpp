// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace test {

/// What a process holds and has used, as the kernel counts it.
struct process_use {
    std::size_t bytes = 0; // of memory that is no file's
    std::size_t threads = 0;
    std::size_t descriptors = 0;
    double seconds = 0; // of CPU
};

inline process_use use_of(pid_t process)
{
    process_use use;
    const std::string folder = "/proc/" + std::to_string(process) + "/";
    std::ifstream status(folder + "status");
    for (std::string word; status >> word;)
        if (word == "RssAnon:") {
            status >> use.bytes; // in KiB
            use.bytes *= 1024;
        } else if (word == "Threads:") {
            status >> use.threads;
        }
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder + "fd"))
        use.descriptors += 1;
    std::ifstream stat(folder + "stat");
    std::string line{std::istreambuf_iterator<char>(stat), {}};
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string skipped;
    for (int i = 0; i < 11; ++i)
        fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    use.seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return use;
}

} // namespace test
