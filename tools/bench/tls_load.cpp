// SPDX-License-Identifier: BSL-1.0
//
// tls_load PORT PID CONNECTIONS BYTES SECONDS: sends messages to a TLS echo, the next one on each
// connection when the last has come back. With 0 bytes it makes one connection after another. Prints
// {"rate":per_second,"cpu_us":of_the_process_PID_per_message}.

#include "raw_tls.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

/// Microseconds of CPU that the process has used.
double cpu_of(const std::string& pid)
{
    std::FILE* f = std::fopen(("/proc/" + pid + "/stat").c_str(), "r");
    unsigned long user = 0;
    unsigned long system = 0;
    const char* format =
        "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu"; // proc_pid_stat(5)
    if (!f || std::fscanf(f, format, &user, &system) != 2)
        raw::fail("the server's process");
    std::fclose(f);
    return static_cast<double>(user + system) * 1e6 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::unique_ptr<raw::connection> connect_to(int port, SSL_CTX* context)
{
    const int fd = raw::require(socket(AF_INET, SOCK_STREAM, 0), "socket");
    const sockaddr_in at = raw::local(port);
    raw::require(connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), "connect");
    raw::set_no_delay(fd);
    auto made = std::make_unique<raw::connection>(fd, context);
    if (SSL_connect(made->tls()) != 1)
        raw::fail("handshake");
    return made;
}

class talk {
public:
    talk(int port, SSL_CTX* context, std::size_t bytes)
        : connection_(connect_to(port, context))
        , message_(bytes, 'x')
        , room_(bytes, ' ')
    {
        send();
        raw::set_non_blocking(connection_->fd());
    }

    int fd() const { return connection_->fd(); }

    /// How many answers have come whole.
    int go_on()
    {
        int whole = 0;
        for (;;) {
            const int n = connection_->result_of(
                SSL_read(connection_->tls(), room_.data(), static_cast<int>(room_.size()))
            );
            if (n < 0)
                raw::fail("the server has ended");
            if (n == 0)
                return whole;
            came_ += static_cast<std::size_t>(n);
            if (came_ < message_.size())
                continue;
            came_ = 0;
            ++whole;
            send();
        }
    }

private:
    void send()
    {
        for (std::size_t sent = 0; sent < message_.size();) {
            const int n = connection_->result_of(SSL_write(
                connection_->tls(), message_.data() + sent, static_cast<int>(message_.size() - sent)
            ));
            if (n < 0)
                raw::fail("the server has ended");
            sent += static_cast<std::size_t>(n);
        }
    }

    std::unique_ptr<raw::connection> connection_;
    std::string message_;
    std::string room_;
    std::size_t came_ = 0;
};

} // namespace

int main(int argc, char** argv)
{
    if (argc != 6) {
        std::fprintf(stderr, "tls_load PORT PID CONNECTIONS BYTES SECONDS\n");
        return 2;
    }
    const int port = std::atoi(argv[1]);
    const auto bytes = static_cast<std::size_t>(std::atoll(argv[4]));
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    std::vector<std::unique_ptr<talk>> talks;
    const raw::poller poller;
    for (int i = 0; bytes > 0 && i < std::atoi(argv[3]); ++i) {
        talks.push_back(std::make_unique<talk>(port, context, bytes));
        poller.add(talks.back()->fd(), talks.back().get());
    }
    const auto start = clock_type::now();
    const auto end = start + std::chrono::duration<double>(std::atof(argv[5]));
    const double cpu = cpu_of(argv[2]);
    double done = 0;
    while (clock_type::now() < end) {
        if (bytes == 0) {
            SSL_shutdown(connect_to(port, context)->tls());
            ++done;
        } else {
            poller.wait([&](void* what) { done += static_cast<talk*>(what)->go_on(); });
        }
    }
    const std::chrono::duration<double> took = clock_type::now() - start;
    const double rate = done / took.count();
    std::printf("{\"rate\":%.0f,\"cpu_us\":%.3f}\n", rate, (cpu_of(argv[2]) - cpu) / done);
}
