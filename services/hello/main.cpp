// SPDX-License-Identifier: BSL-1.0

// Hello service: an HTTP service with a few routes. Settings: conf/hello.toml. To run it:
//
//     tools/run hello
//     curl http://127.0.0.1:8080/hello/you

#include "config.hpp"
#include "hello.hpp"

#include <rill/app/run.hpp>

int main(int argc, char** argv)
{
    return rill::app::run<hello::config>(argc, argv, hello::serve);
}
