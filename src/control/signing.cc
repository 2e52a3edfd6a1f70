#include "control/signing.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/check.h"

namespace tickscope::control {
namespace {

constexpr std::size_t kSignatureBytes = 64;
using Signature = std::array<std::uint8_t, kSignatureBytes>;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeKey>;

int NoPassword(char*, int, int, void*) {
  return 0;
}

// `read` is OpenSSL's reader of the kind of key that is wanted.
template <typename Read>
Result<KeyPtr> ReadKey(std::string_view pem, const char* kind, const Read& read) {
  const std::unique_ptr<BIO, FreeBio> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  KeyPtr key(read(bio.get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519)
    return Fail(ErrorCode::kInvalidArgument, std::string("no ").append(kind).append(" Ed25519 key in PEM"));
  return key;
}

const std::uint8_t* BytesOf(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::string ToHex(const Signature& signature) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : signature) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

std::optional<Signature> FromHex(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (text.size() != 2 * kSignatureBytes) return std::nullopt;
  Signature signature{};
  for (std::size_t i = 0; i < kSignatureBytes; ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    signature[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return signature;
}

class SignerImpl final : public Signer {
 public:
  explicit SignerImpl(KeyPtr key) : key_(std::move(key)) {}

  std::string Sign(std::string_view text) const override {
    const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
    Signature signature{};
    std::size_t size = signature.size();
    TICKSCOPE_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
    TICKSCOPE_CHECK(EVP_DigestSign(context.get(), signature.data(), &size, BytesOf(text), text.size()) == 1);
    return ToHex(signature);
  }

 private:
  const KeyPtr key_;
};

class VerifierImpl final : public Verifier {
 public:
  explicit VerifierImpl(KeyPtr key) : key_(std::move(key)) {}

  bool Verify(std::string_view text, std::string_view signature) const override {
    const auto bytes = FromHex(signature);
    if (!bytes) return false;
    const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
    const bool is_good =
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
        EVP_DigestVerify(context.get(), bytes->data(), bytes->size(), BytesOf(text), text.size()) == 1;
    ERR_clear_error();
    return is_good;
  }

 private:
  const KeyPtr key_;
};

}  // namespace

Result<std::unique_ptr<Signer>> Signer::FromPem(std::string_view pem) {
  TICKSCOPE_ASSIGN_OR_RETURN(KeyPtr key, ReadKey(pem, "private", PEM_read_bio_PrivateKey));
  return std::make_unique<SignerImpl>(std::move(key));
}

Result<std::unique_ptr<Verifier>> Verifier::FromPem(std::string_view pem) {
  TICKSCOPE_ASSIGN_OR_RETURN(KeyPtr key, ReadKey(pem, "public", PEM_read_bio_PUBKEY));
  return std::make_unique<VerifierImpl>(std::move(key));
}

}  // namespace tickscope::control
