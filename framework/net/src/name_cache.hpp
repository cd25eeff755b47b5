// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <exception>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rill::RILL_FORM::net_detail {

/// What is kept of look-ups, each for its time.
class name_cache {
public:
    struct entry {
        std::vector<boost::asio::ip::address> addresses;
        std::exception_ptr error; // why there are none
    };

    /// Keeps the latest `most` names.
    explicit name_cache(std::size_t most) noexcept;

    /// Null if there is none that is still good.
    const entry* find(std::string_view name, time_point now);

    void put(std::string name, entry what, time_point until);
    void forget(std::string_view name);

private:
    struct kept {
        std::string name;
        entry what;
        time_point until;
    };

    const std::size_t most_;
    std::list<kept> kept_;                                                   // the oldest first
    std::unordered_map<std::string_view, std::list<kept>::iterator> places_; // keys are in kept_
};

} // namespace rill::RILL_FORM::net_detail
