// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>

namespace test {

/// The status of a response, 0 if there was none.
inline int status(const std::string& response)
{
    return response.starts_with("HTTP/1.1 ") ? std::stoi(response.substr(9, 3)) : 0;
}

inline std::string body(const std::string& response)
{
    const auto end = response.find("\r\n\r\n");
    return end == std::string::npos ? std::string() : response.substr(end + 4);
}

/// Whether the connection ends with this response.
inline bool says_close(const std::string& response)
{
    return response.find("\r\nConnection: close\r\n") != std::string::npos;
}

/// What the head says; 0 if it says nothing.
inline std::size_t content_length(const std::string& head)
{
    const std::string name = "Content-Length: ";
    const auto at = head.find(name);
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + name.size()));
}

inline std::string without_date(std::string response)
{
    const auto at = response.find("Date: ");
    if (at != std::string::npos)
        response.erase(at, response.find("\r\n", at) + 2 - at);
    return response;
}

} // namespace test
