// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/clock.hpp>

#include <boost/asio/ip/address.hpp>

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rill::RILL_FORM::net_detail {

using hosts_table = std::unordered_map<std::string, std::vector<boost::asio::ip::address>>;

/// What a file in the manner of hosts(5) says: the addresses of each name, in lower case, in the
/// order of the lines. Lines that make no sense are passed over, as the system does.
hosts_table parse_hosts(std::string_view text);

/// A hosts file, which is read when somebody asks, and again when it has changed.
class hosts_file {
public:
    /// Empty: there is none.
    explicit hosts_file(std::string path);

    /// Empty if the file does not know `name`, which is in lower case. "localhost", and what ends with ".localhost",
    /// it always knows (RFC 6761 6.3).
    std::vector<boost::asio::ip::address> find(const std::string& name, time_point now);

private:
    void refresh();

    const std::string path_;
    hosts_table table_;
    time_point look_again_; // whether it has changed
    struct stat seen_{};
};

} // namespace rill::RILL_FORM::net_detail
