// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop_core.hpp>
#include <rill/clock.hpp>
#include <rill/detail/debug_watch.hpp>
#include <rill/detail/intrusive_list.hpp>
#include <rill/detail/live_generator.hpp>
#include <rill/detail/loop_meter.hpp>
#include <rill/detail/loop_observer.hpp>
#include <rill/detail/mailbox.hpp>
#include <rill/detail/noted_places.hpp>
#include <rill/detail/position.hpp>
#include <rill/detail/ready_node.hpp>
#include <rill/detail/timer_queue.hpp>
#include <rill/error.hpp>
#include <rill/exception_context.hpp>
#include <rill/random.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace rill::RILL_FORM::detail {

RILL_DECL loop_core& loop_core::of(asio::io_context& io)
    {
        if (current.loop && &current.loop->io() == &io)
            return *current.loop;
        return asio::use_service<loop_core>(io);
    }

RILL_DECL loop_core::loop_core(asio::execution_context& context)
        : service(context)
        , io_(static_cast<asio::io_context&>(context))
        , wakeup_(io_)
        , home_(std::this_thread::get_id())
        , mailbox_(new mailbox(io_))
    {
        forget_position_in_child();
        meter.begin_turn(now());
    }

RILL_DECL void loop_core::check_caller() const
    {
        if (debug && run_elsewhere()) [[unlikely]]
            throw std::logic_error(
                "rill: another thread runs this loop; the ways in are call_soon_threadsafe and "
                "run_coroutine_threadsafe"
            );
    }

RILL_DECL void loop_core::forget(ready_node& node) noexcept
    {
        node.unlink();
        node.ready_ = true;
        request_idle_check();
    }

RILL_DECL void loop_core::arm(timer_node& node, time_point when)
    {
        if (when == never || dead_)
            return;
        timers_.add(node, when);
        if (!clock_ && when < wakeup_at_)
            wake_up_at(when);
    }

RILL_DECL void loop_core::disarm(timer_node& node) noexcept
    {
        if (!node.armed())
            return;
        timers_.remove(node);
        if (timers_.empty())
            request_idle_check();
    }

RILL_DECL void loop_core::set_clock(const clock_source* source) noexcept
    {
        clock_ = source;
        wakeup_.cancel();
        wakeup_at_ = never;
        if (!clock_ && !timers_.empty())
            wake_up_at(timers_.next());
    }

RILL_DECL void loop_core::remove_observer(loop_observer& o) noexcept
    {
        std::replace(observers_.begin(), observers_.end(), &o, no_observer);
        if (telling_ == 0)
            forget_removed();
    }

RILL_DECL void loop_core::forget_observers() noexcept
    {
        for (loop_observer*& o : observers_)
            o = no_observer;
        forget_removed();
    }

RILL_DECL void loop_core::tell(loop_event event, task_state* task) noexcept
    {
        ++telling_;
        for (std::size_t i = 0, n = observers_.size(); i < n; ++i)
            if (loop_observer* const o = observers_[i])
                o->on(event, task);
        if (--telling_ == 0)
            forget_removed();
    }

RILL_DECL std::string loop_core::describe_step()
    {
        std::string text = "a handler";
        if (stepping_) {
            describing = &text;
            stepping_->action_(*stepping_, act::describe);
        }
        return text;
    }

RILL_DECL task_slot& loop_core::take_slot(task_state& task)
    {
        hold_work();
        ++task_count_;
        task_slot* slot = free_slots_;
        if (slot)
            free_slots_ = slot->next_free;
        else
            slot = &slots_.emplace_back();
        slot->task = &task;
        return *slot;
    }

RILL_DECL void loop_core::give_back(task_slot& slot) noexcept
    {
        --task_count_;
        slot.task = nullptr;
        ++slot.generation;
        slot.next_free = std::exchange(free_slots_, &slot);
        if (tasks_.empty())
            request_idle_check();
    }

RILL_DECL void loop_core::set_debug(std::unique_ptr<debug_watch> watch) noexcept
    {
        debug = watch.get();
        debug_.swap(watch); // the one before goes when the new one is in place
    }

RILL_DECL void loop_core::report_to(loop_core* core, const exception_context& context) noexcept
    {
        if (core)
            core->report(context);
        else
            report_by_default(context);
    }

RILL_DECL void loop_core::report(const exception_context& context) noexcept
    {
        if (!handler_) {
            report_by_default(context);
            return;
        }
        try {
            handler_(context);
        } catch (...) {
            report_by_default({"the exception handler itself failed", std::current_exception()});
            report_by_default(context);
        }
    }

