// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <openssl/ssl.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace rill::RILL_FORM::net_detail {

struct free_session {
    void operator()(SSL_SESSION* s) const noexcept { SSL_SESSION_free(s); }
};

using session_ptr = std::unique_ptr<SSL_SESSION, free_session>;

/// The sessions that a client can resume, the newest of each peer first. Each is used once, as RFC
/// 8446 section C.4 wants it, so that nobody can tell that two connections are the same client's.
class tls_sessions {
public:
    void put(const std::string& peer, session_ptr session)
    {
        const std::lock_guard lock(mutex_);
        sessions_.emplace_front(peer, std::move(session));
        if (sessions_.size() > most)
            sessions_.pop_back();
    }

    /// Null if there is none.
    session_ptr take(const std::string& peer)
    {
        const std::lock_guard lock(mutex_);
        for (auto s = sessions_.begin(); s != sessions_.end(); ++s) {
            if (s->first != peer)
                continue;
            session_ptr found = std::move(s->second);
            sessions_.erase(s);
            return found;
        }
        return nullptr;
    }

private:
    static constexpr std::size_t most = 256; // a few KiB each

    std::mutex mutex_;
    std::deque<std::pair<std::string, session_ptr>> sessions_;
};

} // namespace rill::RILL_FORM::net_detail
