// SPDX-License-Identifier: BSL-1.0
#include "files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

namespace rill::conf::detail {

namespace {

std::string unreadable(const std::string& why)
{
    return "cannot be read: " + why;
}

bool is_absence(const std::error_code& ec)
{
    return ec == std::errc::no_such_file_or_directory || ec == std::errc::not_a_directory;
}

} // namespace

file_text text_of(const std::filesystem::path& path)
{
    std::error_code ec;
    const auto status = std::filesystem::status(path, ec);
    if (!std::filesystem::exists(status))
        return {
            {},
            path == "-" ? "there is no such file; standard input is /dev/stdin"
                        : "there is no such file"
        };
    if (std::filesystem::is_directory(status))
        return {{}, "is a directory"};
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{
        std::fopen(path.c_str(), "rbe"), &std::fclose
    };
    if (!file)
        return {{}, unreadable(std::strerror(errno))};
    std::string text(most_bytes + 1, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()))
        return {{}, unreadable(std::strerror(errno))};
    return {std::move(text), {}};
}

file_list toml_files_in(const std::filesystem::path& directory)
{
    std::error_code ec;
    std::vector<std::filesystem::path> files;
    for (std::filesystem::directory_iterator entry{directory, ec}, end; !ec && entry != end;
         entry.increment(ec)) {
        const auto name = entry->path().filename().string();
        if (name.ends_with(".toml") && !name.starts_with('.') && files.size() <= most_files)
            files.push_back(entry->path());
    }
    if (ec && !is_absence(ec))
        return {{}, unreadable(ec.message())};
    if (files.size() > most_files)
        return {{}, "has more than " + std::to_string(most_files) + " files"};
    std::sort(files.begin(), files.end());
    return {std::move(files), {}};
}

} // namespace rill::conf::detail
