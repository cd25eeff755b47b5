// SPDX-License-Identifier: BSL-1.0
#include "tls_certificate.hpp"

#include <boost/asio/ip/address.hpp>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstring>
#include <ctime>
#include <memory>

namespace rill::RILL_FORM::net_detail {

namespace asio = boost::asio;

namespace {

std::string hexadecimal(const unsigned char* bytes, std::size_t size)
{
    constexpr const char* digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

std::string text_of(const X509_NAME* name)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    if (!out || !name)
        return {};
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    const char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string text_of(const ASN1_STRING& string)
{
    return {
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(&string)),
        static_cast<std::size_t>(ASN1_STRING_length(&string))
    };
}

std::string address_of(const ASN1_STRING& bytes)
{
    const unsigned char* from = ASN1_STRING_get0_data(&bytes);
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(&bytes));
    if (asio::ip::address_v4::bytes_type v4; size == v4.size()) {
        std::memcpy(v4.data(), from, size);
        return asio::ip::address_v4(v4).to_string();
    }
    if (asio::ip::address_v6::bytes_type v6; size == v6.size()) {
        std::memcpy(v6.data(), from, size);
        return asio::ip::address_v6(v6).to_string();
    }
    return hexadecimal(from, size);
}

std::vector<std::string> names_of(const X509& certificate)
{
    const auto free_names = [](GENERAL_NAMES* all) { GENERAL_NAMES_free(all); };
    const std::unique_ptr<GENERAL_NAMES, decltype(free_names)> all(
        static_cast<GENERAL_NAMES*>(
            X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)
        ),
        free_names
    );
    std::vector<std::string> names;
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const GENERAL_NAME& name = *sk_GENERAL_NAME_value(all.get(), i);
        if (name.type == GEN_DNS)
            names.push_back(text_of(*name.d.dNSName));
        else if (name.type == GEN_IPADD)
            names.push_back(address_of(*name.d.iPAddress));
    }
    return names;
}

std::chrono::system_clock::time_point time_of(const ASN1_TIME* time)
{
    std::tm parts{};
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1)
        return {};
    return std::chrono::system_clock::from_time_t(timegm(&parts));
}

std::string serial_of(const X509& certificate)
{
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(
        ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr), &BN_free
    );
    if (!number)
        return {};
    std::vector<unsigned char> bytes(static_cast<std::size_t>(BN_num_bytes(number.get())));
    BN_bn2bin(number.get(), bytes.data());
    return hexadecimal(bytes.data(), bytes.size());
}

std::string fingerprint_of(const X509& certificate)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) != 1)
        return {};
    return hexadecimal(digest.data(), size);
}

std::string in_words(std::chrono::system_clock::time_point time)
{
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts)};
}

std::string joined(const std::vector<std::string>& names)
{
    std::string all;
    for (const std::string& name : names)
        all += (all.empty() ? "" : ", ") + name;
    return all;
}

} // namespace

std::string subject_of(const x509_st& certificate)
{
    return text_of(X509_get_subject_name(&certificate));
}

tls_certificate describe(const x509_st& certificate)
{
    return {
        subject_of(certificate),
        text_of(X509_get_issuer_name(&certificate)),
        names_of(certificate),
        time_of(X509_get0_notBefore(&certificate)),
        time_of(X509_get0_notAfter(&certificate)),
        serial_of(certificate),
        fingerprint_of(certificate)
    };
}

std::string in_words(const x509_st& certificate)
{
    const tls_certificate c = describe(certificate);
    std::string text = "'" + c.subject + "', issued by '" + c.issuer + "'";
    if (!c.names.empty())
        text += ", for " + joined(c.names);
    return text + ", valid from " + in_words(c.valid_from) + " to " + in_words(c.valid_until) +
           " UTC";
}

} // namespace rill::RILL_FORM::net_detail
