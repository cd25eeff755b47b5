// SPDX-License-Identifier: BSL-1.0

// The library of the log is built once and knows no form of core; a line knows its task in each.
#include <rill/log.hpp>
#include <rill/log_line.hpp>
#include <rill/log_sink.hpp>
#include <rill/run.hpp>

#include <cstdio>
#include <string>

namespace {

class last_line : public rill::log::sink {
public:
    void write(const rill::log::record& line) noexcept override
    {
        text = rill::log::text_line(line);
    }

    std::string text;
};

rill::awaitable<void> log_a_line()
{
    rill::log::info("in a task");
    co_return;
}

} // namespace

int main()
{
    last_line sink;
    const rill::log::installed_sink installed(sink);
    rill::run(log_a_line());
    std::puts(sink.text.c_str());
    return sink.text == "in a task task=main" ? 0 : 1;
}
