#include "tls/credentials.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <functional>

#include "io/file_system.h"

namespace tickscope::tls {
namespace {

std::unexpected<Error> FailFile(std::string_view what, const std::string& name) {
  return Fail(ErrorCode::kInvalidArgument,
              std::string(what).append(": file=").append(name).append(": ").append(TakeSslReason()));
}

BioPtr Open(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// A password would be asked for at the terminal, which a server has none of.
int NoPassword(char*, int, int, void*) {
  return 0;
}

CertificatePtr NextCertificate(BIO& bio) {
  return CertificatePtr(PEM_read_bio_X509_AUX(&bio, nullptr, NoPassword, nullptr));
}

}  // namespace

PemFiles::~PemFiles() {
  OPENSSL_cleanse(key.data(), key.size());
}

std::uint64_t PemFiles::Fingerprint() const {
  std::string all;
  all.reserve(certificate.size() + key.size() + ca.size() + 2);
  all.append(certificate).append(1, '\0').append(key).append(1, '\0').append(ca);
  const std::uint64_t hash = std::hash<std::string>()(all);
  OPENSSL_cleanse(all.data(), all.size());
  return hash;
}

Result<PemFiles> ReadPemFiles(io::FileSystem& fs, const std::string& certificate_file,
                              const std::string& key_file, const std::string& ca_file) {
  PemFiles files;
  const auto read = [&](const std::string& name, std::string& into) -> Status {
    if (name.empty()) return {};
    TICKSCOPE_ASSIGN_OR_RETURN(into, io::ReadWholeFile(fs, name, kPemBytesMax));
    return {};
  };
  TICKSCOPE_RETURN_IF_ERROR(read(certificate_file, files.certificate));
  TICKSCOPE_RETURN_IF_ERROR(read(key_file, files.key));
  TICKSCOPE_RETURN_IF_ERROR(read(ca_file, files.ca));
  return files;
}

Status UseCertificate(SSL_CTX& context, const PemFiles& files, const std::string& name) {
  ERR_clear_error();
  const BioPtr bio = Open(files.certificate);
  const CertificatePtr leaf = NextCertificate(*bio);
  if (leaf == nullptr || SSL_CTX_use_certificate(&context, leaf.get()) != 1)
    return FailFile("no certificate in PEM", name);
  while (const CertificatePtr next = NextCertificate(*bio)) {
    if (SSL_CTX_add1_chain_cert(&context, next.get()) != 1) return FailFile("bad intermediate", name);
  }
  ERR_clear_error();
  const BioPtr key_bio = Open(files.key);
  const KeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) return FailFile("no private key in PEM without a password beside certificate", name);
  if (SSL_CTX_use_PrivateKey(&context, key.get()) != 1 || SSL_CTX_check_private_key(&context) != 1)
    return FailFile("the key is not the certificate's", name);
  return {};
}

Status TrustAuthorities(SSL_CTX& context, const std::string& pem, const std::string& name) {
  ERR_clear_error();
  X509_STORE* const store = SSL_CTX_get_cert_store(&context);
  const BioPtr bio = Open(pem);
  std::size_t count = 0;
  while (const CertificatePtr authority = NextCertificate(*bio)) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) return FailFile("bad certificate of a CA", name);
    // Said to clients that have several certificates to choose from.
    SSL_CTX_add_client_CA(&context, authority.get());
    ++count;
  }
  if (count == 0) return FailFile("no certificate of a CA in PEM", name);
  ERR_clear_error();
  return {};
}

void SetCommonOptions(SSL_CTX& context, Version version_min) {
  SSL_CTX_set_min_proto_version(&context, version_min == Version::k13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Forward secret and authenticated; TLS 1.3 knows no others.
  SSL_CTX_set_cipher_list(&context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  // Buffers go while a connection is idle: 5,000 agents are idle most of the time.
  SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_max_cert_list(&context, kChainBytesMax);
  SSL_CTX_set_verify_depth(&context, 4);
}

}  // namespace tickscope::tls
