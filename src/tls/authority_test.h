// TestAuthority: a CA in memory, for tests: issues certificates with the names and times a test asks for.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "tls/ssl_handles.h"

namespace tickscope::tls {

struct IssueOptions {
  std::string common_name = "test";
  std::vector<std::string> names{};  ///< As OpenSSL writes them: "URI:spiffe://a/b", "DNS:c", "IP:127.0.0.1".
  TimeMs from_ms = 0;
  TimeMs to_ms = 4'000'000'000'000;
};

struct Issued {
  std::string certificate;  ///< PEM.
  std::string key;
};

class TestAuthority {
 public:
  explicit TestAuthority(std::string name) : name_(std::move(name)), key_(EVP_EC_gen("P-256")) {
    certificate_ = Make({.common_name = name_}, *key_, true);
  }

  [[nodiscard]] Issued Issue(const IssueOptions& options) const {
    const KeyPtr key(EVP_EC_gen("P-256"));
    const CertificatePtr certificate = Make(options, *key, false);
    return {.certificate = ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }),
            .key = ToPem([&](BIO* bio) {
              return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
            })};
  }
  [[nodiscard]] std::string certificate() const {
    return ToPem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
  }

 private:
  template <typename Write>
  static std::string ToPem(const Write& write) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    TICKSCOPE_CHECK(write(bio.get()) == 1);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
  }

  static void Extend(X509& certificate, int kind, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    TICKSCOPE_CHECK(extension != nullptr && X509_add_ext(&certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }

  [[nodiscard]] CertificatePtr Make(const IssueOptions& options, EVP_PKEY& key, bool is_ca) const {
    static long serial = 1;
    CertificatePtr certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), options.from_ms / 1000);
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), options.to_ms / 1000);
    X509_set_pubkey(certificate.get(), &key);
    SetName(*X509_get_subject_name(certificate.get()), options.common_name);
    X509_NAME* const issuer = X509_get_issuer_name(certificate.get());
    SetName(*issuer, name_);
    Extend(*certificate, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    std::string names;
    for (const std::string& name : options.names)
      names += (names.empty() ? "" : ",") + name;
    if (!names.empty()) Extend(*certificate, NID_subject_alt_name, names);
    TICKSCOPE_CHECK(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0);
    return certificate;
  }

  static void SetName(X509_NAME& name, const std::string& text) {
    X509_NAME_add_entry_by_txt(&name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
  }

  const std::string name_;
  const KeyPtr key_;
  CertificatePtr certificate_;
};

}  // namespace tickscope::tls
