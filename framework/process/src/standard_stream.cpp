// SPDX-License-Identifier: BSL-1.0
#include <rill/standard_stream.hpp>

namespace rill {

bool standard_stream::is_piped() const noexcept
{
    return std::holds_alternative<piped_t>(what_) || std::holds_alternative<line_sink>(what_) ||
           std::holds_alternative<chunk_sink>(what_) || std::holds_alternative<feeder>(what_) ||
           std::holds_alternative<text>(what_);
}

standard_stream from_text(std::string bytes)
{
    return standard_stream::text{std::move(bytes)};
}

standard_stream from_writer(std::function<awaitable<void>(pipe_writer&)> f)
{
    return standard_stream::feeder{std::move(f)};
}

standard_stream by_line(std::function<void(std::string_view)> f)
{
    return standard_stream::line_sink{std::move(f)};
}

standard_stream by_chunk(std::function<awaitable<void>(std::string_view)> f)
{
    return standard_stream::chunk_sink{std::move(f)};
}

standard_stream append_to(std::filesystem::path path)
{
    return standard_stream::file{std::move(path), true};
}

} // namespace rill
