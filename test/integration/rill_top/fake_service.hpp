// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace test {

/// A runtime directory of its own, as XDG_RUNTIME_DIR.
class session {
public:
    session()
    {
        std::string name = (std::filesystem::temp_directory_path() / "rill-top-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()));
        path_ = name;
        std::filesystem::create_directory(path_ / "rill");
    }

    ~session() { std::filesystem::remove_all(path_); }

    session(const session&) = delete;
    session& operator=(const session&) = delete;

    std::string variable() const { return "XDG_RUNTIME_DIR=" + path_.string(); }

    std::string socket(const std::string& pid) const { return path_ / "rill" / (pid + ".sock"); }

private:
    std::filesystem::path path_;
};

/// Answers commands at a unix socket with what it was told to say, on a thread of its own. Knows
/// nothing of Rill, so that rill-top is not tested against itself.
class fake_service {
public:
    using answers = std::map<std::string, std::string>; // to each command; "" is silence

    /// Ends an answer after which the connection is closed.
    static constexpr const char* hang_up = "(hangs up)";

    fake_service(std::string path, answers what)
        : path_(std::move(path))
        , answers_(std::move(what))
        , listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        REQUIRE(path_.size() < sizeof address.sun_path);
        path_.copy(address.sun_path, path_.size());
        REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(listener_, 16) == 0);
        REQUIRE(::pipe2(stop_.data(), O_CLOEXEC) == 0);
        thread_ = std::thread([this] { serve(); });
    }

    /// As a process that ends: connections are cut, and its socket is removed.
    ~fake_service()
    {
        ::close(stop_[1]);
        thread_.join();
        for (const client& c : clients_)
            ::close(c.socket);
        ::close(stop_[0]);
        ::close(listener_);
        ::unlink(path_.c_str());
    }

    fake_service(const fake_service&) = delete;
    fake_service& operator=(const fake_service&) = delete;

    /// From now on.
    void says(answers what)
    {
        const std::lock_guard lock(mutex_);
        answers_ = std::move(what);
    }

private:
    struct client {
        int socket;
        std::string received;
    };

    void serve()
    {
        for (;;) {
            std::vector<pollfd> watched{{stop_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
            for (const client& c : clients_)
                watched.push_back({c.socket, POLLIN, 0});
            ::poll(watched.data(), watched.size(), -1);
            if (watched[0].revents)
                return;
            std::vector<client> still_there;
            for (std::size_t i = 0; i < clients_.size(); ++i)
                if (!watched[i + 2].revents || answer(clients_[i]))
                    still_there.push_back(std::move(clients_[i]));
                else
                    ::close(clients_[i].socket);
            clients_ = std::move(still_there);
            if (watched[1].revents)
                clients_.push_back({::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), ""});
        }
    }

    bool answer(client& c)
    {
        std::array<char, 4096> bytes;
        const auto n = ::recv(c.socket, bytes.data(), bytes.size(), 0);
        if (n <= 0)
            return false;
        c.received.append(bytes.data(), static_cast<std::size_t>(n));
        for (auto end = c.received.find('\n'); end != std::string::npos;
             end = c.received.find('\n')) {
            std::string text = answer_to(c.received.substr(0, end));
            c.received.erase(0, end + 1);
            const bool last = text.ends_with(hang_up);
            if (last)
                text.resize(text.size() - std::string(hang_up).size());
            for (std::size_t sent = 0; sent < text.size();) {
                const auto more =
                    ::send(c.socket, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
                if (more <= 0)
                    return false;
                sent += static_cast<std::size_t>(more);
            }
            if (last)
                return false;
        }
        return true;
    }

    std::string answer_to(const std::string& line)
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [command, text] : answers_)
            if (line == "{\"command\":\"" + command + "\"}")
                return text;
        return "{\"error\":\"no such command\"}\n";
    }

    std::string path_;
    std::mutex mutex_;
    answers answers_;
    int listener_;
    std::array<int, 2> stop_{};
    std::vector<client> clients_;
    std::thread thread_;
};

/// Lines and the end that follows them.
inline std::string answer(const std::vector<std::string>& lines)
{
    std::string text;
    for (const std::string& line : lines)
        text += line + "\n";
    return text + "{\"end\":{\"count\":" + std::to_string(lines.size()) + "}}\n";
}

inline std::string info(const std::string& program, const std::string& pid)
{
    return answer(
        {R"({"info":{"protocol":1,"program":")" + program + R"(","pid":)" + pid +
         R"(,"rill":"0.1.0","debug":false,"uptime_ms":12345}})"}
    );
}

/// A service with two loops and tasks in both: some wait for each other, one has lost its parent.
inline fake_service::answers sample(const std::string& pid)
{
    return {
        {"info", info("hello", pid)},
        {"loops",
         answer(
             {R"({"loop":{"name":"worker-0","answers":true,"tasks":4,"turns":100,"steps":500,)"
              R"("ready":0,"timers":4,"io":77,"busy_ms":1234,"uptime_ms":99999,)"
              R"("lag_us":{"p50":10,"p99":200,"max":3000},"lag_histogram":[],"slowest":[]}})",
              R"({"loop":{"name":"worker-1","answers":false,"silent_ms":1500}})"}
         )},
        {"tasks",
         answer(
             {R"({"task":{"loop":"worker-0","id":7,"name":"session-3","parent":3,)"
              R"("state":"waiting","waits_for":"an item of queue 'jobs'","where":"orders.cpp:33",)"
              R"("since_ms":1200,"deadline_ms":300,"steps":44,)"
              R"("stack":[{"function":"orders::take","where":"orders.cpp:33"}],)"
              R"("holds":["mutex 'cache'"],"context":{"request_id":"abc"},"awaited_by":[3]}})",
              R"({"task":{"loop":"worker-0","id":3,"name":"main","state":"waiting",)"
              R"("waits_for":"a signal","where":"main.cpp:40","since_ms":12300,"steps":5}})",
              R"({"task":{"loop":"worker-0","id":8,"name":"ping","state":"waiting","awaited_by":[9]}})",
              R"({"task":{"loop":"worker-0","id":9,"name":"pong","state":"waiting","awaited_by":[8]}})",
              R"({"task":{"loop":"worker-1","id":1,"parent":99,"state":"new"}})"}
         )},
    };
}

} // namespace test
