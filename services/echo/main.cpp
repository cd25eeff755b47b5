// SPDX-License-Identifier: BSL-1.0

// Echo service: sends back over TCP what it receives. Settings: conf/echo.toml. To run it:
//
//     tools/run echo
//     nc 127.0.0.1 7007

#include "config.hpp"
#include "echo.hpp"

#include <rill/app/run.hpp>

int main(int argc, char** argv)
{
    return rill::app::run<echo::config>(argc, argv, echo::serve);
}
