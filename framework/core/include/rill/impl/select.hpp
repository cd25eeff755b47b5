// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/select.hpp>

namespace rill::RILL_FORM {

namespace detail {

template <class Signature>
struct value_of_signature;

template <class... Args>
struct value_of_signature<void(Args...)> {
    using type = std::monostate;
};

template <class T>
struct value_of_signature<void(error_code, T)> {
    using type = T;
};

template <class Signature, class Waiter>
    requires(!requires { typename Waiter::gives_away; })
struct select_traits<wait_operation<Signature, Waiter>> {
    using value_type = typename value_of_signature<Signature>::type;
    using waiter = Waiter;

    static Waiter&& waiter_of(wait_operation<Signature, Waiter>& op) { return std::move(op); }

    static void check(const wait_operation<Signature, Waiter>& op) { op.check_loop(); }

    template <class Branch>
    static value_type value(wait_operation<Signature, Waiter>&, Branch& branch)
    {
        branch.throw_if_failed();
        if constexpr (std::is_same_v<value_type, std::monostate>)
            return {};
        else
            return branch.take();
    }
};

template <awaited_handle Handle>
struct select_traits<Handle> {
    using value_type = value_of_t<typename Handle::value_type>;
    using waiter = end_waiter;

    static void check(const Handle& handle) { existing_state(handle); }

    static end_waiter waiter_of(Handle& handle)
    {
        return end_waiter(check_joinable(handle_access::state(handle)));
    }

    template <class Branch>
    static value_type value(Handle& handle, Branch& branch)
    {
        if (branch.failure())
            throw system_error(branch.failure());
        return take_value(handle, false);
    }
};

/// What the branches of a select complete.
class selection : public operation {
public:
    explicit selection(loop_core& core) noexcept
        : operation(&core)
    {}

    bool decided() const noexcept { return winner != none; }

    static constexpr std::size_t none = SIZE_MAX;

    std::size_t winner = none;

    /// The first to complete; those that are withdrawn then do so as well, and do not count.
    void completed(std::size_t index);

protected:
    void (*withdraw_)(selection&) = nullptr; // all branches but the winner
};

/// One of the operations, which tells the selection instead of going to the ready queue.
template <class Waiter>
class branch : public typed_operation<Waiter> {
public:
    branch(Waiter&& waiter, selection& all, std::size_t index)
        : typed_operation<Waiter>(std::move(waiter))
        , selection_(all)
        , index_(index)
    {
        this->action_ = &on_act;
        this->raced_ = true;
    }

    ~branch() { leave(); }

    void begin(const asio::any_io_executor& ex)
    {
        if constexpr (requires { this->use_loop_of(ex); })
            if (!this->core_)
                this->use_loop_of(ex);
        begun_ = true;
        this->task_ = selection_.waiting_task();
        this->start();
    }

    void withdraw()
    {
        if (begun_)
            this->cancel();
    }

private:
    static void on_act(ready_node& node, act what)
    {
        auto& self = static_cast<branch&>(node);
        if (what == act::drop) {
            self.leave();
        } else if (what == act::won) {
            self.leave_loop(); // what it was granted is promised until the branch ends
            self.ready_ = true;
            self.selection_.completed(self.index_);
        } else {
            self.tell(what);
        }
    }

    void leave() noexcept
    {
        this->hook<in_line>::unlink();
        leave_loop();
    }

    void leave_loop() noexcept
    {
        if (this->hook<in_loop>::linked())
            this->core_->forget(*this);
    }

    selection& selection_;
    std::size_t index_;
    bool begun_ = false;
};

template <class... Ops>
class select_waiter : public selection {
    using indices = std::index_sequence_for<Ops...>;
    using branches = std::tuple<std::optional<branch<typename select_traits<Ops>::waiter>>...>;

public:
    select_waiter(loop_core& core, std::tuple<Ops...>& ops)
        : selection(core)
        , ops_(&ops)
    {
        withdraw_ = [](selection& s) { static_cast<select_waiter&>(s).withdraw_others(); };
    }

    select_waiter(select_waiter&& other)
        : select_waiter(*other.core_, *other.ops_)
    {}

    std::variant<selected_t<Ops>...> take()
    {
        std::optional<std::variant<selected_t<Ops>...>> result;
        for_each_branch([&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            using traits = select_traits<std::tuple_element_t<I, std::tuple<Ops...>>>;
            if (I == winner)
                result.emplace(
                    std::in_place_index<I>,
                    traits::value(std::get<I>(*ops_), *std::get<I>(branches_))
                );
        });
        return std::move(*result);
    }

protected:
    void start()
    {
        core_->make_pending(*this);
        const asio::any_io_executor ex = core_->executor();
        for_each_branch([&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            using traits = select_traits<std::tuple_element_t<I, std::tuple<Ops...>>>;
            if (decided())
                return;
            auto& b = std::get<I>(branches_);
            b.emplace(traits::waiter_of(std::get<I>(*ops_)), *this, I);
            b->begin(ex);
        });
    }

    void on_cancel()
    {
        winner = sizeof...(Ops); // nobody: what completes from here on does not count
        withdraw_others();
        abort();
    }

    void describe_to(std::string& text) const { text = "the first of several operations"; }

private:
    void withdraw_others()
    {
        for_each_branch([&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            if (auto& b = std::get<I>(branches_); b && I != winner)
                b->withdraw();
        });
    }

    template <class F>
    static void for_each_branch(F f)
    {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (f(std::integral_constant<std::size_t, I>()), ...);
        }(indices());
    }

    std::tuple<Ops...>* ops_;
    branches branches_;
};

} // namespace detail

template <detail::selectable... Ops>
    requires(sizeof...(Ops) > 0)
awaitable<std::variant<detail::selected_t<Ops>...>> select(Ops... ops)
{
    auto& core = detail::loop_core::of(co_await asio::this_coro::executor);
    (detail::select_traits<Ops>::check(ops), ...); // throws for one that cannot be awaited
    std::tuple<Ops...> kept(std::move(ops)...);
    co_return co_await detail::request_wait<detail::select_waiter<Ops...>>(core, kept);
}

} // namespace rill::RILL_FORM
