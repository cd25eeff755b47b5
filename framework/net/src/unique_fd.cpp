// SPDX-License-Identifier: BSL-1.0
#include <rill/unique_fd.hpp>

#include <unistd.h>

namespace rill {

void unique_fd::reset(int fd) noexcept
{
    const int before = std::exchange(fd_, fd);
    if (before >= 0)
        ::close(before);
}

} // namespace rill
