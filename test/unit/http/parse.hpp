// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "chunk_parser.hpp"
#include "head_parser.hpp"

#include <rill/http/settings.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

/// Feeds the framing guard as a connection does, in reads of a chosen size.
namespace test {

using rill::http::settings;
using rill::http::detail::chunk_parser;
using rill::http::detail::head_parser;
using rill::http::detail::progress;

/// What the guard makes of some bytes, in words, so that two ways of cutting them compare.
struct verdict {
    int status = 0; // 0: not refused
    std::string text;

    bool operator==(const verdict&) const = default;
};

inline std::string describe(const rill::http::detail::head& h, const char* base)
{
    std::string text;
    const auto add = [&](std::string_view s) { text.append(s).append("|"); };
    add(h.method_name.in(base));
    add(h.target.in(base));
    add(h.path.in(base));
    add(h.query.in(base));
    add(h.http_1_1 ? "1.1" : "1.0");
    add(h.keep_alive ? "keep" : "close");
    add(h.expect_continue ? "expect" : "");
    add(h.chunked ? "chunked" : std::to_string(h.content_length));
    for (const auto& f : h.fields) {
        add(f.name.in(base));
        add(f.value.in(base));
    }
    return text;
}

/// The end of the first read is at `first`; every later read has `piece` bytes.
inline verdict
guard(std::string_view bytes, std::size_t first, std::size_t piece, const settings& l = {})
{
    head_parser head(l);
    std::size_t have = std::min(first, bytes.size());
    const auto more = [&] { have = std::min(bytes.size(), have + piece); };
    while (true) {
        // A copy of its own per read: nothing may be kept from an earlier address, and reading
        // beyond the end is an error under ASan.
        const std::string read(bytes.substr(0, have));
        const auto p = head.parse(read);
        if (p == progress::refused)
            return {head.status(), ""};
        if (p == progress::complete)
            break;
        if (have == bytes.size())
            return {0, "more"};
        more();
    }
    const auto& h = head.result();
    auto text = describe(h, bytes.data());
    if (!h.chunked)
        return {0, text + "left " + std::to_string(bytes.size() - h.size)};
    chunk_parser chunks(l);
    std::size_t done = h.size;
    std::string content;
    while (true) {
        const std::string read(bytes.substr(done, have - done));
        const auto s = chunks.next(read);
        content.append(s.payload);
        done += s.consumed;
        if (s.state == progress::refused)
            return {400, ""};
        if (s.state == progress::complete)
            return {0, text + content + "|left " + std::to_string(bytes.size() - done)};
        if (done < have)
            continue;
        if (have == bytes.size())
            return {0, text + content + "|more"};
        more();
    }
}

inline verdict guard(std::string_view bytes, const settings& l = {})
{
    return guard(bytes, bytes.size(), 1, l);
}

} // namespace test
