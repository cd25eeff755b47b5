// SPDX-License-Identifier: BSL-1.0
#include <support/every_token.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace {

/// The operations that a header declares for any token, as "mutex.hpp async_lock".
std::set<std::string> operations_in(const std::filesystem::path& header)
{
    std::ifstream file(header);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    static const std::regex declaration(R"(\bauto (async_\w+)\([^;{}]*\bToken&& token\n?\s*\))");
    std::set<std::string> names;
    for (std::sregex_iterator it(text.begin(), text.end(), declaration), end; it != end; ++it)
        names.insert(header.filename().string() + " " + it->str(1));
    return names;
}

TEST_CASE("every token: whatever the core can initiate is tried with every token")
{
    const std::set<std::string> exempt{
        "owned_mutex.hpp async_lock", // belong to a task, which a handler is not
        "owned_mutex.hpp async_scoped",
    };
    std::set<std::string> found;
    const std::filesystem::path headers = RILL_CORE_HEADERS;
    for (const auto& file : std::filesystem::recursive_directory_iterator(headers))
        if (file.is_regular_file())
            found.merge(operations_in(file.path()));
    CHECK(found.size() > 25);
    for (const std::string& name : found)
        if (!exempt.contains(name)) {
            INFO(name, " joins the list of one of the files tokens_*.cpp");
            CHECK(test::listed_operations().contains(name));
        }
}

} // namespace
