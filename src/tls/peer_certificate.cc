#include "tls/peer_certificate.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "tls/credentials.h"
#include "tls/options.h"

namespace tickscope::tls {
namespace {

// As many as a chain may be deep, and some that are not needed.
constexpr int kIntermediatesMax = 16;

using StorePtr = std::unique_ptr<X509_STORE_CTX, SslFree<X509_STORE_CTX_free>>;

struct FreeChain {
  void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};
using ChainPtr = std::unique_ptr<STACK_OF(X509), FreeChain>;

std::unexpected<BadCertificate> Bad(HandshakeResult result, std::string why) {
  ERR_clear_error();
  return std::unexpected(BadCertificate{result, std::move(why)});
}

TimeMs ExpiryMs(const X509& certificate) {
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &time) != 1) return 0;
  return static_cast<TimeMs>(timegm(&time)) * 1000;
}

}  // namespace

HandshakeResult ResultOfVerification(long verify_result) {
  switch (verify_result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return HandshakeResult::kExpired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return HandshakeResult::kNotYetValid;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return HandshakeResult::kUnknownCa;
    default:
      return HandshakeResult::kBadCertificate;
  }
}

std::shared_ptr<const Peer> ReadPeer(const X509& certificate) {
  auto peer = std::make_shared<Peer>();
  std::array<char, 256> subject{};
  X509_NAME_oneline(X509_get_subject_name(&certificate), subject.data(), static_cast<int>(subject.size()));
  peer->subject = subject.data();
  struct FreeNames {
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  };
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return peer;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* const uri = name->d.uniformResourceIdentifier;
    const auto* const bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri));
    std::string text(bytes, static_cast<std::size_t>(ASN1_STRING_length(uri)));
    if (text.contains('\0')) text.clear();
    peer->uris.push_back(std::move(text));
  }
  return peer;
}

std::expected<ClientCertificate, BadCertificate> VerifyClient(SSL_CTX& context, std::string_view leaf,
                                                              std::string_view intermediates, TimeMs now_ms) {
  ERR_clear_error();
  if (leaf.size() + intermediates.size() > 2 * static_cast<std::size_t>(kChainBytesMax))
    return Bad(HandshakeResult::kBadCertificate, "the chain of certificates is too long");
  const CertificatePtr certificate = NextCertificate(*OpenPem(leaf));
  if (certificate == nullptr) return Bad(HandshakeResult::kBadCertificate, "no certificate in PEM");
  const ChainPtr chain(sk_X509_new_null());
  const BioPtr more = OpenPem(intermediates);
  while (CertificatePtr next = NextCertificate(*more)) {
    if (sk_X509_num(chain.get()) >= kIntermediatesMax || sk_X509_push(chain.get(), next.get()) <= 0)
      return Bad(HandshakeResult::kBadCertificate, "the chain of certificates is too long");
    static_cast<void>(next.release());  // The chain's now.
  }
  const StorePtr store(X509_STORE_CTX_new());
  if (store == nullptr ||
      X509_STORE_CTX_init(store.get(), SSL_CTX_get_cert_store(&context), certificate.get(), chain.get()) != 1)
    return Bad(HandshakeResult::kBadCertificate, TakeSslReason());
  X509_STORE_CTX_set_default(store.get(), "ssl_client");
  X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(store.get());
  X509_VERIFY_PARAM_set_depth(rules, SSL_CTX_get_verify_depth(&context));
  X509_VERIFY_PARAM_set_auth_level(rules, SSL_CTX_get_security_level(&context));
  X509_VERIFY_PARAM_set_time(rules, static_cast<std::time_t>(now_ms / 1000));
  if (X509_verify_cert(store.get()) != 1) {
    const int error = X509_STORE_CTX_get_error(store.get());
    return Bad(ResultOfVerification(error),
               std::string("bad certificate: ").append(X509_verify_cert_error_string(error)));
  }
  ClientCertificate good{.peer = ReadPeer(*certificate), .expires_ms = ExpiryMs(*certificate)};
  STACK_OF(X509)* const verified = X509_STORE_CTX_get0_chain(store.get());
  for (int i = 0; i < sk_X509_num(verified); ++i)
    good.expires_ms = std::min(good.expires_ms, ExpiryMs(*sk_X509_value(verified, i)));
  ERR_clear_error();
  return good;
}

}  // namespace tickscope::tls
