// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/pipe_end.hpp>

#include <concepts>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace rill {

struct inherited_t {};

struct piped_t {};

struct null_t {};

struct merged_t {};

inline constexpr inherited_t inherited; ///< That of this program.
inline constexpr piped_t piped;         ///< A pipe, whose other end the process object has.
inline constexpr null_t null;           ///< /dev/null
inline constexpr merged_t merged; ///< Standard error goes where standard output goes; of it alone.

/// What a child has for its standard input, output or error: `stdin_(rill::null)`,
/// `stdout_("out.log")`, `stderr_(rill::by_line(note))`. Mirrors what asyncio's stdin, stdout and
/// stderr arguments take.
class standard_stream {
public:
    struct file {
        std::filesystem::path path;
        bool append = false;
    };

    struct descriptor {
        int number;
    };

    /// Called for each line of an output, without its end; see by_line.
    struct line_sink {
        std::function<void(std::string_view)> f;
    };

    /// Awaited for each piece of an output; see by_chunk.
    struct chunk_sink {
        std::function<awaitable<void>(std::string_view)> f;
    };

    /// Writes the input, and may wait; see from_writer.
    struct feeder {
        std::function<awaitable<void>(pipe_writer&)> f;
    };

    struct text {
        std::string bytes;
    };

    using kind = std::variant<
        inherited_t,
        piped_t,
        null_t,
        merged_t,
        file,
        descriptor,
        line_sink,
        chunk_sink,
        feeder,
        text>;

    template <class Kind>
        requires std::constructible_from<kind, Kind> && (!std::convertible_to<Kind, int>) &&
                 (!std::convertible_to<Kind, std::filesystem::path>)
    standard_stream(Kind&& what)
        : what_(std::forward<Kind>(what))
    {}

    /// A file: an input is read, an output begins anew; see append_to.
    template <class Path>
        requires std::convertible_to<Path, std::filesystem::path>
    standard_stream(const Path& path)
        : what_(file{path})
    {}

    /// A descriptor of this program's, which stays open here; it has to be so until the child runs.
    template <std::same_as<int> Number>
    standard_stream(Number number)
        : what_(descriptor{number})
    {}

    const kind& what() const noexcept { return what_; }

    kind& what() noexcept { return what_; }

    /// Whether this program has the other end.
    bool is_piped() const noexcept;

private:
    kind what_;
};

/// An input that is this text. It may hold any bytes.
standard_stream from_text(std::string bytes);

/// An input that `f(writer)` writes, as slowly as the child reads where it drains. It is cancelled
/// when the process has ended; that the child reads no more is no error of it.
standard_stream from_writer(std::function<awaitable<void>(pipe_writer&)> f);

/// An output of which `f` gets each line, without its "\n", instead of its being kept. A line that
/// is longer than the reader's limit comes in pieces.
standard_stream by_line(std::function<void(std::string_view)> f);

/// An output of which `f` gets each piece as it comes, instead of its being kept; the child is held
/// up while it waits. A piece for which it is cancelled comes again.
standard_stream by_chunk(std::function<awaitable<void>(std::string_view)> f);

/// An output that goes behind what the file has.
standard_stream append_to(std::filesystem::path path);

} // namespace rill
