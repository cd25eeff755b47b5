// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/loop/referent.hpp>
#include <rill/wait.hpp>

namespace rill::RILL_FORM {

namespace detail {

template <class Handle>
std::vector<Handle> without_duplicates(std::vector<Handle> handles)
{
    std::vector<Handle> unique;
    unique.reserve(handles.size());
    std::vector<const void*> seen;
    seen.reserve(handles.size());
    for (const Handle& h : handles)
        seen.push_back(&*handle_access::state(h));
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (Handle& h : handles) {
        const void* state = &*handle_access::state(h);
        const auto place = std::lower_bound(seen.begin(), seen.end(), state);
        if (place == seen.end() || *place != state)
            continue;
        seen.erase(place);
        unique.push_back(std::move(h));
    }
    return unique;
}

/// Counts ends until the condition of a wait() holds.
class end_counter final : public end_observer {
public:
    end_counter(std::size_t size, return_when when)
        : watches_(std::make_unique<end_watch[]>(size))
        , when_(when)
    {
        states_.reserve(size);
    }

    void add(completion_state& state);

    bool over() const noexcept { return over_ || running_ == 0; }

    wait_line<> line;

private:
    void note(const completion_state& state) noexcept;

    task_state* waiting_task() const noexcept override;

    void ended(std::size_t index) override;

    std::unique_ptr<end_watch[]> watches_;
    std::vector<completion_state*> states_;
    return_when when_;
    std::size_t running_ = 0;
    bool over_ = false;
};

/// Waits for an end_counter, or for a deadline, which is no error.
class count_waiter : public operation {
public:
    count_waiter(loop_core& core, end_counter& counter, duration limit, std::source_location where)
        : operation(&core, where)
        , counter_(&counter)
        , limit_(limit)
    {}

    count_waiter(count_waiter&& other) noexcept
        : count_waiter(*other.core_, *other.counter_, other.limit_, other.where_)
    {}

    ~count_waiter() { core_->disarm(*this); }

protected:
    void start();

    void describe_to(std::string& text) const { text = "several tasks"; }

private:
    end_counter* counter_;
    duration limit_;
};

} // namespace detail

template <handle_range R>
awaitable<wait_result<detail::range_member_t<R>>>
wait(R range, return_when when, duration limit, std::source_location where)
{
    using handle_type = detail::range_member_t<R>;
    auto& core = detail::loop_core::of(co_await asio::this_coro::executor);
    std::vector<handle_type> given(std::ranges::begin(range), std::ranges::end(range));
    for (const handle_type& h : given)
        detail::check_joinable(detail::handle_access::state(h));
    const auto handles = detail::without_duplicates(std::move(given));
    if (handles.empty())
        throw std::invalid_argument("rill::wait: there is nothing to wait for");
    {
        detail::end_counter ended(handles.size(), when);
        for (const handle_type& h : handles)
            ended.add(*detail::handle_access::state(h));
        if (!ended.over()) {
            detail::wait_operation<void(error_code), detail::count_waiter> enough(
                std::in_place, core, ended, limit, where
            );
            co_await std::move(enough);
        }
    }
    wait_result<handle_type> result;
    for (const handle_type& h : handles)
        (h.done() ? result.done : result.pending).push_back(h);
    co_return result;
}

/// What has ended and was not given yet, and those who wait for more.
template <class Handle>
class completions<Handle>::state final : public detail::end_observer {
public:
    state(detail::loop_core& core, std::vector<Handle> handles)
        : core_(core)
        , left_(handles.size())
        , handles_(std::move(handles))
        , watches_(std::make_unique<detail::end_watch[]>(left_))
    {
        for (std::size_t i = 0; i < handles_.size(); ++i) {
            auto& s = *detail::handle_access::state(handles_[i]);
            if (s.done())
                ended_.push_back(i);
            else
                watches_[i].begin(s, *this, i);
        }
    }

    detail::loop_core& core() const noexcept { return core_; }

    std::size_t left() const noexcept { return left_; }

    /// False if somebody has to wait for the next end.
    bool give(std::optional<Handle>& to)
    {
        if (left_ > 0 && ended_.empty())
            return false;
        if (left_ > 0) {
            to = handles_[ended_.front()];
            ended_.pop_front();
            --left_;
        }
        return true;
    }

    detail::wait_line<next_waiter>
        line; // empty while something is there, or nothing comes any more

private:
    void ended(std::size_t index) override
    {
        ended_.push_back(index);
        while (next_waiter* const first = line.front()) {
            if (!first->try_now())
                break;
            first->complete();
        }
    }

    detail::task_state* waiting_task() const noexcept override
    {
        return line.empty() ? nullptr : line.front()->waiting_task();
    }

    detail::loop_core& core_;
    std::size_t left_; // not given yet
    std::vector<Handle> handles_;
    std::deque<std::size_t> ended_; // of those that are left, in the order of their ends
    std::unique_ptr<detail::end_watch[]> watches_;
};

template <class Handle>
class completions<Handle>::next_waiter : public detail::operation {
public:
    next_waiter(std::shared_ptr<state> s, std::source_location where) noexcept
        : operation(&s->core(), where)
        , state_(std::move(s))
    {}

    /// Only what has not started is moved.
    next_waiter(next_waiter&& other) noexcept
        : next_waiter(other.state_, other.where_)
    {}

    std::optional<Handle> take() { return std::move(next_); }

    bool try_now() { return state_->give(next_); }

protected:
    void start()
    {
        if (try_now())
            complete();
        else
            state_->line.add(*this);
    }

    void describe_to(std::string& text) const { text = "the next of several tasks to end"; }

private:
    std::shared_ptr<state> state_;
    std::optional<Handle> next_;
};

template <class Handle>
auto completions<Handle>::next(std::source_location where)
{
    using operation = detail::wait_operation<void(error_code, std::optional<Handle>), next_waiter>;
    return operation(std::in_place, detail::referent(state_, "this iteration"), where);
}

template <class Handle>
std::size_t completions<Handle>::size() const
{
    return detail::referent(state_, "this iteration")->left();
}

template <member_range R>
completions<detail::handle_of_t<detail::range_member_t<R>>>
as_completed(R&& members, std::source_location place)
{
    auto given = detail::kept(std::forward<R>(members));
    using handle_type = detail::handle_of_t<detail::range_member_t<R>>;
    auto& core = detail::loop_core::running();
    auto handles = detail::start_range(core, given, place);
    return completions<handle_type>(std::make_shared<typename completions<handle_type>::state>(
        core, detail::without_duplicates(std::move(handles))
    ));
}

} // namespace rill::RILL_FORM
