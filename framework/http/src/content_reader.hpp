// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "chunk_parser.hpp"
#include "head_parser.hpp"

#include <rill/extend_net.hpp>
#include <rill/http/settings.hpp>

#include <cstddef>
#include <string_view>

namespace rill::http::detail {

/// Puts the content of a message together, in the buffer that begins with its head, whichever way
/// it is framed. Afterwards it lies behind the head, without chunk lines.
class content_reader {
public:
    explicit content_reader(const settings& s) noexcept
        : limits_(s)
        , chunks_(s)
    {}

    /// Begins with the message whose head stands at the beginning of `in`, and takes what there is
    /// of its content. A content that says at once that it is too large is refused at once.
    progress begin(const head& h, extend::byte_buffer& in)
    {
        begin_ = end_ = h.size;
        size_ = 0;
        return h.has_body() ? begin_content(h, in) : progress::complete;
    }

    /// The same with more bytes in `in`.
    progress take(extend::byte_buffer& in);

    // Once it was refused

    int status() const noexcept { return status_; } ///< 413 or 400.

    /// The broken rule, in words that are none of the peer's.
    std::string_view reason() const noexcept
    {
        return status_ == 413 ? "the content is larger than what is taken here" : chunks_.reason();
    }

    // Once it is complete

    std::size_t offset() const noexcept { return begin_; }    ///< Where it lies in the buffer.
    std::size_t size() const noexcept { return size_; }       ///< Its bytes.
    std::size_t message_end() const noexcept { return end_; } ///< What comes then is not its own.

    /// Room for the next read: as much as the content needs, in steps that a peer which promises
    /// more than it sends does not make expensive.
    std::size_t room(const extend::byte_buffer& in) const noexcept;

private:
    progress begin_content(const head& h, extend::byte_buffer& in);
    progress refuse(int status) noexcept;
    progress take_chunks(extend::byte_buffer& in);

    const settings& limits_;
    chunk_parser chunks_;
    bool chunked_ = false;
    int status_ = 0;
    std::size_t begin_ = 0;
    std::size_t size_ = 0; // of chunked content, as far as it is there
    std::size_t end_ = 0;  // of chunked content, what has been looked at
};

} // namespace rill::http::detail
