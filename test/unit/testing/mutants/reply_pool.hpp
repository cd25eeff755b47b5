// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/queue.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mutants {

/// A connection to a server that takes a second for each answer.
class slow_connection {
public:
    explicit slow_connection(const rill::asio::any_io_executor& ex)
        : wires_(std::make_shared<wires>(ex))
    {
        rill::create_task(ex, serve(wires_), "server");
    }

    ~slow_connection() { wires_->questions.shutdown(); }

    slow_connection(const slow_connection&) = delete;
    slow_connection& operator=(const slow_connection&) = delete;

    rill::awaitable<void> send(std::string question)
    {
        return wires_->questions.put(std::move(question));
    }

    rill::awaitable<std::string> receive() { return wires_->answers.get(); }

private:
    struct wires {
        explicit wires(const rill::asio::any_io_executor& ex)
            : questions(ex)
            , answers(ex)
        {}

        rill::queue<std::string> questions;
        rill::queue<std::string> answers;
    };

    static rill::awaitable<void> serve(std::shared_ptr<wires> ends)
    {
        using namespace std::chrono_literals;
        try {
            for (;;) {
                const std::string question = co_await ends->questions.get();
                co_await rill::sleep(1s);
                co_await ends->answers.put("re: " + question);
            }
        } catch (const rill::system_error& e) {
            if (e.code() != rill::errc::shut_down)
                throw;
        }
    }

    std::shared_ptr<wires> wires_;
};

/// Lends a connection to each who asks, and keeps it for the next one.
///
/// Broken: reply cross-talk. A connection on which an answer is outstanding goes back into the
/// pool, and the next one who asks gets it.
template <bool Broken>
class reply_pool {
public:
    explicit reply_pool(const rill::asio::any_io_executor& ex)
        : executor_(ex)
    {}

    rill::awaitable<std::string> ask(std::string question)
    {
        loan mine(*this);
        co_await mine.connection->send(std::move(question));
        std::string answer = co_await mine.connection->receive();
        mine.clean = true;
        co_return answer;
    }

private:
    struct loan {
        explicit loan(reply_pool& p)
            : pool(p)
            , connection(p.take())
        {}

        ~loan()
        {
            if (clean || Broken)
                pool.idle_.push_back(std::move(connection));
        }

        loan(const loan&) = delete;
        loan& operator=(const loan&) = delete;

        reply_pool& pool;
        std::unique_ptr<slow_connection> connection;
        bool clean = false;
    };

    std::unique_ptr<slow_connection> take()
    {
        if (idle_.empty())
            return std::make_unique<slow_connection>(executor_);
        auto connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
    }

    rill::asio::any_io_executor executor_;
    std::vector<std::unique_ptr<slow_connection>> idle_;
};

} // namespace mutants
