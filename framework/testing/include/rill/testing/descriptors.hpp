// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <dirent.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rill::RILL_FORM::testing {

/// The open descriptors of this process and what they refer to: "12: socket:[5413]".
class descriptors {
public:
    static descriptors now()
    {
        descriptors all;
        const std::unique_ptr<::DIR, closes> directory(::opendir("/proc/self/fd"));
        if (!directory)
            return all;
        while (const ::dirent* entry = ::readdir(directory.get())) {
            int fd = 0;
            const char* const end = entry->d_name + std::strlen(entry->d_name);
            if (std::from_chars(entry->d_name, end, fd).ptr == end &&
                fd != ::dirfd(directory.get()))
                all.open_[fd] = target_of(fd);
        }
        return all;
    }

    /// Those that were not open in `before`.
    std::vector<std::string> since(const descriptors& before) const
    {
        std::vector<std::string> lines;
        for (const auto& [fd, target] : open_) {
            const auto same = before.open_.find(fd);
            if (same == before.open_.end() || same->second != target)
                lines.push_back(std::to_string(fd) + ": " + target);
        }
        return lines;
    }

private:
    struct closes {
        void operator()(::DIR* directory) const noexcept { ::closedir(directory); }
    };

    static std::string target_of(int fd)
    {
        std::array<char, 256> target{};
        const std::string path = "/proc/self/fd/" + std::to_string(fd);
        const ssize_t n = ::readlink(path.c_str(), target.data(), target.size());
        return n > 0 ? std::string(target.data(), static_cast<std::size_t>(n)) : std::string("?");
    }

    std::map<int, std::string> open_;
};

} // namespace rill::RILL_FORM::testing
