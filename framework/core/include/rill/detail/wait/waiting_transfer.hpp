// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/wait/remote_operation.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace rill::RILL_FORM::detail {

template <class T>
class concurrent_queue_state;

/// A put or a get that has to wait.
template <class T>
class waiting_transfer final : public remote_operation,
                               public std::enable_shared_from_this<waiting_transfer<T>> {
public:
    enum class kind { put, get };

    waiting_transfer(const std::shared_ptr<concurrent_queue_state<T>>& p, kind k)
        : point_(p)
        , kind_(k)
    {}

    waiting_transfer(const std::shared_ptr<concurrent_queue_state<T>>& p, T&& value)
        : waiting_transfer(p, kind::put)
    {
        item.emplace(std::move(value));
    }

    void cancel() noexcept override
    {
        if (const auto point =
                point_.lock()) // a cancel after the channel's end would reach into it
            stop_.emit(asio::cancellation_type::total);
    }

    std::string description() const override;

    /// Of a put, until a getter takes it out; of a get, what it got.
    std::optional<T> item;

protected:
    void start() override;

private:
    friend concurrent_queue_state<T>;

    std::weak_ptr<concurrent_queue_state<T>> point_;
    asio::cancellation_signal stop_; // its slot holds the channel's way to cancel this one
    kind kind_;
    std::atomic<bool> refused_ = false; // it is being cancelled because the queue is closed
};

/// What goes through the channel: an item, or where one is that somebody waits to put. The latter
/// stays his until a getter takes it, so a blocking put that is out of time has it back.
template <class T>
class sent_item {
public:
    sent_item() = default; // beside an error

    sent_item(T&& value)
        : here_(std::move(value))
    {}

    sent_item(std::shared_ptr<waiting_transfer<T>> from)
        : there_(std::move(from))
    {}

    void unpack_to(std::optional<T>& item)
    {
        std::optional<T>& packed = there_ ? there_->item : here_;
        if (packed)
            item.emplace(std::move(*packed));
    }

private:
    std::optional<T> here_;
    std::shared_ptr<waiting_transfer<T>> there_;
};

} // namespace rill::RILL_FORM::detail
