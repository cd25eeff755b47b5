// SPDX-License-Identifier: BSL-1.0
#include <rill/conf/load.hpp>

#include <unistd.h>

#include <utility>

namespace rill::conf {

std::string origin::text() const
{
    if (line == 0)
        return source;
    return source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string problem::text() const
{
    return where.text() + (warning ? ": warning: " : ": error: ") + message;
}

sources& sources::file(std::string path)
{
    files_.push_back(std::move(path));
    return *this;
}

sources& sources::text(std::string toml, std::string name)
{
    texts_.push_back({std::move(name), std::move(toml)});
    return *this;
}

sources& sources::environment(std::vector<std::string> variables)
{
    environment_ = std::move(variables);
    return *this;
}

sources& sources::environment()
{
    std::vector<std::string> variables;
    for (char** variable = environ; variable && *variable; ++variable)
        variables.emplace_back(*variable);
    return environment(std::move(variables));
}

sources& sources::flag(std::string assignment)
{
    flags_.push_back(std::move(assignment));
    return *this;
}

} // namespace rill::conf
