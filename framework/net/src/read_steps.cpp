// SPDX-License-Identifier: BSL-1.0
#include <rill/detail/read_steps.hpp>

#include <algorithm>
#include <stdexcept>

namespace rill::RILL_FORM::net_detail {

namespace {

constexpr std::string_view line_end[] = {"\n"};

} // namespace

void read_state::drop_line() noexcept
{
    const std::size_t end = buffer.view().find('\n');
    drops_line = end == std::string_view::npos;
    buffer.consume(drops_line ? buffer.size() : end + 1);
}

void text_step::cut(read_state& s, std::size_t n)
{
    bytes_.assign(s.buffer.view().substr(0, n));
    s.buffer.consume(bytes_.size());
    if (s.buffer.size() == 0)
        s.buffer.park(); // nobody has a view of it, and the next read may be far away
}

bool read_step_some::operator()(read_state& s)
{
    if (failed(s) || n_ == 0)
        return true;
    if (s.buffer.size() == 0)
        return s.eof;
    cut(s, n_);
    return true;
}

bool read_step_all::operator()(read_state& s)
{
    if (failed(s))
        return true;
    if (s.eof)
        cut(s, s.buffer.size());
    return s.eof;
}

bool read_step_exactly::operator()(read_state& s)
{
    if (failed(s))
        return true;
    if (s.buffer.size() < n_ && !s.eof)
        return false;
    if (s.buffer.size() < n_)
        error_ = asio::error::eof;
    cut(s, n_);
    return true;
}

void read_step_exactly::explain()
{
    if (error_ == asio::error::eof)
        throw incomplete_read_error(std::move(bytes_), n_);
}

read_step_until::read_step_until(std::span<const std::string_view> separators)
    : separators_(separators)
{
    const auto shorter = [](std::string_view a, std::string_view b) { return a.size() < b.size(); };
    if (separators.empty())
        throw std::invalid_argument("rill::stream_reader: there is no separator to read until");
    const auto [shortest, longest] =
        std::minmax_element(separators.begin(), separators.end(), shorter);
    if (shortest->empty())
        throw std::invalid_argument("rill::stream_reader: a separator is empty");
    longest_ = longest->size();
}

bool read_step_until::operator()(read_state& s)
{
    if (failed(s))
        return true;
    if (find(s.buffer.view())) {
        if (match_begin_ > s.limit)
            return overrun("the separator is found beyond the limit", match_begin_);
        cut(s, match_end_);
        return true;
    }
    // Where the search goes on: a separator may have begun in the bytes behind it.
    searched_ = s.buffer.size() + 1 - std::min(longest_, s.buffer.size() + 1);
    if (searched_ > s.limit)
        return overrun("no separator is found within the limit", searched_);
    if (!s.eof)
        return false;
    error_ = asio::error::eof;
    cut(s, s.buffer.size());
    return true;
}

void read_step_until::explain()
{
    if (overrun_)
        throw limit_overrun_error(overrun_, consumed_);
    if (error_ == asio::error::eof)
        throw incomplete_read_error(std::move(bytes_), std::nullopt);
}

bool read_step_until::find(std::string_view held)
{
    match_end_ = std::string_view::npos;
    for (const std::string_view separator : separators_) {
        const std::size_t begin = held.find(separator, searched_);
        if (begin == std::string_view::npos || begin + separator.size() >= match_end_)
            continue;
        match_begin_ = begin;
        match_end_ = begin + separator.size();
    }
    return match_end_ != std::string_view::npos;
}

bool read_step_until::overrun(const char* what, std::size_t consumed)
{
    overrun_ = what;
    consumed_ = consumed;
    error_ = asio::error::message_size;
    return true;
}

bool read_step_until_one::operator()(read_state& s)
{
    separators_ = std::span(&separator_, 1); // the step has been moved to where it stays
    return read_step_until::operator()(s);
}

bool read_step_more::operator()(read_state& s) noexcept
{
    if (failed(s))
        return true;
    const std::size_t held = s.buffer.size();
    if (!std::exchange(begun_, true)) {
        before_ = held;
        if (held >= room(s) && !s.eof)
            error_ = asio::error::message_size;
    }
    return error_ || held > before_ || s.eof;
}

void read_step_more::explain() const
{
    if (error_ == asio::error::message_size)
        throw limit_overrun_error("the reader holds twice its limit", before_);
}

read_step_line::read_step_line()
    : read_step_until(line_end)
{}

bool read_step_line::operator()(read_state& s)
{
    if (!read_step_until::operator()(s))
        return false;
    if (error_ == asio::error::eof)
        error_ = {};
    if (overrun_)
        s.drop_line();
    return true;
}

void read_step_line::explain() const
{
    if (overrun_)
        throw line_too_long(overrun_);
}

} // namespace rill::RILL_FORM::net_detail
