// SPDX-License-Identifier: BSL-1.0
#include "live.hpp"

#include "client.hpp"
#include "live_view.hpp"
#include "screen.hpp"
#include "services.hpp"

#include <rill/error.hpp>
#include <rill/loop.hpp>
#include <rill/signals.hpp>
#include <rill/sleep.hpp>
#include <rill/task_group.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <utility>

namespace top {

namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr auto pause_of_look = 4; // so that it takes a fifth of a core at most, here and there
constexpr auto retry_after = 1s;

/// What happens at the same time while the live screen is shown.
class live {
public:
    explicit live(const command_line& options)
        : options_(options)
        , view_(options_.interval)
    {}

    rill::awaitable<void> run()
    {
        const auto all = [this](rill::task_group& group) -> rill::awaitable<void> {
            group.create_task(watch_service(), "service");
            group.create_task(watch_size(), "size");
            group.create_task(watch_signals(group), "signals");
            group.create_task(watch_keys(group), "keys");
            co_return;
        };
        co_await rill::with_task_group(all);
    }

private:
    void draw() { screen_.draw(view_.draw(screen_.rows(), screen_.columns())); }

    rill::awaitable<void> watch_service()
    {
        for (;;) {
            std::string why;
            try {
                draw();
                co_await follow_service();
            } catch (const std::exception& error) {
                if (rill::is_cancellation(std::current_exception()))
                    throw;
                why = error.what();
            }
            view_.lost(std::move(why));
            draw();
            co_await rill::sleep(retry_after);
        }
    }

    /// Until it goes away, which is thrown.
    rill::awaitable<void> follow_service()
    {
        const std::string socket = co_await resolve(options_);
        client service = co_await within(options_.timeout, client::connect(socket));
        for (;;) {
            if (view_.paused()) {
                co_await rill::sleep(options_.interval);
                continue;
            }
            const auto begin = rill::this_loop().time();
            view_.show(co_await within(options_.timeout, service.everything()));
            const auto pause = pause_after(rill::this_loop().time() - begin);
            view_.slowed_to(pause);
            draw();
            co_await rill::sleep(pause);
        }
    }

    std::chrono::milliseconds pause_after(rill::duration look) const
    {
        const auto needed = std::chrono::ceil<std::chrono::milliseconds>(look * pause_of_look);
        return std::max(options_.interval, needed);
    }

    rill::awaitable<void> watch_size()
    {
        for (;;) {
            co_await resized_.next();
            screen_.resize();
            draw();
        }
    }

    rill::awaitable<void> watch_signals(rill::task_group& group)
    {
        co_await stop_.next();
        group.cancel();
    }

    rill::awaitable<void> watch_keys(rill::task_group& group)
    {
        asio::posix::stream_descriptor keys(
            co_await asio::this_coro::executor, ::dup(screen_.input())
        );
        for (;;) {
            auto readable =
                keys.async_wait(asio::posix::stream_descriptor::wait_read, asio::deferred);
            co_await std::move(readable);
            std::size_t pressed = 0;
            while (const auto key = screen_.next_key()) {
                ++pressed;
                if (!view_.press(*key)) {
                    group.cancel();
                    co_return;
                }
            }
            if (pressed == 0 && hung_up()) {
                group.cancel();
                co_return;
            }
            draw();
        }
    }

    /// Readable without a key: the terminal is gone.
    bool hung_up() const { return ::tcgetpgrp(screen_.input()) < 0; }

    const command_line& options_;
    live_view view_;
    rill::signals resized_{SIGWINCH}; // before the screen: ncurses takes signals that nobody has
    rill::signals stop_{SIGTERM, SIGHUP};
    screen screen_;
};

rill::awaitable<void> probe(std::string socket)
{
    client service = co_await client::connect(std::move(socket));
    co_await service.info();
}

} // namespace

rill::awaitable<void> run_live(const command_line& options)
{
    std::string socket = co_await resolve(options);
    co_await within(options.timeout, probe(std::move(socket)));
    live screen(options);
    co_await screen.run();
}

rill::awaitable<std::string> run_once(const command_line& options)
{
    live_view view(options.interval);
    const std::string socket = co_await resolve(options);
    client service = co_await within(options.timeout, client::connect(socket));
    view.show(co_await within(options.timeout, service.everything()));
    co_await rill::sleep(options.interval);
    view.show(co_await within(options.timeout, service.everything()));
    co_return view.plain();
}

rill::awaitable<std::string> resolve(const command_line& options)
{
    if (!options.target.empty())
        co_return socket_of(options.target);
    co_return co_await only_service(options.timeout);
}

} // namespace top
