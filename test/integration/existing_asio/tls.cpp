// SPDX-License-Identifier: BSL-1.0
#include "tls.hpp"

#include <rill/stream_reader.hpp>
#include <rill/task_group.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <string>
#include <vector>

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

using tls_stream = ssl::stream<tcp::socket>;

/// A key and a certificate of its own, made on the spot.
void give_identity(ssl::context& context)
{
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context.native_handle(), certificate);
    SSL_CTX_use_PrivateKey(context.native_handle(), key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

awaitable<void> send_lines(tls_stream& stream)
{
    co_await stream.async_handshake(ssl::stream_base::server, use_awaitable);
    const std::string head = "first line\nsecond ";
    const std::string rest = "line\n";
    co_await asio::async_write(stream, asio::buffer(head), use_awaitable);
    co_await asio::async_write(stream, asio::buffer(rest), use_awaitable);
    boost::system::error_code ec; // the peer may be gone by now
    co_await stream.async_shutdown(asio::redirect_error(use_awaitable, ec));
}

awaitable<std::vector<std::string>> read_lines(tls_stream& stream)
{
    co_await stream.async_handshake(ssl::stream_base::client, use_awaitable);
    rill::basic_stream_reader<tls_stream> reader(stream);
    std::vector<std::string> lines;
    for (int i = 0; i < 2; ++i)
        lines.push_back(co_await reader.read_line());
    boost::system::error_code ec;
    co_await stream.async_shutdown(asio::redirect_error(use_awaitable, ec));
    co_return lines;
}

} // namespace

awaitable<bool> lines_over_tls()
{
    ssl::context server_side(ssl::context::tls_server);
    ssl::context client_side(ssl::context::tls_client);
    give_identity(server_side);
    const auto executor = co_await asio::this_coro::executor;
    tcp::acceptor acceptor(executor, {asio::ip::address_v4::loopback(), 0});
    tls_stream client(executor, client_side);
    co_await client.next_layer().async_connect(acceptor.local_endpoint(), use_awaitable);
    tls_stream server(co_await acceptor.async_accept(use_awaitable), server_side);
    const auto lines = co_await rill::with_task_group(
        [&](rill::task_group& group) -> awaitable<std::vector<std::string>> {
            group.create_task(send_lines(server));
            co_return co_await read_lines(client);
        }
    );
    co_return lines == std::vector<std::string>{"first line\n", "second line\n"};
}
