// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/simulation.hpp>
#include <rill/error.hpp>

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace rill::RILL_FORM::testing::simulation {

/// Bytes in order: appended behind, taken from the front.
class byte_buffer {
public:
    std::size_t size() const noexcept { return bytes_.size() - begin_; }

    void append(std::span<const asio::const_buffer> data, std::size_t n)
    {
        const std::size_t old = bytes_.size();
        bytes_.resize(old + n);
        asio::buffer_copy(asio::buffer(bytes_.data() + old, n), data);
    }

    /// Moves at most `n` bytes out.
    std::size_t take(std::span<const asio::mutable_buffer> room, std::size_t n)
    {
        const std::size_t taken = asio::buffer_copy(room, asio::buffer(bytes_.data() + begin_, n));
        drop_front(taken);
        return taken;
    }

    void drop_front(std::size_t n) noexcept
    {
        begin_ += n;
        if (begin_ == bytes_.size()) {
            bytes_.clear();
            begin_ = 0;
        } else if (begin_ > bytes_.size() / 2) {
            bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
            begin_ = 0;
        }
    }

    void drop_back(std::size_t n) noexcept { bytes_.resize(bytes_.size() - n); }

private:
    std::vector<char> bytes_;
    std::size_t begin_ = 0;
};

} // namespace rill::RILL_FORM::testing::simulation
