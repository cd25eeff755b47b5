// SPDX-License-Identifier: BSL-1.0
#include "look_up_threads.hpp"

#include "sockets.hpp"

#include <rill/detail/stream_traits.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <netdb.h>
#include <sys/socket.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

namespace rill::RILL_FORM::net_detail {

namespace {

/// As Asio's own resolver reports it, so that it can be compared and has a text.
error_code error_of(int result)
{
    switch (result) {
    case 0: return {};
    case EAI_AGAIN: return asio::error::host_not_found_try_again;
    case EAI_FAIL: return asio::error::no_recovery;
    case EAI_MEMORY: return asio::error::no_memory;
    case EAI_SYSTEM: return last_error();
    default: // of a name alone
        return asio::error::host_not_found;
    }
}

void ask_for_addresses(look_up_job& work)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    work.error = error_of(::getaddrinfo(work.host.c_str(), nullptr, &hints, &found));
    const std::unique_ptr<addrinfo, decltype([](addrinfo* a) { ::freeaddrinfo(a); })> all(found);
    for (const addrinfo* a = found; a; a = a->ai_next)
        work.addresses.push_back(address_of(endpoint(a->ai_addr, a->ai_addrlen)));
}

void ask_for_name(look_up_job& work)
{
    const endpoint at = asio::ip::tcp::endpoint(*work.address, 0);
    char name[NI_MAXHOST];
    const auto size = static_cast<socklen_t>(at.size());
    work.error =
        error_of(::getnameinfo(at.data(), size, name, sizeof name, nullptr, 0, NI_NAMEREQD));
    if (!work.error)
        work.name = name;
}

void ask_the_system(look_up_job& work) noexcept
{
    try {
        if (work.address)
            ask_for_name(work);
        else
            ask_for_addresses(work);
    } catch (const std::bad_alloc&) {
        work.error = asio::error::no_memory;
    }
}

} // namespace

/// What the threads share; each keeps it.
struct look_up_threads::state {
    const std::function<void(look_up_job&)> ask;
    const std::size_t most_threads;
    const std::size_t most_waiting;

    std::mutex mutex;
    std::condition_variable arrived;
    std::list<std::shared_ptr<look_up_job>> waiting;
    std::size_t threads = 0;
    std::size_t idle = 0; // of them; one that was notified is idle until it has taken something
    bool over = false;    // nothing is begun any more
};

look_up_threads::look_up_threads(
    std::function<void(look_up_job&)> ask, std::size_t most_threads, std::size_t most_waiting
)
    : state_(new state{std::move(ask), most_threads, most_waiting, {}, {}, {}})
{}

look_up_threads::~look_up_threads()
{
    const std::lock_guard lock(state_->mutex);
    state_->over = true;
    state_->arrived.notify_all();
}

look_up_threads& look_up_threads::instance()
{
    static auto* const all = new look_up_threads(&ask_the_system, 4, 4096); // reachable to the end
    return *all;
}

std::size_t look_up_threads::most_waiting() const noexcept
{
    return state_->most_waiting;
}

error_code look_up_threads::add(std::shared_ptr<look_up_job> work)
{
    state& s = *state_;
    const std::lock_guard lock(s.mutex);
    if (s.waiting.size() >= s.most_waiting)
        return asio::error::try_again;
    look_up_job& added = *work;
    added.place_ = s.waiting.insert(s.waiting.end(), std::move(work));
    added.waits_ = true;
    error_code ec;
    if (s.waiting.size() > s.idle && s.threads < s.most_threads)
        ec = start_thread();
    else
        s.arrived.notify_one();
    if (!ec || s.threads > 0)
        return {};
    added.waits_ = false;
    s.waiting.erase(added.place_);
    return ec;
}

error_code look_up_threads::start_thread()
{
    try {
        std::thread(&look_up_threads::run, state_).detach();
        ++state_->threads;
        return {};
    } catch (const std::system_error& error) {
        return {error.code().value(), asio::error::get_system_category()};
    }
}

void look_up_threads::drop(look_up_job& work) noexcept
{
    const std::lock_guard lock(state_->mutex);
    if (std::exchange(work.waits_, false))
        state_->waiting.erase(work.place_);
}

void look_up_threads::run(std::shared_ptr<state> s) noexcept
{
    while (const std::shared_ptr<look_up_job> work = next(*s)) {
        s->ask(*work);
        work->done(work);
    }
}

/// Null once it is over.
std::shared_ptr<look_up_job> look_up_threads::next(state& s)
{
    std::unique_lock lock(s.mutex);
    ++s.idle;
    s.arrived.wait(lock, [&s] { return !s.waiting.empty() || s.over; });
    --s.idle;
    if (s.over)
        return nullptr;
    auto work = std::move(s.waiting.front());
    s.waiting.pop_front();
    work->waits_ = false;
    return work;
}

} // namespace rill::RILL_FORM::net_detail
