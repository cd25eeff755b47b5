// SPDX-License-Identifier: BSL-1.0

// A program that is linked with both libraries, and uses Rill itself.
#include "library.hpp"

#include <rill/queue.hpp>

#include <cstdio>
#include <string>

int main()
{
    boost::asio::io_context io;
    const rill::queue<int> ours(io.get_executor()); // they find its loop
    const library& first = *first_library();
    const library& second = *second_library();
    std::string wrong = first.meet(io, second.mine);
    if (wrong.empty())
        wrong = second.meet(io, first.mine);
    std::puts(wrong.empty() ? "one loop" : wrong.c_str());
    return wrong.empty() ? 0 : 1;
}
