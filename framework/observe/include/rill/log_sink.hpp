// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/log_record.hpp>

#include <chrono>
#include <cstdint>

namespace rill::log {

/// Where log lines go: yours, if your program has a logger; rill::app::run installs one of its own.
///
///     class my_sink : public rill::log::sink {
///         void write(const rill::log::record& line) noexcept override
///         {
///             my_logger.log(my_level(line.level), rill::log::text_line(line)); // rill/log_line.hpp
///         }
///     };
///
///     my_sink to_my_logger;
///     rill::log::installed_sink installed(to_my_logger, rill::log::level::debug);
///
/// Thread safety: the functions are called from all threads that write or count lines, at the same
/// time; a sink locks what it must. It is called on the writer's own thread, mostly that of a loop,
/// so what it waits for the whole loop waits for.
class sink {
public:
    virtual ~sink() = default;

    /// Takes a line of the lowest level or above. An exception that leaves it ends the process.
    /// Lines that it logs itself come back to no sink; they are counted as dropped.
    virtual void write(const record& line) noexcept = 0;

    /// Called once, by remove(), after the last write: has written out what it took. False if it
    /// has not done so by `until`, so that a thread of its own may still be at it.
    virtual bool flush(std::chrono::steady_clock::time_point until) noexcept;

    /// Lines that it took and lost, so far.
    virtual std::uint64_t dropped() const noexcept;
};

/// Lines go to a sink while this lives. One at a time.
///
/// Only a capture (rill/log_capture.hpp) has precedence.
/// Thread safety: it may come and go while other threads write; shared objects unsafe.
class installed_sink {
public:
    /// Lines of `least` and above go `to` it, which must outlive this. Throws std::logic_error if
    /// another one is installed.
    explicit installed_sink(sink& to, level least = level::info);

    /// Removes it, however long that takes: do not destroy it from within the sink.
    ~installed_sink();

    installed_sink(const installed_sink&) = delete;
    installed_sink& operator=(const installed_sink&) = delete;

    /// No line reaches the sink from now on, and another may be installed. Waits for the writers
    /// that are in it, then for its flush(), but not beyond `until`: for programs that must end.
    ///
    /// True: nobody uses the sink any more. False: somebody still may, so it must never be
    /// destroyed, and the process should end soon.
    bool remove(std::chrono::steady_clock::time_point until) noexcept;

private:
    sink* sink_; // null once it has been removed
};

} // namespace rill::log
