// SPDX-License-Identifier: BSL-1.0
#include "tls_configuration.hpp"

#include <rill/tls_context.hpp>

#include <mutex>
#include <stdexcept>
#include <utility>

namespace rill {

using net_detail::tls_configuration;
using net_detail::tls_sessions;
using net_detail::tls_settings;

class tls_context::impl {
public:
    explicit impl(const tls_settings& settings)
        : server(settings.server)
        , current_(std::make_shared<tls_configuration>(settings, sessions_, nullptr))
    {}

    impl(SSL_CTX& existing, const tls_settings& settings)
        : server(settings.server)
        , current_(std::make_shared<tls_configuration>(existing, settings, sessions_))
        , adopted_(true)
    {}

    std::shared_ptr<const tls_configuration> current() const
    {
        const std::lock_guard lock(mutex_);
        return current_;
    }

    /// Makes a configuration of the settings that `change` has changed. On an error nothing changes.
    template <class Change>
    void rebuild(Change change)
    {
        if (adopted_)
            throw std::logic_error("rill::tls_context: it was made of a context that existed, "
                                   "which is to be changed itself");
        const auto before = current();
        tls_settings settings = before->settings();
        change(settings);
        auto next = std::make_shared<tls_configuration>(settings, sessions_, before.get());
        const std::lock_guard lock(mutex_);
        current_ = std::move(next);
    }

    const bool server;

private:
    mutable std::mutex mutex_;
    std::shared_ptr<tls_sessions> sessions_ = std::make_shared<tls_sessions>();
    std::shared_ptr<const tls_configuration> current_;
    bool adopted_ = false;
};

namespace {

void check_side(bool right, const char* what)
{
    if (!right)
        throw std::logic_error(std::string("rill::tls_context: ") + what);
}

void check_limit(duration d)
{
    if (d <= duration::zero())
        throw std::invalid_argument("rill::tls_context: a timeout is more than zero");
}

} // namespace

tls_context::tls_context(std::shared_ptr<impl> i) noexcept
    : impl_(std::move(i))
{}

tls_context tls_context::client()
{
    return tls_context(std::make_shared<impl>(tls_settings()));
}

tls_context tls_context::server(const std::string& certificate, const std::string& key)
{
    tls_settings settings;
    settings.server = true;
    settings.certificate = certificate;
    settings.key = key;
    return tls_context(std::make_shared<impl>(settings));
}

tls_context tls_context::client(ssl_ctx_st* existing)
{
    tls_settings settings;
    settings.verify = SSL_CTX_get_verify_mode(existing) != SSL_VERIFY_NONE;
    return tls_context(std::make_shared<impl>(*existing, settings));
}

tls_context tls_context::server(ssl_ctx_st* existing)
{
    tls_settings settings;
    settings.server = true;
    return tls_context(std::make_shared<impl>(*existing, settings));
}

tls_context& tls_context::certificate(const std::string& file, const std::string& key)
{
    check_side(!is_server(), "a server's certificate is given where it is made");
    impl_->rebuild([&](tls_settings& s) {
        s.certificate = file;
        s.key = key;
    });
    return *this;
}

tls_context& tls_context::trust(const std::string& file)
{
    check_side(!is_server(), "a server trusts clients by client_ca()");
    impl_->rebuild([&](tls_settings& s) { s.trust = file; });
    return *this;
}

tls_context& tls_context::unverified()
{
    check_side(!is_server(), "a server verifies no clients but with client_ca()");
    impl_->rebuild([](tls_settings& s) { s.verify = false; });
    return *this;
}

tls_context& tls_context::client_ca(const std::string& file)
{
    check_side(is_server(), "a client trusts servers by trust()");
    impl_->rebuild([&](tls_settings& s) { s.client_ca = file; });
    return *this;
}

tls_context& tls_context::for_name(const std::string& name, const tls_context& other)
{
    check_side(is_server() && other.is_server(), "for_name() is for servers' contexts");
    impl_->rebuild([&](tls_settings& s) { s.names.emplace_back(name, other); });
    return *this;
}

tls_context& tls_context::set_alpn(const std::vector<std::string>& names)
{
    impl_->rebuild([&](tls_settings& s) { s.alpn = names; });
    return *this;
}

tls_context& tls_context::min_version(tls_version v)
{
    impl_->rebuild([v](tls_settings& s) { s.min_version = v; });
    return *this;
}

tls_context& tls_context::resumption(bool on)
{
    impl_->rebuild([on](tls_settings& s) { s.resume = on; });
    return *this;
}

tls_context& tls_context::tolerate_truncation()
{
    impl_->rebuild([](tls_settings& s) { s.tolerate_truncation = true; });
    return *this;
}

tls_context& tls_context::handshake_timeout(duration d)
{
    check_limit(d);
    impl_->rebuild([d](tls_settings& s) { s.handshake_timeout = d; });
    return *this;
}

tls_context& tls_context::shutdown_timeout(duration d)
{
    check_limit(d);
    impl_->rebuild([d](tls_settings& s) { s.shutdown_timeout = d; });
    return *this;
}

void tls_context::reload()
{
    impl_->rebuild([](tls_settings& s) {
        for (auto& [name, context] : s.names)
            context.reload();
    });
}

bool tls_context::is_server() const noexcept
{
    return impl_->server;
}

std::shared_ptr<const tls_configuration> tls_context::configuration() const
{
    return impl_->current();
}

} // namespace rill
