// SPDX-License-Identifier: BSL-1.0

// Where a program that compiles Asio separately has its bodies, and those of core.
#include <rill/src.hpp>

#include <boost/asio/impl/src.hpp>
