// SPDX-License-Identifier: BSL-1.0

// The echo service with ten thousand clients at once, and a million one after the other.

#include "process_use.hpp"
#include <support/live.hpp>
#include <support/service.hpp>
#include <support/tls_authority.hpp>

#include <rill/connect_options.hpp>
#include <rill/open_connection.hpp>
#include <rill/task_group.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
using test::live;
using test::process_use;
using test::use_of;

constexpr std::size_t at_once = 10'000;

/// For that many connections and what else there is.
rlim_t descriptors()
{
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    REQUIRE_MESSAGE(limit.rlim_max >= at_once + 200, "it takes 10 200 descriptors: ulimit -Hn");
    return limit.rlim_max;
}

/// The service with one worker, and how it is connected to.
class echo {
public:
    explicit echo(bool tls)
    {
        std::vector<std::string> settings{
            "server.listen=127.0.0.1:0", "server.max_connections=20000", "service.workers=1"
        };
        if (tls) {
            const test::tls_files files = authority_.emplace().issue_local();
            settings.push_back("server.tls.certificate=" + files.certificate);
            settings.push_back("server.tls.key=" + files.key);
            options_.tls(rill::tls_context::client().trust(authority_->file()));
        }
        service_.emplace(ECHO_PROGRAM, settings, descriptors());
    }

    process_use use() const { return use_of(service_->pid()); }

    int stop() { return service_->stop(); }

    /// From the `nth` address of this machine's own, as each has so many ports.
    awaitable<rill::stream> connect(std::size_t nth = 1) const
    {
        rill::connect_options options = options_;
        options.local_address(boost::asio::ip::tcp::endpoint(
            boost::asio::ip::make_address("127.0.0." + std::to_string(nth)), 0
        ));
        const auto port = static_cast<unsigned short>(std::stoi(service_->port));
        co_return co_await rill::open_connection("localhost", port, options);
    }

private:
    std::optional<test::tls_authority> authority_;
    rill::connect_options options_;
    std::optional<test::service> service_;
};

awaitable<void> ask(rill::stream& s)
{
    s.writer().write("hello\n");
    CHECK(co_await s.reader().read_line() == "hello\n");
}

/// First all are silent for ten seconds; then one more client asks a thousand times.
awaitable<void> look_at(const echo& service, std::size_t most_bytes, const process_use& before)
{
    const process_use idle = service.use();
    co_await rill::sleep(10s);
    const double cpu = (service.use().seconds - idle.seconds) / 10;
    rill::stream lively = co_await service.connect();
    std::vector<rill::duration> answers;
    for (int i = 0; i < 1000; ++i) {
        const rill::time_point begin = rill::clock::now();
        co_await ask(lively);
        answers.push_back(rill::clock::now() - begin);
        co_await rill::sleep(10ms);
    }
    const std::size_t each = (idle.bytes - before.bytes) / at_once;
    std::ranges::sort(answers);
    const auto late = std::chrono::duration_cast<std::chrono::microseconds>(answers[990]);
    MESSAGE(
        each, " bytes each; CPU ", cpu * 100, " %; an answer takes ", late.count(), " us (p99)"
    );
    CHECK(each > 500); // they are there
    CHECK(each <= most_bytes);
    CHECK(cpu < 0.01);
    CHECK(late < 10ms);
}

void hold_ten_thousand(bool tls, std::size_t most_bytes)
{
    echo service(tls);
    live l(10min);
    l.run([&]() -> awaitable<void> {
        co_await ask(*std::make_unique<rill::stream>(co_await service.connect()));
        const process_use before = service.use();
        std::vector<rill::stream> idle;
        for (std::size_t i = 0; i < at_once; ++i) {
            idle.push_back(co_await service.connect());
            co_await ask(idle.back());
        }
        co_await look_at(service, most_bytes, before);
    });
    CHECK(service.stop() == 0);
}

TEST_CASE("R1: ten thousand idle connections hold 3 KiB each, and keep nobody waiting")
{
    hold_ten_thousand(false, 3 * 1024);
}

TEST_CASE("R1: ten thousand idle TLS connections hold 24 KiB each, and keep nobody waiting")
{
    hold_ten_thousand(true, 24 * 1024);
}

/// So many connect, ask and close; one in ten is reset instead.
awaitable<void> come_and_go(const echo& service, std::size_t count)
{
    constexpr std::size_t clients = 50;
    const auto client = [&](std::size_t nth) -> awaitable<void> {
        for (std::size_t i = 0; i < count / clients; ++i) {
            rill::stream s = co_await service.connect(nth);
            co_await ask(s);
            if (i % 10 == 0)
                s.abort();
        }
    };
    co_await rill::with_task_group([&](rill::task_group& all) -> awaitable<void> {
        for (std::size_t nth = 1; nth <= clients; ++nth)
            all.create_task(client(nth));
        co_return;
    });
}

void leave_nothing(bool tls, std::size_t count)
{
    echo service(tls);
    live l(1h);
    l.run([&]() -> awaitable<void> {
        const auto settled = [&](std::size_t n) -> awaitable<process_use> {
            co_await come_and_go(service, n);
            co_await rill::sleep(1s); // the last ones are closed
            co_return service.use();
        };
        const process_use before = co_await settled(count / 10);
        const process_use after = co_await settled(count);
        MESSAGE(before.bytes, " bytes after a tenth, ", after.bytes, " after all");
        CHECK(after.descriptors == before.descriptors);
        CHECK(after.threads == before.threads);
        CHECK(after.bytes <= before.bytes + 256 * 1024); // a byte each would be more
    });
    CHECK(service.stop() == 0);
}

TEST_CASE("R2: a million connections come and go, and leave nothing behind")
{
    leave_nothing(false, 1'000'000);
}

TEST_CASE("R2: three hundred thousand TLS connections come and go, and leave nothing behind")
{
    leave_nothing(true, 300'000);
}

} // namespace
