// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "tls_configuration.hpp"

#include <rill/detail/form.hpp>
#include <rill/error.hpp>

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <memory>
#include <span>
#include <string>

namespace rill::RILL_FORM::net_detail {

/// Where an engine's records come from and go to.
class tls_wire {
public:
    /// Gives what is there; `would_block` if that is nothing, `eof` at the end.
    virtual std::size_t read_records(std::span<char> room, error_code& ec) noexcept = 0;

    /// Whether it has anything to give, or to say.
    virtual bool has_records() const noexcept = 0;

    /// Takes all or nothing: `would_block` while too much waits to be sent.
    virtual bool write_records(std::span<const char> data, error_code& ec) noexcept = 0;

protected:
    ~tls_wire() = default;
};

/// The TLS of one connection, without I/O of its own: OpenSSL between the bytes of the program and
/// the records on a wire. Each call goes as far as it gets without a wait.
class tls_engine {
public:
    /// Has the sessions of a client's context kept by its configuration.
    static void keep_sessions(SSL_CTX* of) noexcept;

    /// `name`: of a client, whose certificate is expected, a DNS name or an address; empty: any.
    /// `now`: what certificates are judged by.
    tls_engine(
        std::shared_ptr<const tls_configuration> configuration,
        std::string name,
        tls_wire& wire,
        std::chrono::system_clock::time_point now
    );

    tls_engine(const tls_engine&) = delete;
    tls_engine& operator=(const tls_engine&) = delete;

    const tls_configuration& configuration() const noexcept { return *configuration_; }

    SSL* native() const noexcept { return connection_.get(); }

    bool established() const noexcept { return established_; }

    /// `would_block` until it is done.
    void handshake(error_code& ec) noexcept;

    /// What of a failed handshake the code does not say: the reason, the name and the certificate.
    const std::string& failure() const noexcept { return failure_; }

    /// As many bytes as there are and `room` takes. `eof` after the peer's close_notify.
    std::size_t read(std::span<char> room, error_code& ec) noexcept;

    /// Whether read() has something to say.
    bool readable() noexcept;

    /// Makes records of some of `data`, whose first bytes it takes then.
    std::size_t write(std::span<const char> data, error_code& ec) noexcept;

    /// Whether the end of what is written can be told alone: in TLS 1.3 (RFC 8446 section 6.1). Older
    /// peers answer it at once, and drop what they had to say.
    bool can_half_close() const noexcept;

    /// Sends the close_notify. Nothing can be written any more.
    void end_writing(error_code& ec) noexcept;

    /// The same; done when the peer's has come, and `would_block` until then. What
    /// comes before it is dropped.
    void farewell(error_code& ec) noexcept;

private:
    struct free_connection {
        void operator()(SSL* s) const noexcept { SSL_free(s); }
    };

    void expect_name();
    void resume_session(std::time_t now);

    bool nothing_to_read() const noexcept;

    /// What OpenSSL's last call, which gave `result`, has failed with.
    error_code failure_of(int result) noexcept;
    error_code protocol_failure() noexcept;
    void note_refusal(X509_STORE_CTX* store);

    static int read_wire(BIO* bio, char* to, int size) noexcept;
    static int write_wire(BIO* bio, const char* from, int size) noexcept;
    static long control_wire(BIO* bio, int what, long, void*) noexcept;
    static const BIO_METHOD* wire_method();

    static int judge(int good, X509_STORE_CTX* store) noexcept;
    static int keep_session(SSL* connection, SSL_SESSION* session) noexcept;
    static tls_engine* of(const SSL* connection) noexcept;
    static int index_of_engine() noexcept;

    std::shared_ptr<const tls_configuration> configuration_;
    std::string name_;
    tls_wire& wire_;
    std::unique_ptr<SSL, free_connection> connection_;
    error_code wire_error_; // what the wire has failed with
    error_code error_;      // what the engine has failed with: it goes on being so
    std::string failure_;   // in words
    std::string refusal_;   // why a certificate was refused
    bool wire_ended_ = false;
    bool established_ = false;
    bool said_farewell_ = false;
};

} // namespace rill::RILL_FORM::net_detail
