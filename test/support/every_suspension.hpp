// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <support/loop.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/event.hpp>
#include <rill/task_group.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace test {

/// How a scenario is interrupted.
enum class interruption { none, cancel, timeout, sibling_failure };

inline std::string name_of(interruption how)
{
    switch (how) {
    case interruption::none: return "left alone";
    case interruption::cancel: return "cancelled";
    case interruption::timeout: return "timed out";
    case interruption::sibling_failure: return "beside a failure";
    }
    return "";
}

/// One run of a scenario on a fresh loop, interrupted after its k-th step.
class scenario {
public:
    scenario(interruption how, std::size_t step)
        : how_(how)
        , step_(step)
    {
        loop_.one_step_at_a_time();
    }

    rill::testing::loop& loop() noexcept { return loop_; }

    auto executor() noexcept { return loop_.executor(); }

    /// Runs `main` and all that it starts to the end. Its errors are thrown, but for the
    /// interruption: then completed() is false.
    template <rill::coroutine_function F>
    void run(F main)
    {
        auto outer = loop_.spawn(around(std::move(main)), "scenario");
        while (!outer.done()) {
            if (steps_ == step_ && !std::exchange(interrupted_, true))
                interrupt(outer);
            if (loop_.step())
                ++steps_;
            else if (!loop_.jump())
                throw std::logic_error("the scenario hangs: " + all_of(loop_.leftovers()));
        }
        while (loop_.step() || loop_.jump())
            continue;
        finish(outer);
    }

    bool completed() const noexcept { return completed_; }

    std::size_t steps() const noexcept { return steps_; }

private:
    template <class F>
    rill::awaitable<void> around(F main)
    {
        if (how_ == interruption::timeout)
            completed_ = co_await scope_.run(main);
        else if (how_ == interruption::sibling_failure)
            co_await beside_failure(main);
        else {
            co_await main();
            completed_ = true;
        }
    }

    template <class F>
    rill::awaitable<void> beside_failure(F& main)
    {
        rill::event fails(loop_.executor());
        fails_ = &fails;
        co_await rill::with_task_group([&](rill::task_group& group) -> rill::awaitable<void> {
            group.create_task([&]() -> rill::awaitable<void> {
                co_await fails.wait();
                throw std::runtime_error("the sibling fails");
            });
            co_await main();
            completed_ = true;
            group.cancel();
        });
    }

    void interrupt(rill::task<void>& outer)
    {
        if (how_ == interruption::cancel)
            outer.cancel();
        else if (how_ == interruption::timeout)
            scope_.cancel();
        else if (how_ == interruption::sibling_failure && fails_)
            fails_->set();
    }

    void finish(const rill::task<void>& outer)
    {
        CHECK(loop_.leftovers().empty());
        if (outer.cancelled())
            CHECK_FALSE(completed_);
        else if (const auto error = outer.exception(); error && !is_of_sibling(error))
            std::rethrow_exception(error);
    }

    static bool is_of_sibling(const std::exception_ptr& error)
    {
        return text_of(error) == "1 error: the sibling fails";
    }

    static std::string all_of(const std::vector<std::string>& lines)
    {
        std::string text;
        for (const std::string& line : lines)
            text += "\n  " + line;
        return text;
    }

    rill::testing::loop loop_;
    interruption how_;
    std::size_t step_;
    std::size_t steps_ = 0;
    bool interrupted_ = false;
    rill::cancel_scope scope_;
    rill::event* fails_ = nullptr;
    bool completed_ = false;
};

/// Calls `play(scenario&)` without an interruption, counts the steps, and again with each kind of
/// interruption after each of them. `play` runs the scenario and checks what must hold whichever way
/// it ended: that items, permits and tasks add up.
template <class Play>
std::size_t at_every_suspension(Play play)
{
    scenario whole(interruption::none, SIZE_MAX);
    play(whole);
    REQUIRE(whole.completed());
    for (const auto how :
         {interruption::cancel, interruption::timeout, interruption::sibling_failure})
        for (std::size_t k = 0; k <= whole.steps() + 4; ++k) {
            INFO(name_of(how), " after step ", k, " of ", whole.steps());
            scenario cut(how, k);
            play(cut);
        }
    return whole.steps();
}

} // namespace test
