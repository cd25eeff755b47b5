// SPDX-License-Identifier: BSL-1.0
//
// Starts a child that takes no notice of SIGTERM, prints its number, and waits to be killed. With
// "detached", the child is.
#include <rill/process.hpp>
#include <rill/run.hpp>

#include <iostream>
#include <string_view>

namespace {

rill::awaitable<int> own(bool detached)
{
    auto c = rill::shell_command("trap '' TERM; exec sleep 1000").stdin_(rill::null);
    if (detached)
        c.stdout_(rill::null).stderr_(rill::null).detached();
    auto p = co_await rill::create_subprocess_exec(c);
    std::cout << p.pid() << std::endl;
    co_return co_await p.wait();
}

} // namespace

int main(int argc, char** argv)
{
    const bool detached = argc > 1 && std::string_view(argv[1]) == "detached";
    return rill::run(own(detached));
}
