// SPDX-License-Identifier: BSL-1.0
#include <rill/tls_error.hpp>

namespace rill {

namespace {

class tls_category_t final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "rill.tls"; }

    std::string message(int value) const override
    {
        switch (static_cast<tls_errc>(value)) {
        case tls_errc::certificate_refused: return "the peer's certificate is refused";
        case tls_errc::refused_by_peer: return "the peer has refused TLS with an alert";
        case tls_errc::not_tls: return "the peer does not speak TLS";
        case tls_errc::no_agreement: return "no TLS version, cipher or protocol in common";
        case tls_errc::broken: return "a broken TLS record";
        case tls_errc::truncated: return "the connection ended without TLS's end";
        case tls_errc::unusable_settings: return "TLS settings that cannot be used";
        }
        return "TLS error " + std::to_string(value);
    }
};

} // namespace

const boost::system::error_category& tls_category() noexcept
{
    static const tls_category_t category;
    return category;
}

error_code make_error_code(tls_errc e) noexcept
{
    return {static_cast<int>(e), tls_category()};
}

} // namespace rill
