// SPDX-License-Identifier: BSL-1.0
#include <rill/log_capture.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace rill::log {

std::vector<std::string> capture::lines() const
{
    const std::lock_guard lock(mutex_);
    std::vector<std::string> texts;
    for (const line& l : lines_)
        texts.push_back(l.text);
    return texts;
}

std::string capture::expect(std::string_view text)
{
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(lines_.begin(), lines_.end(), [&](const line& l) {
        return l.text.find(text) != std::string::npos;
    });
    if (found == lines_.end()) {
        std::string what = "rill::log::capture: no line contains '" + std::string(text) + "'";
        for (const line& l : lines_)
            what += "\n  " + l.text;
        throw std::logic_error(what);
    }
    std::string taken = std::move(found->text);
    lines_.erase(found);
    return taken;
}

void capture::expect_nothing_else(level least) const
{
    const std::lock_guard lock(mutex_);
    std::string what;
    for (const line& l : lines_)
        if (l.level >= least)
            what += "\n  " + l.text;
    if (!what.empty())
        throw std::logic_error("rill::log::capture: lines that nobody expected:" + what);
}

void capture::add(log::level level, std::string text)
{
    const std::lock_guard lock(mutex_);
    lines_.push_back({level, std::move(text)});
}

} // namespace rill::log
