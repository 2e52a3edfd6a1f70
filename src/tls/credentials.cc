#include "tls/credentials.h"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace tickscope::tls {
namespace {

std::unexpected<Error> FailFile(std::string_view what, const std::string& name) {
  return Fail(ErrorCode::kInvalidArgument,
              std::string(what).append(": file=").append(name).append(": ").append(TakeSslReason()));
}

// A password would be asked for at the terminal, which a server has none of.
int NoPassword(char*, int, int, void*) {
  return 0;
}

}  // namespace

BioPtr OpenPem(std::string_view pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

CertificatePtr NextCertificate(BIO& pem) {
  return CertificatePtr(PEM_read_bio_X509_AUX(&pem, nullptr, NoPassword, nullptr));
}

Status UseCertificate(SSL_CTX& context, const PemFiles& files, const std::string& name) {
  ERR_clear_error();
  const BioPtr bio = OpenPem(files.certificate);
  const CertificatePtr leaf = NextCertificate(*bio);
  if (leaf == nullptr || SSL_CTX_use_certificate(&context, leaf.get()) != 1)
    return FailFile("no certificate in PEM", name);
  while (const CertificatePtr next = NextCertificate(*bio)) {
    if (SSL_CTX_add1_chain_cert(&context, next.get()) != 1) return FailFile("bad intermediate", name);
  }
  ERR_clear_error();
  const BioPtr key_bio = OpenPem(files.key);
  const KeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) return FailFile("no private key in PEM without a password beside certificate", name);
  if (SSL_CTX_use_PrivateKey(&context, key.get()) != 1 || SSL_CTX_check_private_key(&context) != 1)
    return FailFile("the key is not the certificate's", name);
  return {};
}

Status TrustAuthorities(SSL_CTX& context, const std::string& pem, const std::string& name) {
  ERR_clear_error();
  X509_STORE* const store = SSL_CTX_get_cert_store(&context);
  const BioPtr bio = OpenPem(pem);
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
