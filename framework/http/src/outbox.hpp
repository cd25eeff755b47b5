// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "serialize.hpp"

#include <rill/extend_net.hpp>
#include <rill/http/response.hpp>

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace rill::http::detail {

/// What waits to be written: messages gathered one behind the other, and behind them at most one
/// large content, which is not copied. An empty one holds no memory.
class outbox {
public:
    explicit outbox(extend::buffer_pool& pool) noexcept
        : text_(pool)
    {}

    bool empty() const noexcept { return text_.empty() && large_left_.empty(); }

    /// Whether what is there should leave before more is put behind it: `most` responses, many
    /// bytes, or a large content. Nothing can be put behind the last.
    bool full(std::size_t most) const noexcept;

    void append(std::string_view text) { text_.append(text); }

    /// Serialises a response. A large content is moved out of it.
    void add(response& r, const reply& to, std::string_view date_line);

    /// Pieces of memory in the order in which they leave. Valid until the outbox changes.
    class pieces {
    public:
        operator std::span<const boost::asio::const_buffer>() const noexcept
        {
            return std::span(buffers_).first(count_);
        }

    private:
        friend class outbox;

        std::array<boost::asio::const_buffer, 2> buffers_;
        std::size_t count_;
    };

    pieces unsent() const noexcept;

    /// The first `n` bytes have left.
    void sent(std::size_t n);

private:
    extend::byte_buffer text_;
    std::unique_ptr<response> large_; // its content follows the text
    std::string_view large_left_;     // what is left of that
    std::size_t responses_ = 0;       // in here
};

} // namespace rill::http::detail
