// SPDX-License-Identifier: BSL-1.0

// The only source file that contains Asio's function bodies.
#include <boost/asio/impl/src.hpp>
