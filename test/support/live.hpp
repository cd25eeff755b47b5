// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/loop.hpp>
#include <rill/run.hpp>
#include <rill/sleep.hpp>
#include <rill/timeout.hpp>

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace test {

using namespace std::chrono_literals;

/// Runs a coroutine on a loop of its own, with real sockets and real time. What reached the
/// exception handler is in `reported`.
class live {
public:
    explicit live(rill::duration limit = 20s)
        : limit_(limit)
    {}

    template <class F>
    void run(F body)
    {
        const auto start = [&]() -> rill::awaitable<void> {
            rill::this_loop().set_exception_handler([this](const rill::exception_context& c) {
                reported.push_back(to_string(c));
            });
            co_await rill::timeout(limit_, body());
        };
        rill::run(start);
    }

    std::vector<std::string> reported;

private:
    rill::duration limit_;
};

/// Looks at each turn of the loop whether `condition()` holds, and says whether it did in time.
template <class Condition>
rill::awaitable<bool> eventually(Condition condition, rill::duration limit = 5s)
{
    const rill::time_point end = rill::clock::now() + limit;
    while (!condition()) {
        if (rill::clock::now() > end)
            co_return false;
        co_await rill::yield();
    }
    co_return true;
}

inline std::size_t open_descriptors()
{
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++n;
    return n;
}

/// A directory of its own for each test, for unix sockets.
class scratch {
public:
    scratch()
    {
        std::string name = (std::filesystem::temp_directory_path() / "rill-XXXXXX").string();
        if (!::mkdtemp(name.data()))
            throw std::runtime_error("mkdtemp failed");
        path_ = name;
    }

    ~scratch() { std::filesystem::remove_all(path_); }

    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;

    std::string file(const char* name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

} // namespace test
