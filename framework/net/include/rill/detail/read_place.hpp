// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/byte_buffer.hpp>
#include <rill/detail/form.hpp>

#include <cstddef>
#include <span>

namespace rill::RILL_FORM::net_detail {

/// Whoever has room for what is read.
class read_place {
public:
    using memory = byte_buffer::memory;

    /// Room for bytes, some `wanted` or more; one at least. It stays until they are in it, or
    /// nothing_came().
    virtual std::span<char> space(std::size_t wanted, memory from) = 0;

    /// The read waits for bytes, which may take long.
    virtual void nothing_came() noexcept = 0;

protected:
    ~read_place() = default;
};

} // namespace rill::RILL_FORM::net_detail
