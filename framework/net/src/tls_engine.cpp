// SPDX-License-Identifier: BSL-1.0
#include "tls_engine.hpp"

#include "tls_certificate.hpp"

#include <rill/tls_error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <new>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace asio = boost::asio;

namespace {

bool is_address(const std::string& name)
{
    error_code ec;
    asio::ip::make_address(name, ec);
    return !ec;
}

/// SSL_get_error() goes by what the thread's list of errors holds. To look costs a tenth of clearing.
void forget_errors() noexcept
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

} // namespace

tls_engine::tls_engine(
    std::shared_ptr<const tls_configuration> configuration,
    std::string name,
    tls_wire& wire,
    std::chrono::system_clock::time_point now
)
    : configuration_(std::move(configuration))
    , name_(std::move(name))
    , wire_(wire)
    , connection_(SSL_new(configuration_->native()))
{
    BIO* const bio = connection_ ? BIO_new(wire_method()) : nullptr;
    if (!bio)
        throw std::bad_alloc();
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(native(), bio, bio);
    SSL_set_ex_data(native(), index_of_engine(), this);
    X509_VERIFY_PARAM_set_time(SSL_get0_param(native()), std::chrono::system_clock::to_time_t(now));
    if (!SSL_get_verify_callback(native())) // a context of the program's may have its own
        SSL_set_verify(native(), SSL_get_verify_mode(native()), &judge);
    if (configuration_->settings().server) {
        SSL_set_accept_state(native());
    } else {
        SSL_set_connect_state(native());
        expect_name();
        resume_session(std::chrono::system_clock::to_time_t(now));
    }
}

void tls_engine::expect_name()
{
    if (name_.empty())
        return;
    if (is_address(name_)) { // no name that could be asked for: RFC 6066 section 3
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(native()), name_.c_str());
        return;
    }
    SSL_set_hostflags(native(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set_tlsext_host_name(native(), name_.c_str()) != 1 ||
        SSL_set1_host(native(), name_.c_str()) != 1)
        throw std::bad_alloc();
}

/// Certificates are not verified again then: the session must not outlive the peer's.
void tls_engine::resume_session(std::time_t now)
{
    tls_sessions* const sessions = configuration_->sessions();
    if (!sessions || !configuration_->settings().resume)
        return;
    const session_ptr session = sessions->take(name_);
    const X509* certificate = session ? SSL_SESSION_get0_peer(session.get()) : nullptr;
    if (certificate && X509_cmp_time(X509_get0_notAfter(certificate), &now) > 0)
        SSL_set_session(native(), session.get());
}

void tls_engine::handshake(error_code& ec) noexcept
{
    ec = error_;
    if (ec || established_)
        return;
    forget_errors();
    const int result = SSL_do_handshake(native());
    if (result == 1) {
        established_ = true;
        return;
    }
    ec = failure_of(result);
    if (ec == tls_errc::truncated || ec == asio::error::eof)
        ec = error_ = asio::error::connection_reset;
}

std::size_t tls_engine::read(std::span<char> room, error_code& ec) noexcept
{
    std::size_t all = 0;
    ec = error_;
    while (!ec && all < room.size()) {
        if (nothing_to_read()) {
            ec = asio::error::would_block;
            break;
        }
        forget_errors();
        std::size_t n = 0;
        const int result = SSL_read_ex(native(), room.data() + all, room.size() - all, &n);
        if (result != 1)
            ec = failure_of(result);
        all += n;
    }
    if (all > 0)
        ec = {}; // the next call meets it again
    return all;
}

bool tls_engine::readable() noexcept
{
    if (error_)
        return true;
    if (nothing_to_read())
        return false;
    forget_errors();
    char first = 0;
    std::size_t n = 0;
    const int result = SSL_peek_ex(native(), &first, 1, &n);
    return result == 1 || failure_of(result) != asio::error::would_block;
}

/// To let OpenSSL find that out costs as much as reading a message.
bool tls_engine::nothing_to_read() const noexcept
{
    return established_ && !wire_.has_records() && SSL_has_pending(native()) == 0 &&
           SSL_want(native()) != SSL_WRITING &&
           (SSL_get_shutdown(native()) & SSL_RECEIVED_SHUTDOWN) == 0;
}

std::size_t tls_engine::write(std::span<const char> data, error_code& ec) noexcept
{
    ec = error_;
    if (ec || data.empty())
        return 0;
    if (said_farewell_) {
        ec = asio::error::broken_pipe;
        return 0;
    }
    forget_errors();
    std::size_t n = 0;
    const int result = SSL_write_ex(native(), data.data(), data.size(), &n);
    if (result != 1)
        ec = failure_of(result);
    return n;
}

void tls_engine::end_writing(error_code& ec) noexcept
{
    ec = {};
    if (!established_ || error_ || said_farewell_)
        return; // nobody is there to be told, or he knows
    forget_errors();
    const int result = SSL_shutdown(native());
    if (result < 0 && (ec = failure_of(result)))
        return;
    said_farewell_ = true;
}

