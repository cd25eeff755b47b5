// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>
#include <rill/standard_stream.hpp>

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rill {

class command;

}

namespace rill::process_detail {

/// What a command says.
struct command_plan {
    std::vector<std::string> arguments; // the program in front
    bool is_shell = false;              // the last argument is what the shell is to do
    std::array<std::optional<standard_stream>, 3> streams;
    std::vector<std::pair<int, int>> descriptors; // the child's, ours

    std::filesystem::path cwd; // empty: this program's
    bool environment_cleared = false;
    std::map<std::string, std::optional<std::string>> environment; // no value: removed

    std::optional<uid_t> user;
    std::optional<gid_t> group;
    std::optional<std::vector<gid_t>> groups;
    std::vector<std::pair<int, rlim_t>> limits;
    bool new_session = false;
    std::optional<bool> new_group;
    std::function<int()> before_exec; // empty: nothing

    bool detached = false;
    duration timeout = forever;
    duration grace = std::chrono::seconds(3);
    bool check = true;
    std::size_t max_output = std::size_t(64) * 1024 * 1024;
    std::size_t read_limit = pipe_reader::default_limit;

    /// Where nothing was said.
    void set_default(int stream, standard_stream what)
    {
        auto& at = streams[static_cast<std::size_t>(stream)];
        if (!at)
            at.emplace(std::move(what));
    }

    const standard_stream& stream_of(int number) const
    {
        static const standard_stream unsaid(inherited);
        const auto& at = streams[static_cast<std::size_t>(number)];
        return at ? *at : unsaid;
    }

    bool own_group() const
    {
        const bool reads_ours = std::holds_alternative<inherited_t>(stream_of(0).what());
        return new_session || detached || new_group.value_or(!reads_ours);
    }
};

struct command_access {
    template <class Command>
    static auto& plan(Command& c) noexcept
    {
        return c.plan_;
    }
};

} // namespace rill::process_detail
