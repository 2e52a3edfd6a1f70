// Credentials: certificates and keys from files into an OpenSSL context. Internal to tls.
//
// Files are read by the file system that is given, and told apart by their bytes: a new file is taken up, one that was touched is not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/file_system.h"
#include "tls/options.h"
#include "tls/ssl_handles.h"

namespace tickscope::tls {

/// The bytes of the three files, empty for those not named. Wiped when destroyed.
struct PemFiles {
  std::string certificate;
  std::string key;
  std::string ca;

  PemFiles() = default;
  PemFiles(PemFiles&&) = default;
  PemFiles& operator=(PemFiles&&) = default;
  ~PemFiles();
  /// The same for the same bytes, in this process.
  [[nodiscard]] std::uint64_t Fingerprint() const;
};

/// Errors: as the file system; kOutOfRange for a file over kPemBytesMax.
[[nodiscard]] Result<PemFiles> ReadPemFiles(io::FileSystem& fs, const std::string& certificate_file,
                                            const std::string& key_file, const std::string& ca_file);

/// Shows the certificate, with its intermediates, and uses the key.
/// Errors: kInvalidArgument for what is not PEM, and for a key of another certificate.
[[nodiscard]] Status UseCertificate(SSL_CTX& context, const PemFiles& files, const std::string& name);
/// Trusts the file's certificates. Errors: kInvalidArgument when there are none.
[[nodiscard]] Status TrustAuthorities(SSL_CTX& context, const std::string& pem, const std::string& name);

/// What both sides have in common: versions, ciphers, no renegotiation, small buffers.
void SetCommonOptions(SSL_CTX& context, Version version_min);

}  // namespace tickscope::tls
