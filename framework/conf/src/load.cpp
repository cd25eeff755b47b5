// SPDX-License-Identifier: BSL-1.0
#include "document.hpp"
#include "draft.hpp"
#include "environment.hpp"
#include "files.hpp"
#include "flags.hpp"
#include "sections.hpp"

#include <rill/conf/load.hpp>

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace rill::conf {

/// Reads the sources one after the other into one object.
struct loader {
    const sources& from;
    detail::draft into;
    std::vector<std::string> files; // that were read, in order
    bool broken = false;            // some text could not be read at all

    report run()
    {
        for (const auto& path : from.files_)
            read_file_and_directory(path);
        for (const auto& document : from.texts_)
            read_toml(document.toml, document.name);
        detail::read_environment(into, from.environment_);
        detail::read_flags(into, from.flags_);
        if (!broken)
            into.check_rules();
        return {
            into.problems.take(),
            std::move(into.warnings),
            std::move(into.origins),
            std::move(files)
        };
    }

    void read_file_and_directory(const std::filesystem::path& path)
    {
        read_file(path);
        const auto directory = path.parent_path() / "conf.d";
        const detail::file_list more = detail::toml_files_in(directory);
        if (!more.refusal.empty())
            return refuse(directory, more.refusal);
        for (const auto& file : more.files)
            read_regular_file(file);
    }

    /// Nobody has named it, so a pipe that nobody writes must not hold up the start.
    void read_regular_file(const std::filesystem::path& path)
    {
        std::error_code ec;
        if (const auto status = std::filesystem::status(path, ec);
            std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
            return refuse(path, "is not a file");
        read_file(path);
    }

    void read_file(const std::filesystem::path& path)
    {
        const detail::file_text file = detail::text_of(path);
        if (!file.refusal.empty())
            return refuse(path, file.refusal);
        files.push_back(path.string());
        read_toml(file.text, path.string());
    }

    void read_toml(const std::string& toml, const std::string& name)
    {
        if (toml.size() > detail::most_bytes)
            return refuse(name, "is larger than 1 MiB");
        detail::document document = detail::parse_document(toml, name);
        broken = broken || !document.problems.empty() || !document.strays.empty();
        into.problems.add(std::move(document.problems));
        detail::read_sections(into, document);
        into.problems.end_file();
    }

    void refuse(const std::filesystem::path& path, std::string message)
    {
        broken = true;
        into.problems.add({path.string()}, std::move(message));
        into.problems.end_source();
    }
};

report load(const detail::table& table, void* object, const sources& from)
{
    return loader{from, {table, object}, {}, false}.run();
}

} // namespace rill::conf
