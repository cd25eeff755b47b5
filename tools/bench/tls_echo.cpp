// SPDX-License-Identifier: BSL-1.0
//
// tls_echo PORT CERTIFICATE KEY: sends back what comes over TLS, with the least code that does it.
// What the service echo is measured beside; see the script tls.

#include "raw_tls.hpp"

#include <csignal>

namespace {

class session {
public:
    session(int fd, SSL_CTX* context)
        : connection_(fd, context)
    {
        SSL_set_accept_state(connection_.tls());
    }

    const raw::connection& connection() const noexcept { return connection_; }

    /// False at the end.
    bool go_on()
    {
        for (;;) {
            if (held_ == sent_) {
                const int n =
                    connection_.result_of(SSL_read(connection_.tls(), bytes_, sizeof bytes_));
                if (n <= 0)
                    return n == 0;
                held_ = n;
                sent_ = 0;
            }
            const int n =
                connection_.result_of(SSL_write(connection_.tls(), bytes_ + sent_, held_ - sent_));
            if (n <= 0)
                return n == 0;
            sent_ += n;
        }
    }

private:
    raw::connection connection_;
    char bytes_[16 * 1024];
    int held_ = 0;
    int sent_ = 0;
};

} // namespace

int main(int argc, char** argv)
{
    if (argc != 4) {
        std::fprintf(stderr, "tls_echo PORT CERTIFICATE KEY\n");
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, argv[2]) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, argv[3], SSL_FILETYPE_PEM) != 1)
        raw::fail(argv[2]);
    const int listener = raw::require(socket(AF_INET, SOCK_STREAM, 0), "socket");
    const int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const sockaddr_in at = raw::local(std::atoi(argv[1]));
    raw::require(bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at), "bind");
    raw::require(listen(listener, 1024), "listen");
    raw::set_non_blocking(listener);
    const raw::poller poller;
    poller.add(listener, nullptr);
    for (;;) {
        poller.wait([&](void* what) {
            auto* s = static_cast<session*>(what);
            if (!s) {
                const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
                if (fd < 0)
                    return;
                raw::set_no_delay(fd);
                s = new session(fd, context);
                poller.add(fd, s);
            } else if (!s->go_on()) {
                delete s;
            }
        });
    }
}
