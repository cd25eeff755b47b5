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
    void drop_line() noexcept;
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
    void cut(read_state& s, std::size_t n);

    std::string bytes_;
};

/// At most n bytes, as soon as there are any.
class read_step_some : public text_step {
public:
    explicit read_step_some(std::size_t n) noexcept
        : n_(n)
    {}

    bool operator()(read_state& s);

private:
    std::size_t n_;
};

/// Everything up to the end. Until then the bytes stay in the buffer.
class read_step_all : public text_step {
public:
    bool operator()(read_state& s);

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

    bool operator()(read_state& s);

    void explain();

    std::size_t room(const read_state& s) const noexcept { return std::max(n_, 2 * s.limit); }

private:
    std::size_t n_;
};

/// Up to the separator that ends first, and with it.
class read_step_until : public text_step {
public:
    explicit read_step_until(std::span<const std::string_view> separators);

    bool operator()(read_state& s);

    void explain();

    std::size_t room(const read_state& s) const noexcept
    {
        return std::max(2 * s.limit, s.limit + longest_);
    }

protected:
    bool find(std::string_view held);

    bool overrun(const char* what, std::size_t consumed);

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

    bool operator()(read_state& s);

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
    bool operator()(read_state& s) noexcept;

    bool take(const read_state& s) const noexcept { return s.buffer.size() > before_; }

    bool partial() const noexcept { return false; }

    void explain() const;

private:
    bool begun_ = false;
    std::size_t before_ = 0;
};

/// A line with its end; the last one may have none, and at the end of the stream it is empty.
class read_step_line : public read_step_until {
public:
    read_step_line();

    bool operator()(read_state& s);

    void explain() const;
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
