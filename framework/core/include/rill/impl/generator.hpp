// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/generator.hpp>

namespace rill::RILL_FORM {

namespace detail {

/// A step of the body, up to its next co_yield or its end.
class generator_step {
    struct nothing {
        template <class Handler>
        void operator()(Handler&&) const
        {}
    };

public:
    explicit generator_step(stacked_promise& frame, bool finished) noexcept
        : frame_(&frame)
        , finished_(finished)
    {}

    stacked_promise& frame() const noexcept { return *frame_; }

    bool finished() const noexcept { return finished_; }

    /// Only makes it an operation in Asio's eyes; it is never called.
    template <asio::completion_token_for<void()> Token>
    auto operator()(Token&& token) const
        -> decltype(asio::async_initiate<Token, void()>(std::declval<nothing>(), token));

private:
    stacked_promise* frame_;
    bool finished_;
};

/// What is the same for generators of all types.
class generator_frame : public stacked_promise, public live_generator {
public:
    bool finished() const noexcept { return finished_; }

    /// One step of the body at a time, up to its next co_yield or its end. A generator that is
    /// destroyed meanwhile lives until the step is over.
    class step_mark {
    public:
        explicit step_mark(generator_frame& frame);

        ~step_mark();

        step_mark(const step_mark&) = delete;
        step_mark& operator=(const step_mark&) = delete;

        generator_step step() const noexcept { return generator_step(frame_, frame_.finished_); }

    private:
        generator_frame& frame_;
    };

    /// The same with generator_exit at the co_yield where the body stands.
    awaitable<void> close() override;

    void return_void() noexcept { finish(); }

    void unhandled_exception()
    {
        finish();
        stacked_promise::unhandled_exception();
    }

    /// The frames go, on the loop's thread.
    void drop() noexcept;

    void lose_loop() noexcept override
    {
        core_ = nullptr;
        hook<in_generators>::unlink();
    }

protected:
    using stacked_promise::stacked_promise;

    ~generator_frame() { hook<in_generators>::unlink(); }

    bool closing_ = false;

private:
    /// A posted function that destroys the frames, whether it is called or not.
    class owner {
    public:
        explicit owner(generator_frame* frame) noexcept
            : frame_(frame)
        {}

        owner(owner&& other) noexcept
            : frame_(std::exchange(other.frame_, nullptr))
        {}

        ~owner()
        {
            if (frame_)
                frame_->destroy();
        }

        void operator()() const noexcept {}

    private:
        generator_frame* frame_;
    };

    /// It stays in the loop's list, to learn of the loop's end as long as there is a handle.
    void finish() noexcept { finished_ = true; }

    void enrol();

    loop_core* core_ = nullptr; // of the first next(); null again once it has ended
    bool begun_ = false;
    bool running_ = false;
    bool dropped_ = false; // by its owner, while it runs
    bool finished_ = false;
};

template <class T>
class generator_promise final : public generator_frame {
public:
    explicit generator_promise(const void* function = __builtin_source_location()) noexcept
        : generator_frame(location_of(function))
    {}

    generator<T> get_return_object()
    {
        this->coro_ = std::coroutine_handle<generator_promise>::from_promise(*this);
        return generator<T>(*this);
    }

    class yielding : public pause {
    public:
        using pause::pause;

        void await_resume() const
        {
            if (static_cast<generator_promise&>(this->frame_).closing_)
                throw generator_exit();
        }
    };

    yielding yield_value(T value)
    {
        value_.emplace(std::move(value));
        return yielding(*this, closing_);
    }

    std::optional<T> take_value() { return std::exchange(value_, std::nullopt); }

private:
    std::optional<T> value_;
};

} // namespace detail

template <std::movable T>
generator<T>::~generator()
{
    if (promise_)
        promise_->drop();
}

template <std::movable T>
bool generator<T>::finished() const noexcept
{
    return !promise_ || promise_->finished();
}

template <std::movable T>
awaitable<std::optional<T>> generator<T>::next()
{
    if (finished())
        co_return std::nullopt;
    promise_type& promise = *promise_;
    const typename promise_type::step_mark mark(promise);
    const detail::generator_step step = mark.step();
    co_await step;
    co_return promise.take_value();
}

template <std::movable T>
awaitable<void> generator<T>::close()
{
    if (promise_)
        co_await promise_->close();
}

template <std::movable T, std::invocable<T> F>
awaitable<void> for_each(generator<T> values, F f)
{
    const auto consume = [&]() -> awaitable<void> {
        while (auto value = co_await values.next())
            if constexpr (coroutine_function<F&, T>)
                co_await f(std::move(*value));
            else
                f(std::move(*value));
    };
    const auto close = [&] { return values.close(); };
    co_await with_cleanup(consume, close);
}

template <std::movable T, std::predicate<const T&> Predicate>
awaitable<std::vector<T>> collect(generator<T> values, Predicate keep)
{
    std::vector<T> all;
    const auto add = [&](T value) {
        if (keep(std::as_const(value)))
            all.push_back(std::move(value));
    };
    co_await for_each(std::move(values), add);
    co_return all;
}

template <std::movable T>
awaitable<std::vector<T>> collect(generator<T> values)
{
    return collect(std::move(values), [](const T&) { return true; });
}

namespace detail {

/// Gives what `f(value, more)` makes of each value, if it makes something, as long as it leaves
/// `more` true. Closes `values` on every way out.
template <std::movable U, class T, class F>
generator<U> pipe(generator<T> given, F f)
{
    generator<T> values = std::move(given); // gone with the body: pipes of pipes end one by one
    bool more = true;
    bool closed = false;
    try {
        while (more) {
            auto value = co_await values.next();
            if (!value)
                break;
            if (std::optional<U> made = f(std::move(*value), more))
                co_yield std::move(*made);
        }
    } catch (const generator_exit&) {
        closed = true;
    }
    co_await values.close();
    if (closed)
        throw generator_exit();
}

} // namespace detail

template <std::movable T, std::predicate<const T&> Predicate>
generator<T> filter(generator<T> values, Predicate keep)
{
    return detail::pipe<T>(std::move(values), [keep = std::move(keep)](T value, bool&) mutable {
        return keep(std::as_const(value)) ? std::optional<T>(std::move(value)) : std::nullopt;
    });
}

template <std::movable T, std::invocable<T> F>
generator<std::invoke_result_t<F&, T>> transform(generator<T> values, F f)
{
    using U = std::invoke_result_t<F&, T>;
    return detail::pipe<U>(std::move(values), [f = std::move(f)](T value, bool&) mutable {
        return std::optional<U>(f(std::move(value)));
    });
}

template <std::movable T>
generator<T> take(generator<T> values, std::size_t n)
{
    if (n == 0)
        return generator<T>();
    return detail::pipe<T>(std::move(values), [n](T value, bool& more) mutable {
        more = --n > 0;
        return std::optional<T>(std::move(value));
    });
}

} // namespace rill::RILL_FORM