RILL_DECL loop_core::drain_scope::drain_scope(loop_core& core) noexcept
            : core_(core)
            , before_(std::exchange(core.draining_, true))
        {
            core.move_to_this_thread();
            if (!before_)
                core.begin_turn();
        }

RILL_DECL loop_core::drain_scope::~drain_scope()
        {
            core_.draining_ = before_;
            if (before_)
                return;
            core_.end_turn();
            if (!core_.ready_.empty())
                core_.request_drain();
            else
                core_.let_go_if_idle();
        }

RILL_DECL void loop_core::request_drain()
    {
        if (debug) [[unlikely]]
            check_thread();
        if (draining_ || drain_posted_)
            return;
        asio::post(io_, [this] {
            drain_posted_ = false;
            drain();
        });
        drain_posted_ = true; // unless there was no memory for it: then the next one posts
    }

RILL_DECL void loop_core::drain()
    {
        if (draining_) // a handler runs the io_context from within: the outer drain goes on
            return;
        const drain_scope scope(*this);
        run_ready();
    }

RILL_DECL void loop_core::run_ready()
    {
        const step_scope step(this, nullptr);
        for (unsigned budget = batch_; budget > 0; --budget) {
            ready_node* node = shuffle_ ? take_any() : ready_.pop_front();
            if (!node)
                return;
            step_into(node->task_);
            const step_count counted(*this, node->task_, node);
            node->action_(*node, act::run);
        }
    }

RILL_DECL ready_node* loop_core::take_any() noexcept
    {
        constexpr std::size_t few = 32;
        std::size_t n = 0;
        for (ready_node* node = ready_.front(); node && n < few; node = ready_.next(*node))
            ++n;
        if (n == 0)
            return nullptr;
        ready_node* node = ready_.front();
        for (std::size_t skip = (*shuffle_)() % n; skip > 0; --skip)
            node = ready_.next(*node);
        node->unlink();
        return node;
    }

RILL_DECL void loop_core::forget_removed() noexcept
    {
        std::erase(observers_, no_observer);
        watched_ = !observers_.empty() || times_steps_;
    }

RILL_DECL void loop_core::begin_turn() noexcept
    {
        step_began_ = now();
        meter.begin_turn(step_began_);
        last_step_ = nullptr;
        step_task_.clear();
        if (watched_) [[unlikely]]
            tell(loop_event::turn_begins, nullptr);
    }

RILL_DECL void loop_core::end_turn() noexcept
    {
        const time_point time = now();
        const bool slow = meter.end_turn(time);
        if (slow && !times_steps_ && meter.notable(time - meter.turn_began()))
            note_slow(time - meter.turn_began(), meter.steps_of_turn());
        times_steps_ = meter.times_steps(time);
        watched_ = times_steps_ || !observers_.empty();
        if (watched_) [[unlikely]]
            tell(loop_event::turn_ends, nullptr);
    }

RILL_DECL void loop_core::run_timers()
    {
        const step_scope step(this, nullptr);
        const time_point time = now();
        while (timers_.fire_one(time))
            continue;
    }

RILL_DECL void loop_core::wake_up_at(time_point when)
    {
        wakeup_at_ = when;
        wakeup_.expires_at(when);
        wakeup_.async_wait([this](error_code ec) {
            if (!ec)
                on_wakeup();
        });
    }

RILL_DECL void loop_core::on_wakeup()
    {
        const drain_scope scope(*this);
        wakeup_at_ = never;
        run_timers();
        if (timers_.next() < wakeup_at_)
            wake_up_at(timers_.next());
        run_ready();
    }

RILL_DECL void loop_core::request_idle_check() noexcept
    {
        const bool holds_up_run = wakeup_at_ != never || work_;
        if (holds_up_run && !dead_ && idle())
            request_drain();
    }

RILL_DECL bool loop_core::idle() const noexcept { return tasks_.empty() && timers_.empty() && pending_.empty(); }

RILL_DECL void loop_core::let_go_if_idle() noexcept
    {
        if (!idle())
            return;
        work_.reset();
        if (wakeup_at_ != never) {
            wakeup_.cancel();
            wakeup_at_ = never;
        }
    }

RILL_DECL void loop_core::report_by_default(const exception_context& context) noexcept
    {
        try {
            std::fprintf(stderr, "rill: %s\n", to_string(context).c_str());
        } catch (...) {
            std::fputs("rill: an error could not be reported for lack of memory\n", stderr);
        }
    }

} // namespace rill::RILL_FORM::detail
