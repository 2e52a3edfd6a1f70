// OpenSSL's objects as owners. Internal to tls: nothing else includes OpenSSL's headers.
#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "base/error.h"

namespace tickscope::tls {

template <auto Free>
struct SslFree {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using SslPtr = std::unique_ptr<SSL, SslFree<SSL_free>>;
using SslContextPtr = std::shared_ptr<SSL_CTX>;
using SessionPtr = std::unique_ptr<SSL_SESSION, SslFree<SSL_SESSION_free>>;
using BioPtr = std::unique_ptr<BIO, SslFree<BIO_free>>;
using CertificatePtr = std::unique_ptr<X509, SslFree<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, SslFree<EVP_PKEY_free>>;

/// Takes the reasons that OpenSSL left for this thread, the last one as text; "unknown reason" when there are none.
[[nodiscard]] std::string TakeSslReason();

}  // namespace tickscope::tls
