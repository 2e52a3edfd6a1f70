// The one-shot functions of OpenSSL 3 look an algorithm up and allocate at each call, and keep key state on the heap,
// which is in core dumps; these work on memory that is given to them.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tokens/keyed_hash.h"

#include <openssl/sha.h>

#include <cstring>

namespace tickscope::tokens {
namespace {

// Hash states behind the key's two pads, and room to make them.
struct States {
  SHA256_CTX inner;
  SHA256_CTX outer;
  std::array<std::uint8_t, SHA256_CBLOCK> block;
};

}  // namespace

KeyedHash::KeyedHash(std::span<const std::byte> key) : states_(sizeof(States)) {
  auto* const states = new (states_.bytes().data()) States{};
  auto& block = states->block;
  if (key.size() > block.size()) {
    SHA256_Init(&states->inner);
    SHA256_Update(&states->inner, key.data(), key.size());
    SHA256_Final(block.data(), &states->inner);
  } else if (!key.empty()) {
    std::memcpy(block.data(), key.data(), key.size());
  }
  for (std::uint8_t& byte : block)
    byte ^= 0x36U;
  SHA256_Init(&states->inner);
  SHA256_Update(&states->inner, block.data(), block.size());
  for (std::uint8_t& byte : block)
    byte ^= 0x36U ^ 0x5cU;
  SHA256_Init(&states->outer);
  SHA256_Update(&states->outer, block.data(), block.size());
  io::Wipe(std::as_writable_bytes(std::span(block)));
}

Digest KeyedHash::Of(std::string_view head, std::string_view tail) const {
  const auto* const states = reinterpret_cast<const States*>(states_.bytes().data());
  SHA256_CTX state = states->inner;
  Digest digest;
  SHA256_Update(&state, head.data(), head.size());
  SHA256_Update(&state, tail.data(), tail.size());
  SHA256_Final(digest.data(), &state);
  state = states->outer;
  SHA256_Update(&state, digest.data(), digest.size());
  SHA256_Final(digest.data(), &state);
  io::Wipe(std::as_writable_bytes(std::span(&state, 1)));
  return digest;
}

}  // namespace tickscope::tokens
