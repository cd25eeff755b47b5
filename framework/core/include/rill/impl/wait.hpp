// SPDX-License-Identifier: BSL-1.0
#pragma once

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
class count_waiter : public operation, public timer_node {
public:
    count_waiter(loop_core& core, end_counter& counter, duration limit, std::source_location where)
        : operation(&core, where)
        , timer_node(&on_due)
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
    static void on_due(timer_node& node) { static_cast<count_waiter&>(node).complete(); }

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

/// Puts what has ended into a queue.
template <class Handle>
class completions<Handle>::state final : public detail::end_observer {
public:
    state(detail::loop_core& core, std::vector<Handle> handles)
        : left(handles.size())
        , handles_(std::move(handles))
        , watches_(std::make_unique<detail::end_watch[]>(left))
        , ended_(core.executor())
    {
        for (std::size_t i = 0; i < handles_.size(); ++i) {
            auto& s = *detail::handle_access::state(handles_[i]);
            if (s.done())
                ended(i);
            else
                watches_[i].begin(s, *this, i);
        }
    }

    awaitable<Handle> get() { return ended_.get(); }

    std::size_t left; // neither given nor waited for

private:
    void ended(std::size_t index) override { ended_.try_put(handles_[index]); }

    /// Whoever asks for the next one waits for none of them by name.
    detail::task_state* waiting_task() const noexcept override { return nullptr; }

    std::vector<Handle> handles_;
    std::unique_ptr<detail::end_watch[]> watches_;
    queue<Handle> ended_;
};

template <class Handle>
awaitable<std::optional<Handle>> completions<Handle>::next()
{
    /// Its turn is given back where the wait is cancelled.
    struct claim {
        explicit claim(state& s)
            : owner(&s)
        {
            --owner->left;
        }

        ~claim()
        {
            if (owner)
                ++owner->left;
        }

        claim(const claim&) = delete;
        claim& operator=(const claim&) = delete;

        state* owner;
    };

    const auto keep = state_;
    if (keep->left == 0)
        co_return std::nullopt;
    claim mine(*keep);
    Handle h = co_await keep->get();
    mine.owner = nullptr;
    co_return h;
}

template <class Handle>
std::size_t completions<Handle>::size() const noexcept
{
    return state_->left;
}

template <member_range R>
completions<detail::handle_of_t<detail::range_member_t<R>>>
as_completed(R&& members, std::source_location place)
{
    auto given = detail::kept(std::forward<R>(members));
    using handle_type = detail::handle_of_t<detail::range_member_t<R>>;
    auto& core = detail::loop_core::running();
    auto handles = detail::start_range(core.executor(), given, place);
    return completions<handle_type>(std::make_shared<typename completions<handle_type>::state>(
        core, detail::without_duplicates(std::move(handles))
    ));
}

} // namespace rill::RILL_FORM