bool tls_engine::can_half_close() const noexcept
{
    return established_ && SSL_version(native()) >= TLS1_3_VERSION;
}

void tls_engine::farewell(error_code& ec) noexcept
{
    end_writing(ec);
    if (ec || !said_farewell_)
        return;
    char dropped[4096];
    while (!ec)
        read(dropped, ec);
    if (ec != asio::error::would_block)
        ec = {}; // he has ended too, in whatever way
}

error_code tls_engine::failure_of(int result) noexcept
{
    switch (SSL_get_error(native(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return asio::error::would_block;
    case SSL_ERROR_ZERO_RETURN: return asio::error::eof;
    case SSL_ERROR_SYSCALL:
        error_ = wire_error_ ? wire_error_ : error_code(tls_errc::truncated);
        return error_;
    default: error_ = protocol_failure(); return error_;
    }
}

error_code tls_engine::protocol_failure() noexcept
{
    const unsigned long code = ERR_peek_error();
    const int reason = ERR_GET_REASON(code);
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return tls_errc::truncated;
    try {
        const char* text = ERR_reason_error_string(code);
        failure_ = text ? text : "unknown error";
        if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && !refusal_.empty())
            failure_ = refusal_;
    } catch (const std::bad_alloc&) {
        failure_.clear();
    }
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return tls_errc::certificate_refused;
    if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256)
        return tls_errc::refused_by_peer;
    switch (reason) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_UNEXPECTED_MESSAGE: return established_ ? tls_errc::broken : tls_errc::not_tls;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return tls_errc::no_agreement;
    default: return tls_errc::broken;
    }
}

void tls_engine::note_refusal(X509_STORE_CTX* store)
{
    const int why = X509_STORE_CTX_get_error(store);
    refusal_ = X509_verify_cert_error_string(why);
    if (why == X509_V_ERR_HOSTNAME_MISMATCH || why == X509_V_ERR_IP_ADDRESS_MISMATCH)
        refusal_ += ", it is not for " + name_;
    if (const X509* certificate = X509_STORE_CTX_get_current_cert(store))
        refusal_ += ": " + in_words(*certificate);
}

int tls_engine::judge(int good, X509_STORE_CTX* store) noexcept
{
    if (good)
        return good;
    const int index = SSL_get_ex_data_X509_STORE_CTX_idx();
    const auto* connection = static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, index));
    try {
        if (tls_engine* const self = of(connection); self && self->refusal_.empty())
            self->note_refusal(store);
    } catch (const std::bad_alloc&) { // refused without words
    }
    return good;
}

void tls_engine::keep_sessions(SSL_CTX* of) noexcept
{
    SSL_CTX_sess_set_new_cb(of, &keep_session);
}

int tls_engine::keep_session(SSL* connection, SSL_SESSION* session) noexcept
{
    const tls_engine* const self = of(connection);
    if (!self || SSL_SESSION_is_resumable(session) != 1)
        return 0;
    SSL_SESSION_up_ref(session);
    try {
        self->configuration_->sessions()->put(self->name_, session_ptr(session));
    } catch (const std::bad_alloc&) { // the next handshake is a whole one
    }
    return 0;
}

tls_engine* tls_engine::of(const SSL* connection) noexcept
{
    return static_cast<tls_engine*>(SSL_get_ex_data(connection, index_of_engine()));
}

int tls_engine::index_of_engine() noexcept
{
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

int tls_engine::read_wire(BIO* bio, char* to, int size) noexcept
{
    auto& self = *static_cast<tls_engine*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    error_code ec;
    const std::size_t n =
        self.wire_.read_records({to, static_cast<std::size_t>(std::max(size, 0))}, ec);
    if (n > 0)
        return static_cast<int>(n); // of `size`
    if (ec == asio::error::would_block) {
        BIO_set_retry_read(bio);
        return -1;
    }
    self.wire_ended_ = ec == asio::error::eof;
    if (self.wire_ended_)
        return 0;
    self.wire_error_ = ec;
    return -1;
}

int tls_engine::write_wire(BIO* bio, const char* from, int size) noexcept
{
    auto& self = *static_cast<tls_engine*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    error_code ec;
    if (self.wire_.write_records({from, static_cast<std::size_t>(std::max(size, 0))}, ec))
        return size;
    if (ec == asio::error::would_block)
        BIO_set_retry_write(bio);
    else
        self.wire_error_ = ec;
    return -1;
}

long tls_engine::control_wire(BIO* bio, int what, long, void*) noexcept
{
    if (what == BIO_CTRL_EOF)
        return static_cast<tls_engine*>(BIO_get_data(bio))->wire_ended_ ? 1 : 0;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* tls_engine::wire_method()
{
    static const BIO_METHOD* const method = [] {
        BIO_METHOD* const m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "rill wire");
        if (!m)
            throw std::bad_alloc();
        BIO_meth_set_read(m, &read_wire);
        BIO_meth_set_write(m, &write_wire);
        BIO_meth_set_ctrl(m, &control_wire);
        return m;
    }();
    return method;
}

} // namespace rill::RILL_FORM::net_detail
