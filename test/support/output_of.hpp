// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace test {

/// What a shell command prints, on standard output and error.
inline std::string output_of(const std::string& command)
{
    FILE* const pipe = ::popen(("{ " + command + "\n} 2>&1").c_str(), "r");
    if (!pipe)
        throw std::runtime_error("popen failed");
    std::string all;
    std::array<char, 4096> bytes{};
    while (const std::size_t n = std::fread(bytes.data(), 1, bytes.size(), pipe))
        all.append(bytes.data(), n);
    ::pclose(pipe);
    return all;
}

} // namespace test
