// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/simulation.hpp>
#include <rill/instrument.hpp>
#include <rill/loop.hpp>
#include <rill/task.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rill::RILL_FORM::testing {

/// What the tasks of a loop do, a line each: when they are created, begin, go on and end, and what
/// the program itself notes.
///
///     0ns main: created
///     0ns main: begins
///     1.5s main: goes on in orders.cpp
///     1.5s main: note: 3 orders
///     1.5s main: ends
///
/// Times are the loop's, since the log began. There are no addresses in it, no directories and no
/// lines, of which compilers have their own idea in an expression of several; so the same program
/// with the same seed writes the same log, whatever machine or compiler it is on; hash() is for
/// telling so. A task of one step more is another log: see note() for what a test is
/// to hold on to.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
class event_log {
public:
    explicit event_log(const asio::any_io_executor& ex);

    event_log() ///< Of the loop that this thread runs.
        : event_log(this_loop().get_executor())
    {}

    /// Adds a line of the program's own, with the time and the name of the task that runs. Once the
    /// loop has ended the time is that of the line before.
    void note(std::string_view text);

    const std::vector<std::string>& lines() const noexcept;

    /// The lines, each with a line feed behind it.
    std::string text() const;

    /// The 64-bit FNV-1a hash of text().
    std::uint64_t hash() const noexcept;

private:
    class recorder;

    std::shared_ptr<recorder> recorder_;
    instrumented attached_;
};

// Implementation

class event_log::recorder final : public instrument {
public:
    explicit recorder(extend::loop_core& core)
        : core_(core)
        , mail_(&core.mail())
        , began_(core.now())
    {}

    void task_created(const task_ref& t) override { add(t.name(), "created"); }

    void task_ended(const task_ref& t) override { add(t.name(), "ends"); }

    void before_step(const task_ref* t) override
    {
        if (t)
            add(t->name(), place_of(extend::task_access::data(*t)));
    }

    void add(const std::string& who, const std::string& what)
    {
        if (!mail_->closed())
            passed_ = core_.now() - began_;
        lines.push_back(extend::text_of(passed_) + " " + who + ": " + what);
    }

    std::vector<std::string> lines;

private:
    static std::string place_of(const extend::task_state& task)
    {
        if (!task.begun)
            return "begins";
        const std::string place = extend::text_of(extend::place_in(&task));
        return place.empty() ? "goes on" : "goes on in " + place.substr(0, place.rfind(':'));
    }

    extend::loop_core& core_;
    extend::mailbox_ptr mail_; // tells whether the loop is still there
    time_point began_;
    duration passed_{};
};

inline event_log::event_log(const asio::any_io_executor& ex)
    : recorder_(std::make_shared<recorder>(extend::loop_core::of(ex)))
    , attached_(ex, recorder_)
{}

inline void event_log::note(std::string_view text)
{
    const auto task = current_task();
    recorder_->add(task ? task->name() : "no task", "note: " + std::string(text));
}

inline const std::vector<std::string>& event_log::lines() const noexcept
{
    return recorder_->lines;
}

inline std::string event_log::text() const
{
    std::string all;
    for (const std::string& line : lines())
        all += line + "\n";
    return all;
}

inline std::uint64_t event_log::hash() const noexcept
{
    std::uint64_t h = 0xcbf29ce484222325;
    const auto add = [&h](char c) {
        h ^= static_cast<unsigned char>(c);
        h *= 0x100000001b3;
    };
    for (const std::string& line : lines()) {
        for (const char c : line)
            add(c);
        add('\n');
    }
    return h;
}

} // namespace rill::RILL_FORM::testing
