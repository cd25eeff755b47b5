// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <signal.h>

namespace test {

/// SIGINT has its default effect as long as it lives, here and in children; the test runner takes it
/// otherwise.
class default_sigint {
public:
    default_sigint()
    {
        struct sigaction by_default = {};
        by_default.sa_handler = SIG_DFL;
        ::sigaction(SIGINT, &by_default, &before_);
    }

    ~default_sigint() { ::sigaction(SIGINT, &before_, nullptr); }

    default_sigint(const default_sigint&) = delete;
    default_sigint& operator=(const default_sigint&) = delete;

private:
    struct sigaction before_ = {};
};

} // namespace test
