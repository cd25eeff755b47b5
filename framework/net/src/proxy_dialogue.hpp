// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/proxy.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace rill::RILL_FORM::net_detail {

/// What is said to a proxy until its connection leads to somewhere else, without I/O.
class proxy_dialogue {
public:
    virtual ~proxy_dialogue() = default;

    /// What is to be sent to the proxy now.
    std::string take_output() noexcept { return std::exchange(output_, {}); }

    /// Looks at what has come, in whatever pieces. How many bytes of it were the proxy's: all of
    /// them until it is over, and then what follows is from the other end.
    /// system_error that says what the proxy answered, if it refuses or does not make sense.
    virtual std::size_t receive(std::string_view data) = 0;

    bool over() const noexcept { return over_; }

protected:
    std::string output_;
    bool over_ = false;
};

/// Has the proxy connect to `host`, an address or a name that can be one.
std::unique_ptr<proxy_dialogue> ask(const proxy& via, const std::string& host, unsigned short port);

} // namespace rill::RILL_FORM::net_detail
