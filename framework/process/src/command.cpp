// SPDX-License-Identifier: BSL-1.0
#include <rill/command.hpp>

#include <algorithm>
#include <stdexcept>

namespace rill {

namespace {

/// What the kernel takes for text ends at a zero byte.
std::string checked(std::string text)
{
    if (text.find('\0') != std::string::npos)
        throw std::invalid_argument("rill::command: a zero byte in '" + text + "'");
    return text;
}

const std::string& checked_name(const std::string& name)
{
    if (name.empty() || name.find('=') != std::string::npos)
        throw std::invalid_argument("rill::command: no name of a variable: '" + name + "'");
    return name;
}

standard_stream checked(standard_stream what, bool is_input)
{
    const auto& kind = what.what();
    const bool for_input = std::holds_alternative<standard_stream::feeder>(kind) ||
                           std::holds_alternative<standard_stream::text>(kind);
    const bool for_output = std::holds_alternative<standard_stream::line_sink>(kind) ||
                            std::holds_alternative<standard_stream::chunk_sink>(kind);
    if (is_input ? for_output : for_input)
        throw std::invalid_argument(
            is_input ? "rill::command: an output's sink cannot be an input"
                     : "rill::command: an input's source cannot be an output"
        );
    return what;
}

bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:=,+@%^").find(c) != std::string_view::npos;
}

std::string quoted(const std::string& argument)
{
    if (!argument.empty() && std::all_of(argument.begin(), argument.end(), is_plain))
        return argument;
    std::string text = "'";
    for (const char c : argument)
        if (c == '\'')
            text += "'\\''";
        else
            text += c;
    return text + "'";
}

} // namespace

void command::set_program(std::string program)
{
    if (program.empty())
        throw std::invalid_argument("rill::command: a program without a name");
    plan_.arguments.push_back(checked(std::move(program)));
}

command& command::arg(std::string argument)
{
    plan_.arguments.push_back(checked(std::move(argument)));
    return *this;
}

command& command::stdin_(standard_stream from)
{
    if (std::holds_alternative<merged_t>(from.what()))
        throw std::invalid_argument("rill::command: only standard error can be merged");
    plan_.streams[0].emplace(checked(std::move(from), true));
    return *this;
}

command& command::stdout_(standard_stream to)
{
    if (std::holds_alternative<merged_t>(to.what()))
        throw std::invalid_argument("rill::command: only standard error can be merged");
    plan_.streams[1].emplace(checked(std::move(to), false));
    return *this;
}

command& command::stderr_(standard_stream to)
{
    plan_.streams[2].emplace(checked(std::move(to), false));
    return *this;
}

command& command::descriptor(int number, int fd)
{
    if (number < 3 || fd < 0)
        throw std::invalid_argument("rill::command: descriptors of a child's own begin at 3");
    plan_.descriptors.emplace_back(number, fd);
    return *this;
}

command& command::cwd(std::filesystem::path directory)
{
    plan_.cwd = checked(directory.string());
    return *this;
}

command& command::env(const std::string& name, const std::string& value)
{
    plan_.environment[checked(checked_name(name))] = checked(value);
    return *this;
}

command& command::env_remove(const std::string& name)
{
    plan_.environment[checked_name(name)] = std::nullopt;
    return *this;
}

command& command::env_clear()
{
    plan_.environment.clear();
    plan_.environment_cleared = true;
    return *this;
}

command& command::user(uid_t id)
{
    plan_.user = id;
    return *this;
}

command& command::group(gid_t id)
{
    plan_.group = id;
    return *this;
}

command& command::groups(std::vector<gid_t> ids)
{
    plan_.groups = std::move(ids);
    return *this;
}

command& command::resource_limit(int resource, rlim_t most)
{
    plan_.limits.emplace_back(resource, most);
    return *this;
}

command& command::new_session()
{
    plan_.new_session = true;
    return *this;
}

command& command::new_group(bool own)
{
    plan_.new_group = own;
    return *this;
}

command& command::before_exec(std::function<int()> f)
{
    plan_.before_exec = std::move(f);
    return *this;
}

command& command::detached()
{
    plan_.detached = true;
    return *this;
}

command& command::timeout(duration limit)
{
    plan_.timeout = limit;
    return *this;
}

command& command::grace(duration time)
{
    plan_.grace = time;
    return *this;
}

command& command::check(bool on)
{
    plan_.check = on;
    return *this;
}

command& command::max_output(std::size_t bytes)
{
    plan_.max_output = bytes;
    return *this;
}

command& command::read_limit(std::size_t bytes)
{
    plan_.read_limit = bytes;
    return *this;
}

command shell_command(const std::string& text)
{
    command c("/bin/sh", "-c", text);
    process_detail::command_access::plan(c).is_shell = true;
    return c;
}

std::string to_string(const command& c)
{
    const auto& plan = process_detail::command_access::plan(c);
    if (plan.is_shell)
        return plan.arguments.back();
    std::string text;
    for (const std::string& argument : plan.arguments)
        text += (text.empty() ? "" : " ") + quoted(argument);
    return text;
}

} // namespace rill
