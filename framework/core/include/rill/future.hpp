// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/future_state.hpp>
#include <rill/detail/loop/outcome_handle.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

namespace rill::RILL_FORM {

namespace detail {

template <class T>
using future_data = outcome_of<T, future_state>;

} // namespace detail

/// A result that somebody will set: the bridge from callbacks to coroutines. Mirrors
/// asyncio.Future.
///
/// Many may await it, and each gets the same outcome. Handles are cheap to copy, and each may set
/// the outcome, once. An exception that nobody looked at is reported to the loop's exception
/// handler when the last handle goes; a future that was never set says nothing, and waits that are
/// left then end with operation_aborted. Cancelling whoever awaits it cancels the future. Thread
/// safety: none; all on the loop's thread. From other threads, see thread_future.hpp.
template <class T = void>
class future : public detail::outcome_handle<future<T>, T, detail::future_data<T>> {
    using base = detail::outcome_handle<future<T>, T, detail::future_data<T>>;

public:
    /// On the loop that this thread runs; std::logic_error where there is none.
    explicit future(std::source_location place = std::source_location::current())
        : future(detail::loop_core::running_for("a future"), place)
    {}

    /// On the loop of `ex`.
    explicit future(
        const asio::any_io_executor& ex,
        std::source_location place = std::source_location::current()
    )
        : future(detail::loop_core::of(ex), place)
    {}

    /// Wakes all who wait, on a later turn. invalid_state if it is done already.
    template <class... Args>
    void set_result(Args&&... value);

    /// The same with an exception: any object, or an exception_ptr. It is cancelled by a
    /// cancelled_error, and by the abort of a wait in a task that has been told to stop; any other
    /// operation_aborted is an error.
    void set_exception(std::exception_ptr error);
    template <class E>
    void set_exception(E error);

    /// The same as set_result, but does nothing if it is done already, or its loop is gone: for
    /// timers and callbacks that may come after a cancel. True if it was set.
    template <class... Args>
    bool set_result_unless_done(Args&&... value);

    /// Ends it as cancelled: whoever awaits it gets a cancelled_error with the message. False if it
    /// was done already.
    bool cancel(std::string message = {});

    /// The executor of its loop. Mirrors Future.get_loop.
    asio::any_io_executor get_executor() const { return checked().core()->executor(); }

private:
    future(detail::loop_core& core, std::source_location place)
        : base(*new detail::future_data<T>(core, place))
    {}

    detail::future_data<T>& checked() const;
    detail::future_data<T>& open() const;
};

// Implementation

template <class T>
detail::future_data<T>& future<T>::checked() const
{
    auto& data = this->data();
    if (!data.core())
        throw invalid_state("rill::future: its loop is gone");
    return data;
}

template <class T>
detail::future_data<T>& future<T>::open() const
{
    auto& data = checked();
    data.note_use();
    if (data.done())
        throw invalid_state("rill::future: it has an outcome already");
    return data;
}

template <class T>
template <class... Args>
void future<T>::set_result(Args&&... value)
{
    auto& data = open();
    data.set_value(std::forward<Args>(value)...);
    data.finish();
}

template <class T>
void future<T>::set_exception(std::exception_ptr error)
{
    if (!error)
        throw std::invalid_argument("rill::future: set_exception needs an exception");
    const bool cancelled = detail::was_asked_for(error);
    auto& data = open();
    data.fail(std::move(error), cancelled);
    data.finish();
}

template <class T>
template <class E>
void future<T>::set_exception(E error)
{
    set_exception(std::make_exception_ptr(std::move(error)));
}

template <class T>
template <class... Args>
bool future<T>::set_result_unless_done(Args&&... value)
{
    if (!this->data_ || this->data_->done() || !this->data_->core())
        return false;
    set_result(std::forward<Args>(value)...);
    return true;
}

template <class T>
bool future<T>::cancel(std::string message)
{
    auto& data = this->data();
    data.note_use();
    if (!data.done() && !data.core())
        return false;
    return data.request_cancel(
        message.empty() ? nullptr : detail::make_reason(cancel_origin::request, std::move(message))
    );
}

} // namespace rill::RILL_FORM
