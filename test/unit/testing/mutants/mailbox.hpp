// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/event.hpp>
#include <rill/sleep.hpp>

#include <deque>

namespace mutants {

/// Letters for one reader, who lets others run before he goes to sleep.
///
/// Broken: a missed wake-up. What is put between the reader's look and his wait is not noticed.
template <bool Broken>
class mailbox {
public:
    explicit mailbox(const rill::asio::any_io_executor& ex)
        : something_(ex)
    {}

    void put(int letter)
    {
        letters_.push_back(letter);
        something_.set();
    }

    rill::awaitable<int> take()
    {
        while (letters_.empty()) {
            if (!Broken)
                something_.clear();
            co_await rill::yield();
            if (Broken)
                something_.clear();
            co_await something_.wait();
        }
        const int letter = letters_.front();
        letters_.pop_front();
        co_return letter;
    }

private:
    std::deque<int> letters_;
    rill::event something_;
};

} // namespace mutants
