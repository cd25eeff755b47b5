// SPDX-License-Identifier: BSL-1.0
#include <support/tls_authority.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace test {

namespace {

namespace fs = std::filesystem;

struct freed {
    void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }

    void operator()(X509* p) const noexcept { X509_free(p); }

    void operator()(BIO* p) const noexcept { BIO_free(p); }

    void operator()(X509_EXTENSION* p) const noexcept { X509_EXTENSION_free(p); }
};

using key_ptr = std::unique_ptr<EVP_PKEY, freed>;
using certificate_ptr = std::unique_ptr<X509, freed>;

void check(bool done)
{
    if (!done)
        throw std::runtime_error("OpenSSL makes no certificate");
}

key_ptr make_key()
{
    key_ptr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    check(key != nullptr);
    return key;
}

void add_extension(X509& to, X509& issuer, int what, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, &issuer, &to, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, freed> extension(
        X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str())
    );
    check(extension && X509_add_ext(&to, extension.get(), -1) == 1);
}

/// Without its issuer, which signs it then.
certificate_ptr draft(const tls_certificate_request& request, EVP_PKEY& key, long serial)
{
    certificate_ptr made(X509_new());
    check(made != nullptr);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
    using clock = std::chrono::system_clock;
    ASN1_TIME_set(X509_getm_notBefore(made.get()), clock::to_time_t(request.from));
    ASN1_TIME_set(X509_getm_notAfter(made.get()), clock::to_time_t(request.until));
    check(
        X509_NAME_add_entry_by_txt(
            X509_get_subject_name(made.get()),
            "CN",
            MBSTRING_UTF8,
            reinterpret_cast<const unsigned char*>(request.subject.c_str()),
            -1,
            -1,
            0
        ) == 1
    );
    check(X509_set_pubkey(made.get(), &key) == 1);
    return made;
}

std::string pem_of(X509& certificate)
{
    const std::unique_ptr<BIO, freed> out(BIO_new(BIO_s_mem()));
    check(out && PEM_write_bio_X509(out.get(), &certificate) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string pem_of(EVP_PKEY& key)
{
    const std::unique_ptr<BIO, freed> out(BIO_new(BIO_s_mem()));
    check(
        out && PEM_write_bio_PrivateKey(out.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1
    );
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

} // namespace

struct tls_authority::keys {
    key_ptr key = make_key();
    certificate_ptr certificate;
};

tls_authority::tls_authority(const std::string& name)
    : own_(std::make_unique<keys>())
{
    std::string pattern = (fs::temp_directory_path() / "rill-tls-XXXXXX").string();
    check(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    own_->certificate = draft({name, {}}, *own_->key, serial_++);
    X509& certificate = *own_->certificate;
    X509_set_issuer_name(&certificate, X509_get_subject_name(&certificate));
    add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
    check(X509_sign(&certificate, own_->key.get(), nullptr) > 0);
    file_ = write("ca.pem", pem_of(certificate));
}

tls_authority::~tls_authority()
{
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

tls_files tls_authority::issue(const tls_certificate_request& request)
{
    const key_ptr key = make_key();
    const certificate_ptr made = draft(request, *key, serial_++);
    X509& issuer = *own_->certificate;
    X509_set_issuer_name(made.get(), X509_get_subject_name(&issuer));
    add_extension(*made, issuer, NID_authority_key_identifier, "keyid");
    std::string names;
    for (const std::string& name : request.names)
        names += (names.empty() ? "" : ",") + name;
    if (!names.empty())
        add_extension(*made, issuer, NID_subject_alt_name, names);
    check(X509_sign(made.get(), own_->key.get(), nullptr) > 0);
    return {
        write(request.subject + ".pem", pem_of(*made)),
        write(request.subject + ".key", pem_of(*key))
    };
}

std::string tls_authority::write(const std::string& name, const std::string& text)
{
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::trunc) << text;
    return path;
}

} // namespace test
