// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/described/table.hpp>
#include <rill/schema.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rill::conf {

/// Where a value came from: a file with its line and column (from 1, in characters), or a source
/// without lines such as "command line".
struct origin {
    std::string source = "default";
    unsigned line = 0;
    unsigned column = 0;

    /// "conf/echo.toml:4:8", or the source alone.
    std::string text() const;
};

/// One thing that is wrong with the settings.
struct problem {
    origin where;
    std::string message;  // one sentence, without the full stop
    bool warning = false; // the settings can be used all the same

    /// "conf/echo.toml:4:8: error: …", or "warning" in the place of "error".
    std::string text() const;
};

/// Where settings are read from. Whatever the order of the calls, a later one of these wins:
/// defaults, the file, conf.d/*.toml beside it in alphabetical order, the environment, flags.
class sources {
public:
    /// A TOML file of at most 1 MiB. It must exist; a pipe will do, such as /dev/stdin or what a
    /// shell makes of <(…).
    sources& file(std::string path);

    /// TOML text instead of a file; `name` stands for it in messages.
    sources& text(std::string toml, std::string name);

    /// Variables as in `environ`, "NAME=value". RILL_SERVER__PORT sets server.port: sections are
    /// parted by two underscores. A variable that looks like a key but is none is a problem, and one
    /// that begins like a section, RILL_SERVER_X, or is a key without its section, RILL_PORT, a
    /// warning: others may give out such names, as Kubernetes does. Other variables, RILL_DEBUG among
    /// them, are left alone.
    sources& environment(std::vector<std::string> variables);

    /// The environment of this process.
    sources& environment();

    /// One assignment from the command line, "server.port=8080".
    sources& flag(std::string assignment);

private:
    friend struct loader;

    struct document {
        std::string name;
        std::string toml;
    };

    std::vector<std::string> files_;
    std::vector<document> texts_;
    std::vector<std::string> environment_;
    std::vector<std::string> flags_;
};

/// What loading found besides the values.
struct report {
    std::vector<problem> problems;         // in the order of the sources, of a file's lines in them
    std::vector<problem> warnings;         // of what is not read, though it looks like a setting
    std::map<std::string, origin> origins; // by key, "server.port"; what is absent is a default
    std::vector<std::string> files;        // those that were read, in order
};

/// Fills `object`, which holds the defaults, and reports. Never throws for what it reads.
report load(const rill::described::table& table, void* object, const sources& from);

/// Settings, each with its origin. Use the values only if there are no problems.
template <class T>
class loaded {
public:
    explicit operator bool() const { return report_.problems.empty(); }

    const T& operator*() const { return value_; }

    const T* operator->() const { return &value_; }

    const std::vector<problem>& problems() const { return report_.problems; }

    const std::vector<problem>& warnings() const { return report_.warnings; }

    const conf::report& report() const { return report_; }

private:
    template <class U>
    friend loaded<U> load(const sources& from);

    T value_{};
    conf::report report_;
};

/// Reads a described struct from its sources; see schema.hpp. All problems are found at once.
template <class T>
loaded<T> load(const sources& from)
{
    loaded<T> result;
    result.report_ = load(rill::described::table_of<T>(), &result.value_, from);
    return result;
}

} // namespace rill::conf
