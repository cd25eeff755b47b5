// SPDX-License-Identifier: BSL-1.0
#include "conversation.hpp"

#include <rill/log.hpp>
#include <rill/task_group.hpp>

#include <boost/asio/error.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace relay {

namespace {

std::optional<std::uint64_t> budget(const std::optional<rill::bytes>& most)
{
    return most ? std::optional<std::uint64_t>(most->count()) : std::nullopt;
}

} // namespace

conversation::conversation(
    rill::stream& client, rill::stream& server, const session_settings& settings, traffic& count
)
    : settings_(settings)
    , count_(count)
    , from_client_{client, server, "most_from_client", budget(settings.most_from_client), count.from_clients}
    , from_server_{
          server, client, "most_from_server", budget(settings.most_from_server), count.from_servers
      }
{}

rill::awaitable<void> conversation::run()
{
    try {
        co_await run_in_time();
    } catch (const rill::timeout_error& error) {
        end(count_.timed_out, error);
    } catch (...) {
        cut();
        throw;
    }
    if (!told_)
        rill::log::debug(
            "a connection has ended",
            {{"client", to_string(from_client_.from.remote_endpoint())},
             {"server", to_string(from_client_.to.remote_endpoint())}}
        );
}

rill::awaitable<void> conversation::run_in_time()
{
    return rill::timeout(settings_.total_timeout, [this] {
        return rill::timeout(rill::forever, [this](rill::timeout_scope& scope) {
            return run_while_busy(scope);
        });
    });
}

rill::awaitable<void> conversation::run_while_busy(rill::timeout_scope& scope)
{
    scope_ = &scope;
    idle_.emplace(scope, settings_.idle_timeout);
    co_await rill::with_task_group([this](rill::task_group& both) -> rill::awaitable<void> {
        both.create_task(pass_on(from_server_));
        co_await pass_on(from_client_);
    });
}

/// A failure of either direction ends both.
rill::awaitable<void> conversation::pass_on(direction& d)
{
    try {
        co_await pass_all_on(d);
    } catch (const rill::system_error& error) {
        if (rill::is_cancellation(error))
            throw;
        const bool greedy = error.code() == boost::asio::error::message_size;
        end(greedy ? count_.over_budget : count_.failed, error);
    }
}

rill::awaitable<void> conversation::pass_all_on(direction& d)
{
    for (;;) {
        idle_->begin_again();
        const std::string_view data = co_await d.from.reader().read_some();
        if (data.empty())
            break;
        spend(d, data.size());
        d.to.writer().write(data);
        d.from.reader().consume(data.size());
        try {
            co_await d.to.writer().drain();
        } catch (const rill::system_error& error) {
            if (rill::is_cancellation(error))
                throw;
            tell(count_.failed, error);
            co_return; // the other direction passes on what that side has said, and meets its end
        }
    }
    if (!over_)
        finish(d);
}

void conversation::spend(direction& d, std::size_t bytes)
{
    if (d.left && bytes > *d.left)
        throw rill::system_error(
            boost::asio::error::message_size, std::string("it has sent more than ") + d.budget
        );
    if (d.left)
        *d.left -= bytes;
    d.bytes += bytes;
}

/// A side that cannot be told that the other has sent all, over TLS 1.2, is closed: that is what its
/// close_notify means.
void conversation::finish(direction& d)
{
    d.ended = true;
    if (d.to.writer().can_write_eof())
        d.to.writer().write_eof();
    else
        d.to.close();
    idle_.emplace(*scope_, settings_.half_closed_timeout);
}

void conversation::end(counter& reason, const rill::system_error& error)
{
    cut();
    tell(reason, error);
}

/// Once: one thing leads to another.
void conversation::tell(counter& reason, const rill::system_error& error)
{
    if (std::exchange(told_, true))
        return;
    reason += 1;
    rill::log::info(
        "a connection has been ended early",
        {{"client", to_string(from_client_.from.remote_endpoint())},
         {"server", to_string(from_client_.to.remote_endpoint())},
         {"reason", error.what()}}
    );
}

/// Nobody is to take a part for the whole.
void conversation::cut()
{
    if (std::exchange(over_, true))
        return;
    for (const direction* d : {&from_client_, &from_server_})
        if (d->ended)
            d->to.close();
        else
            d->to.abort();
}

} // namespace relay
