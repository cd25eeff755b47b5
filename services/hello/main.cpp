// SPDX-License-Identifier: BSL-1.0

// Hello service: an HTTP service with a few routes. Settings: conf/hello.toml. To run it:
//
//     tools/run hello

#include "config.hpp"
#include "hello.hpp"

#include <rill/app/run.hpp>

int main(int argc, char** argv)
{
    return rill::app::run<hello::config>(argc, argv, hello::serve);
}
