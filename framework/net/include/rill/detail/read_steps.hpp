// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/byte_buffer.hpp>
#include <rill/detail/form.hpp>
#include <rill/stream_error.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace rill::RILL_FORM::net_detail {

/// What a reader knows of its stream.
struct read_state {
    byte_buffer buffer;
    std::size_t limit;
    bool eof = false;
    error_code error;        // of the stream; every later read fails with it
    bool drops_line = false; // nothing is held, and what comes is of a line that was too long

    /// `n` bytes have come.
    void commit(std::size_t n) noexcept
    {
        buffer.commit(n);
        if (drops_line) [[unlikely]]
            drop_line();
    }

    /// Up to its end; if that has yet to come, what comes is dropped before any read sees it, so
    /// that it makes no difference how a line that was too long arrives.
    void drop_line() noexcept
    {
        const std::size_t end = buffer.view().find('\n');
        drops_line = end == std::string_view::npos;
        buffer.consume(drops_line ? buffer.size() : end + 1);
    }
};

// The kinds of reading, without any I/O. Each is tried whenever bytes have come, and says whether
// it is done. If so error() says whether it failed; else take() gives what was read. partial() is
// what had been read before an error, and explain() throws what says more than its code.
//
// `room` is how much the buffer may hold while the step waits for more.

class read_step {
public:
    const error_code& error() const noexcept { return error_; }

    void explain() {}

    std::size_t room(const read_state& s) const noexcept { return 2 * s.limit; }

protected:
    bool failed(const read_state& s) noexcept
    {
        error_ = s.error;
        return error_.failed();
    }

    error_code error_;
};

/// One that takes bytes out.
class text_step : public read_step {
public:
    std::string take(const read_state&) noexcept { return std::move(bytes_); }

    std::string partial() noexcept { return std::move(bytes_); }

protected:
    void cut(read_state& s, std::size_t n)
    {
        bytes_.assign(s.buffer.view().substr(0, n));
        s.buffer.consume(bytes_.size());
        if (s.buffer.size() == 0)
            s.buffer.park(); // nobody has a view of it, and the next read may be far away
    }

    std::string bytes_;
};

/// At most n bytes, as soon as there are any.
class read_step_some : public text_step {
public:
    explicit read_step_some(std::size_t n) noexcept
        : n_(n)
    {}

    bool operator()(read_state& s)
    {
        if (failed(s) || n_ == 0)
            return true;
        if (s.buffer.size() == 0)
            return s.eof;
        cut(s, n_);
        return true;
    }

private:
    std::size_t n_;
};

/// Everything up to the end. Until then the bytes stay in the buffer.
class read_step_all : public text_step {
public:
    bool operator()(read_state& s)
    {
        if (failed(s))
            return true;
        if (s.eof)
            cut(s, s.buffer.size());
        return s.eof;
    }

    std::size_t room(const read_state&) const noexcept
    {
        return std::numeric_limits<std::size_t>::max();
    }
};

/// n bytes, neither more nor less.
class read_step_exactly : public text_step {
public:
    explicit read_step_exactly(std::size_t n) noexcept
        : n_(n)
    {}

    bool operator()(read_state& s)
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

    void explain()
    {
        if (error_ == asio::error::eof)
            throw incomplete_read_error(std::move(bytes_), n_);
    }

    std::size_t room(const read_state& s) const noexcept { return std::max(n_, 2 * s.limit); }

private:
    std::size_t n_;
};

/// Up to the separator that ends first, and with it.
class read_step_until : public text_step {
public:
    explicit read_step_until(std::span<const std::string_view> separators)
        : separators_(separators)
    {
        const auto shorter = [](std::string_view a, std::string_view b) {
            return a.size() < b.size();
        };
        if (separators.empty())
            throw std::invalid_argument("rill::stream_reader: there is no separator to read until");
        const auto [shortest, longest] =
            std::minmax_element(separators.begin(), separators.end(), shorter);
        if (shortest->empty())
            throw std::invalid_argument("rill::stream_reader: a separator is empty");
        longest_ = longest->size();
    }

    bool operator()(read_state& s)
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

    void explain()
    {
        if (overrun_)
            throw limit_overrun_error(overrun_, consumed_);
        if (error_ == asio::error::eof)
            throw incomplete_read_error(std::move(bytes_), std::nullopt);
    }

    std::size_t room(const read_state& s) const noexcept
    {
        return std::max(2 * s.limit, s.limit + longest_);
    }

protected:
    bool find(std::string_view held)
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

    bool overrun(const char* what, std::size_t consumed)
    {
        overrun_ = what;
        consumed_ = consumed;
        error_ = asio::error::message_size;
        return true;
    }

    std::span<const std::string_view> separators_;
    std::size_t longest_ = 0;
    std::size_t searched_ = 0;
    std::size_t match_begin_ = 0;
    std::size_t match_end_ = 0;
    const char* overrun_ = nullptr; // what to say of a match or a search that went too far
    std::size_t consumed_ = 0;
};

/// The same for a single separator, which is kept here.
class read_step_until_one : public read_step_until {
public:
    explicit read_step_until_one(std::string_view separator)
        : read_step_until(std::span(&separator, 1))
        , separator_(separator)
    {}

    bool operator()(read_state& s)
    {
        separators_ = std::span(&separator_, 1); // the step has been moved to where it stays
        return read_step_until::operator()(s);
    }

private:
    std::string_view separator_;
};

/// Something to look at, without taking it.
class read_step_view : public read_step {
public:
    bool operator()(read_state& s) noexcept { return failed(s) || s.buffer.size() > 0 || s.eof; }

    std::string_view take(const read_state& s) const noexcept { return s.buffer.view(); }

    std::string_view partial() const noexcept { return {}; }
};

/// More than there was when it began.
class read_step_more : public read_step {
public:
    bool operator()(read_state& s) noexcept
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

    bool take(const read_state& s) const noexcept { return s.buffer.size() > before_; }

    bool partial() const noexcept { return false; }

    void explain() const
    {
        if (error_ == asio::error::message_size)
            throw limit_overrun_error("the reader holds twice its limit", before_);
    }

private:
    bool begun_ = false;
    std::size_t before_ = 0;
};

inline constexpr std::string_view line_end[] = {"\n"};

/// A line with its end; the last one may have none, and at the end of the stream it is empty.
class read_step_line : public read_step_until {
public:
    read_step_line()
        : read_step_until(line_end)
    {}

    bool operator()(read_state& s)
    {
        if (!read_step_until::operator()(s))
            return false;
        if (error_ == asio::error::eof)
            error_ = {};
        if (overrun_)
            s.drop_line();
        return true;
    }

    void explain() const
    {
        if (overrun_)
            throw line_too_long(overrun_);
    }
};

/// The same for loops: nothing in the place of an empty line.
class read_step_next_line : public read_step_line {
public:
    std::optional<std::string> take(const read_state&) noexcept
    {
        return bytes_.empty() ? std::nullopt : std::optional(std::move(bytes_));
    }

    std::optional<std::string> partial() const noexcept { return {}; }
};

} // namespace rill::RILL_FORM::net_detail
