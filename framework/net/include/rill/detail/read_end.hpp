// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/read_steps.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

namespace rill::RILL_FORM::net_detail {

/// What the reader of a connection tells its writer.
class write_end {
public:
    /// The reader has met an error; it stands in its state.
    virtual void on_read_error() noexcept = 0;

    /// A read is to ask the stream: the peer may wait for what was written, which leaves before.
    virtual void before_read() = 0;

protected:
    ~write_end() = default;
};

/// What a reader and the writer of the same connection know of each other. It lasts as long as
/// either of them.
class read_end : public boost::intrusive_ref_counter<read_end, boost::thread_unsafe_counter> {
public:
    read_end(buffer_pool& pool, std::size_t limit)
        : state{byte_buffer(pool), limit, false, {}, false}
    {}

    virtual ~read_end() = default;

    read_end(const read_end&) = delete;
    read_end& operator=(const read_end&) = delete;

    read_state state;
    error_code cut;              // why the writer has cut the connection: every later read fails
    error_code lost;             // of the connection, taken from the socket by the writer
    write_end* writer = nullptr; // null: there is none, or it is gone
};

/// What lies behind a reader, for its writer.
struct reader_access {
    template <class Reader>
    static const auto& pump_of(const Reader& reader) noexcept
    {
        return reader.pump_;
    }

    template <class Reader>
    static read_end& end_of(Reader& reader) noexcept
    {
        return *reader.pump_;
    }
};

} // namespace rill::RILL_FORM::net_detail
