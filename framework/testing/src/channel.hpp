// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "byte_buffer.hpp"

#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>

#include <cstddef>
#include <span>

namespace rill::RILL_FORM::testing::simulation {

class stream_end;

/// One direction of a connection: bytes go from the end that writes to the end that reads. How
/// and when they get there is a matter of the kind of channel.
///
/// They lie in one buffer: first those that have arrived and wait to be read, then the others.
class channel {
public:
    channel() = default;
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;
    virtual ~channel() = default;

    void connect(stream_end* writer, stream_end* reader) noexcept
    {
        writer_ = writer;
        reader_ = reader;
    }

    stream_end* writer() const noexcept { return writer_; }

    stream_end* reader() const noexcept { return reader_; }

    // For the end that writes

    /// Bytes that would be taken at once.
    virtual std::size_t room() = 0;

    /// Whether that is enough to tell a writer who waits.
    virtual bool worth_writing() = 0;

    /// Takes what there is room for.
    std::size_t write(std::span<const asio::const_buffer> data);

    /// Nothing more will be written.
    void finish();

    /// The connection is cut: what has not arrived is dropped, and the reader gets to know.
    virtual void reset() = 0;

    /// The writing end is gone; what it has written goes on.
    void lose_writer() noexcept { writer_ = nullptr; }

    // For the end that reads

    std::size_t arrived() const noexcept { return arrived_; }

    /// Whether everything has arrived; some of it may wait to be read.
    bool ended() const noexcept { return end_arrived_; }

    std::size_t read(std::span<const asio::mutable_buffer> room);

    /// A reader waits, or is about to look.
    virtual void before_read() {}

    /// The reading end is gone.
    virtual void lose_reader() = 0;

protected:
    /// `n` more bytes have been written, or none but the end.
    virtual void submitted(std::size_t n) = 0;

    /// `n` of the bytes that had arrived have been read.
    virtual void consumed(std::size_t n) = 0;

    /// The next `n` bytes are there to be read.
    void arrive(std::size_t n);
    void arrive_end();

    std::size_t not_arrived() const noexcept { return bytes_.size() - arrived_; }

    stream_end* writer_ = nullptr; // null: gone
    stream_end* reader_ = nullptr; // null: gone, or not there yet
    byte_buffer bytes_;
    std::size_t arrived_ = 0;
    bool finished_ = false;    // the end has been written
    bool end_arrived_ = false; // and has arrived
};

} // namespace rill::RILL_FORM::testing::simulation
