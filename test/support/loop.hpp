// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/testing/loop.hpp>

#include <doctest/doctest.h>

#include <exception>
#include <optional>
#include <string>

namespace test {

/// A loop with a clock of the test's own. A test that leaves work behind fails.
class loop : public rill::testing::loop {
public:
    ~loop()
    {
        try {
            settle();
        } catch (const rill::testing::failure& e) {
            FAIL_CHECK(e.what());
        }
        for (const std::string& line : leftovers())
            FAIL_CHECK(line);
    }
};

/// Ends a loop with everything in it still going on.
class abandoned_loop : public rill::testing::loop {};

/// What a completion handler was called with.
template <class... Values>
class completion {
public:
    auto handler()
    {
        return [this](rill::error_code ec, Values... values) {
            ++calls_;
            ec_ = ec;
            values_.emplace(std::move(values)...);
        };
    }

    bool done() const { return calls_ > 0; }

    int calls() const { return calls_; }

    rill::error_code error() const { return ec_; }

    const auto& value() const { return std::get<0>(*values_); }

private:
    int calls_ = 0;
    rill::error_code ec_;
    std::optional<std::tuple<Values...>> values_;
};

/// What the exception says; empty for none.
inline std::string text_of(const std::exception_ptr& error)
{
    if (!error)
        return {};
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

} // namespace test
