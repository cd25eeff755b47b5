// SPDX-License-Identifier: BSL-1.0
#include "resolver.hpp"

#include "sockets.hpp"

#include <rill/detail/net_detail.hpp>
#include <rill/detail/network_backend.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

namespace rill::RILL_FORM::net_detail {

namespace {

using asio::ip::tcp;

class look_up_waiter;

/// One look-up, shared by the thread that does it and the coroutine that waits for it. Each may
/// be done with it first.
struct look_up {
    explicit look_up(std::string h)
        : host(std::move(h))
    {}

    const std::string host;
    std::vector<endpoint> addresses; // written by the thread, read once it has posted
    error_code error;

    std::mutex mutex;
    look_up_waiter* waiter = nullptr; // null: nobody waits any more
    loop_core* core = nullptr;        // alive while there is a waiter
};

/// The threads that call getaddrinfo. They end with the process: one that is inside getaddrinfo
/// cannot be interrupted, and nobody should have to wait for it at exit.
class look_up_threads {
public:
    static look_up_threads& instance()
    {
        static auto* const all = new look_up_threads; // reachable to the end, never destroyed
        return *all;
    }

    void add(std::shared_ptr<look_up> work)
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(work));
        if (idle_ == 0 && threads_ < most)
            start_thread();
        else
            arrived_.notify_one();
    }

private:
    static constexpr unsigned most = 4;

    void start_thread()
    {
        try {
            std::thread([this] { run(); }).detach();
            ++threads_;
        } catch (const std::system_error&) {
            if (threads_ == 0) {
                queue_.pop_back();
                throw;
            }
        }
    }

    [[noreturn]] void run()
    {
        for (;;) {
            const std::shared_ptr<look_up> work = next();
            do_look_up(*work);
            deliver(work);
        }
    }

    std::shared_ptr<look_up> next()
    {
        std::unique_lock lock(mutex_);
        ++idle_;
        arrived_.wait(lock, [this] { return !queue_.empty(); });
        --idle_;
        auto work = std::move(queue_.front());
        queue_.pop_front();
        return work;
    }

    static void do_look_up(look_up& work)
    {
        addrinfo hints{};
        hints.ai_family = AF_UNSPEC;
        hints.ai_socktype = SOCK_STREAM;
        hints.ai_flags = AI_ADDRCONFIG;
        addrinfo* found = nullptr;
        const int result = ::getaddrinfo(work.host.c_str(), nullptr, &hints, &found);
        if (result == EAI_SYSTEM)
            work.error = last_error();
        else if (result != 0)
            work.error = {result, asio::error::get_addrinfo_category()};
        for (const addrinfo* a = found; a; a = a->ai_next)
            work.addresses.emplace_back(a->ai_addr, a->ai_addrlen);
        if (found)
            ::freeaddrinfo(found);
    }

    /// Posts under the lock: a waiter that goes away takes the loop's address with it, and a loop
    /// that dies first makes every waiter go away.
    static void deliver(const std::shared_ptr<look_up>& work);

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::shared_ptr<look_up>> queue_;
    unsigned threads_ = 0;
    unsigned idle_ = 0;
};

/// Waits for a look-up; a cancel abandons it.
class look_up_waiter : public operation {
public:
    look_up_waiter(loop_core& core, std::shared_ptr<look_up> work) noexcept
        : operation(&core)
        , work_(std::move(work))
    {}

    look_up_waiter(look_up_waiter&&) = default;

    ~look_up_waiter() { abandon(); }

protected:
    void start()
    {
        work_->waiter = this;
        work_->core = core_;
        core_->make_pending(*this);
        look_up_threads::instance().add(work_);
    }

    void on_cancel()
    {
        abandon();
        abort();
    }

private:
    void abandon() noexcept
    {
        if (!work_)
            return;
        const std::lock_guard lock(work_->mutex);
        work_->waiter = nullptr;
    }

    std::shared_ptr<look_up> work_;
};

void look_up_threads::deliver(const std::shared_ptr<look_up>& work)
{
    const std::lock_guard lock(work->mutex);
    if (!work->waiter)
        return;
    asio::post(work->core->io(), [work] {
        // On the loop's thread, where the waiter comes and goes.
        look_up_waiter* waiter = nullptr;
        {
            const std::lock_guard inner(work->mutex);
            waiter = std::exchange(work->waiter, nullptr);
        }
        if (waiter)
            waiter->complete();
    });
}

awaitable<std::vector<endpoint>> look_up_addresses(std::string host)
{
    loop_core& core = loop_core::of(co_await asio::this_coro::executor);
    const auto work = std::make_shared<look_up>(std::move(host));
    wait_operation<void(error_code), look_up_waiter> done(std::in_place, core, work);
    co_await std::move(done);
    if (!work->error && work->addresses.empty())
        work->error = asio::error::host_not_found;
    if (work->error)
        throw_error(work->error, "looking up \"" + work->host + "\"");
    co_return std::move(work->addresses);
}

endpoint with_port(const endpoint& address, unsigned short port)
{
    tcp::endpoint tcp_address;
    tcp_address.resize(address.size());
    std::memcpy(tcp_address.data(), address.data(), address.size());
    tcp_address.port(port);
    return tcp_address;
}

} // namespace

awaitable<std::vector<endpoint>> resolve(std::string host, unsigned short port)
{
    loop_core& core = loop_core::of(co_await asio::this_coro::executor);
    if (network_backend* simulation = network_service::of(core).backend())
        co_return co_await simulation->resolve(std::move(host), port);
    std::vector<endpoint> result;
    if (host.empty()) {
        result.emplace_back(tcp::endpoint(tcp::v4(), port));
        result.emplace_back(tcp::endpoint(tcp::v6(), port));
        co_return result;
    }
    error_code not_numeric;
    const auto address = asio::ip::make_address(host, not_numeric);
    if (!not_numeric) {
        result.emplace_back(tcp::endpoint(address, port));
        co_return result;
    }
    const std::vector<endpoint> found = co_await look_up_addresses(std::move(host));
    for (const endpoint& e : found) {
        const endpoint complete = with_port(e, port);
        if (std::find(result.begin(), result.end(), complete) == result.end())
            result.push_back(complete);
    }
    co_return result;
}

} // namespace rill::RILL_FORM::net_detail
