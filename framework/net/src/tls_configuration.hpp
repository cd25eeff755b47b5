// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "tls_sessions.hpp"

#include <rill/clock.hpp>
#include <rill/detail/form.hpp>
#include <rill/tls_context.hpp>

#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rill::RILL_FORM::net_detail {

/// The settings of a tls_context, as they were made.
struct tls_settings {
    bool server = false;
    bool verify = true;
    bool resume = true;
    bool tolerate_truncation = false;
    tls_version min_version = tls_version::v1_2;
    std::string certificate; // paths; empty: none
    std::string key;
    std::string trust; // empty: the system's store
    std::string client_ca;
    std::vector<std::string> alpn;
    std::vector<std::pair<std::string, tls_context>> names;
    duration handshake_timeout = std::chrono::seconds(10);
    duration shutdown_timeout = std::chrono::seconds(30);
};

/// What is made of them, for many connections. It does not change.
class tls_configuration {
public:
    /// tls_error if that cannot be. `before`: whose session tickets are still to be understood.
    tls_configuration(
        const tls_settings& settings,
        std::shared_ptr<tls_sessions> sessions,
        const tls_configuration* before
    );

    /// Of a context that exists.
    tls_configuration(
        SSL_CTX& existing, const tls_settings& settings, std::shared_ptr<tls_sessions> sessions
    );

    tls_configuration(const tls_configuration&) = delete;
    tls_configuration& operator=(const tls_configuration&) = delete;

    SSL_CTX* native() const noexcept { return native_.get(); }

    const tls_settings& settings() const noexcept { return settings_; }

    /// Null: none are resumed.
    tls_sessions* sessions() const noexcept { return sessions_.get(); }

private:
    struct free_context {
        void operator()(SSL_CTX* c) const noexcept { SSL_CTX_free(c); }
    };

    void set_versions();
    void use_certificate();
    void set_trust();
    void ask_for_client_certificates();
    void set_alpn();
    void set_names();
    void set_resumption(const tls_configuration* before);

    const tls_configuration* for_name(std::string_view name) const noexcept;

    static int choose_certificate(SSL* connection, int* alert, void* self) noexcept;
    static int choose_protocol(
        SSL* connection,
        const unsigned char** chosen,
        unsigned char* size,
        const unsigned char* offer,
        unsigned offer_size,
        void* self
    ) noexcept;

    tls_settings settings_;
    std::unique_ptr<SSL_CTX, free_context> native_;
    std::string protocols_; // as on the wire
    std::vector<std::pair<std::string, std::shared_ptr<const tls_configuration>>> names_;
    std::shared_ptr<tls_sessions> sessions_;
};

} // namespace rill::RILL_FORM::net_detail
