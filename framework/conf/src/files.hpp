// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace rill::conf::detail {

constexpr std::size_t most_bytes = std::size_t{1} << 20; // of one file
constexpr std::size_t most_files = 256;                  // in conf.d

/// What a file holds, or why it is not read.
struct file_text {
    std::string text;    // of a file that is too large, one byte more than is allowed
    std::string refusal; // empty: there is none
};

/// Of whatever can be read to its end, a pipe such as /dev/stdin included.
file_text text_of(const std::filesystem::path& path);

/// The files of a directory that are read, in order, or why none is.
struct file_list {
    std::vector<std::filesystem::path> files;
    std::string refusal; // empty: there is none
};

/// None if there is no such directory.
file_list toml_files_in(const std::filesystem::path& directory);

} // namespace rill::conf::detail
