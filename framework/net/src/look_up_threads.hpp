// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rill::RILL_FORM::net_detail {

/// What is asked of the system, and its answer.
struct look_up_job {
    /// Of the addresses of a host.
    explicit look_up_job(std::string h)
        : host(std::move(h))
    {}

    /// Of the name of the host that has it.
    explicit look_up_job(const asio::ip::address& a)
        : host(a.to_string())
        , address(a)
    {}

    look_up_job(const look_up_job&) = delete;
    look_up_job& operator=(const look_up_job&) = delete;
    virtual ~look_up_job() = default;

    /// On the thread that has done it; `self` keeps it.
    virtual void done(std::shared_ptr<look_up_job> self) noexcept = 0;

    const std::string host;
    const std::optional<asio::ip::address> address;

    // Written by the thread, read once it is done
    std::vector<asio::ip::address> addresses;
    std::string name;
    error_code error;

private:
    friend class look_up_threads;

    bool waits_ = false; // both are the threads'
    std::list<std::shared_ptr<look_up_job>>::iterator place_;
};

/// The threads that call getaddrinfo and getnameinfo, as many as have something to do, up to a few.
///
/// One that is inside such a call cannot be interrupted, and nobody should have to wait for it: the
/// threads go on when this object has gone, or the program ends, each until it has done what it is
/// at.
/// Thread safety: may be shared.
class look_up_threads {
public:
    /// `ask` fills in addresses, name or error; it may block, and does not throw.
    look_up_threads(
        std::function<void(look_up_job&)> ask, std::size_t most_threads, std::size_t most_waiting
    );
    ~look_up_threads();

    look_up_threads(const look_up_threads&) = delete;
    look_up_threads& operator=(const look_up_threads&) = delete;

    /// Those that ask the system; never destroyed.
    static look_up_threads& instance();

    /// try_again if as many as may be wait already; another error if there is no thread to be had.
    error_code add(std::shared_ptr<look_up_job> work);

    /// Is not begun any more.
    void drop(look_up_job& work) noexcept;

    std::size_t most_waiting() const noexcept;

private:
    struct state;

    static void run(std::shared_ptr<state> s) noexcept;
    static std::shared_ptr<look_up_job> next(state& s);

    error_code start_thread();

    const std::shared_ptr<state> state_;
};

} // namespace rill::RILL_FORM::net_detail
