// Credentials: certificates and keys from files into an OpenSSL context. Internal to tls.
#pragma once

#include <string>
#include <string_view>

#include "tls/options.h"
#include "tls/pem_files.h"
#include "tls/ssl_handles.h"

namespace tickscope::tls {

/// The text as a source of certificates and keys; it outlives the result.
[[nodiscard]] BioPtr OpenPem(std::string_view pem);
/// The next certificate of a text; null when there is none, or it is none.
[[nodiscard]] CertificatePtr NextCertificate(BIO& pem);

/// Shows the certificate, with its intermediates, and uses the key.
/// Errors: kInvalidArgument for what is not PEM, and for a key of another certificate.
[[nodiscard]] Status UseCertificate(SSL_CTX& context, const PemFiles& files, const std::string& name);
/// Trusts the file's certificates. Errors: kInvalidArgument when there are none.
[[nodiscard]] Status TrustAuthorities(SSL_CTX& context, const std::string& pem, const std::string& name);

/// What both sides have in common: versions, ciphers, no renegotiation, small buffers.
void SetCommonOptions(SSL_CTX& context, Version version_min);

}  // namespace tickscope::tls
