// SPDX-License-Identifier: BSL-1.0
#include "content_reader.hpp"

#include <algorithm>
#include <cstring>

namespace rill::http::detail {

namespace {

constexpr std::size_t chunks_read = 4 * 1024; // room for the next piece of chunked content
constexpr std::size_t large_read = 64 * 1024; // room for more of a content than is there

} // namespace

progress content_reader::begin_content(const head& h, extend::byte_buffer& in)
{
    chunked_ = h.chunked;
    if (chunked_) {
        chunks_.reset();
        return take_chunks(in);
    }
    if (h.content_length > limits_.body)
        return refuse(413);
    size_ = static_cast<std::size_t>(h.content_length);
    end_ += size_;
    return take(in);
}

progress content_reader::take(extend::byte_buffer& in)
{
    if (chunked_)
        return take_chunks(in);
    return in.size() < end_ ? progress::more : progress::complete;
}

progress content_reader::refuse(int status) noexcept
{
    status_ = status;
    return progress::refused;
}

/// Moves content together over the chunk lines before it.
progress content_reader::take_chunks(extend::byte_buffer& in)
{
    while (end_ < in.size()) {
        const auto step = chunks_.next(in.view().substr(end_));
        end_ += step.consumed;
        if (!step.payload.empty())
            std::memmove(in.data() + begin_ + size_, step.payload.data(), step.payload.size());
        size_ += step.payload.size();
        if (step.state == progress::refused)
            return refuse(400);
        if (chunks_.announced() > limits_.body)
            return refuse(413);
        if (step.state == progress::complete)
            return progress::complete;
    }
    end_ = begin_ + size_;
    in.truncate(end_);
    return progress::more;
}

std::size_t content_reader::room(const extend::byte_buffer& in) const noexcept
{
    if (chunked_)
        return chunks_read;
    return std::min(end_ - in.size(), std::max(large_read, in.size()));
}

} // namespace rill::http::detail
