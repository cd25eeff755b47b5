// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/config.hpp>

#include <string>

/// What a library lets the other one use. Only they know Rill.
struct offer;

/// A shared library with a Rill of its own, header-only and compiled with hidden visibility.
struct library {
    const offer& mine;

    /// Runs `io` with tasks that use what the other one offers. What was not right; empty if all
    /// was.
    std::string (*meet)(boost::asio::io_context& io, const offer& other);
};

extern "C" BOOST_SYMBOL_EXPORT const library* first_library();
extern "C" BOOST_SYMBOL_EXPORT const library* second_library();
