// SPDX-License-Identifier: BSL-1.0
#include "outbox.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace rill::http::detail {

namespace {

constexpr std::size_t large_content = 8 * 1024; // from here on content is not copied
constexpr std::size_t gather_bytes = 64 * 1024;

} // namespace

bool outbox::full(std::size_t most) const noexcept
{
    return responses_ >= most || !large_left_.empty() || text_.size() >= gather_bytes;
}

void outbox::add(response& r, const reply& to, std::string_view date_line)
{
    assert(large_left_.empty() && "a response would come before the content of the one before it");
    ++responses_;
    write_head(r, to, date_line, text_);
    const auto body = content(r, to);
    if (body.size() < large_content) {
        text_.append(body);
    } else {
        large_ = std::make_unique<response>(std::move(r));
        large_left_ = large_->body();
    }
}

outbox::pieces outbox::unsent() const noexcept
{
    pieces all;
    all.buffers_ = {boost::asio::buffer(text_.view()), boost::asio::buffer(large_left_)};
    all.count_ = large_left_.empty() ? 1 : 2;
    return all;
}

void outbox::sent(std::size_t n)
{
    const auto of_text = std::min(n, text_.size());
    text_.consume(of_text);
    large_left_.remove_prefix(n - of_text);
    if (!empty())
        return;
    responses_ = 0;
    text_.park();
    large_.reset();
}

} // namespace rill::http::detail
